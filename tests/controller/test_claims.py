"""Claims: made, kept, let go; never those of others."""

from __future__ import annotations

import pytest

from controller.objects import Object, notebook
from labwright_controller import claims


def with_claim(**volume: object) -> Object:
    claim = {"size": "5Gi", "storageClassName": "fast"}
    entry = {"name": "work", "mountPath": "/w", "claim": claim, **volume}
    return notebook(volumes=[entry])


def test_a_claim_is_made_without_an_owner() -> None:
    (made,) = claims.persistent_volume_claims(with_claim())
    assert made["metadata"]["name"] == "nb-work"
    assert "ownerReferences" not in made["metadata"]
    assert made["spec"] == {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "5Gi"}},
        "storageClassName": "fast",
    }


def test_an_existing_claim_is_not_made() -> None:
    body = notebook(volumes=[{"name": "d", "mountPath": "/d", "existingClaim": "team"}])
    assert claims.persistent_volume_claims(body) == []
    assert claims.notebook_claims(body) == {"team"}


def test_a_claim_starts_from_a_snapshot() -> None:
    source = {"apiGroup": "snapshot.storage.k8s.io", "kind": "VolumeSnapshot", "name": "monday"}
    (made,) = claims.persistent_volume_claims(
        with_claim(claim={"size": "5Gi", "dataSource": source})
    )
    assert made["spec"]["dataSource"] == source


@pytest.mark.parametrize(
    ("reclaim", "uids", "used", "goes"),
    [
        ("Delete", [], False, True),
        ("Retain", [], False, False),
        ("Delete", ["uid-of-nb"], False, False),
        ("Delete", [], True, False),
    ],
)
def test_complaints_13_and_14_a_claim_goes_only_if_asked_and_unused(
    reclaim: str, uids: list[str], used: bool, goes: bool
) -> None:
    (made,) = claims.persistent_volume_claims(with_claim(reclaim=reclaim))
    assert claims.may_go(made, uids, used) is goes


def test_a_claim_of_somebody_else_never_goes() -> None:
    foreign = {"metadata": {"name": "nb-work", "labels": {"notebook-name": "nb"}}}
    assert not claims.may_go(foreign, [], used_by_notebooks=False)
