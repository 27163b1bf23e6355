"""The targets a user knows: kept in a file without secrets, opened by name."""

from __future__ import annotations

import json
import stat
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from labwright.errors import LabwrightError
from labwright.targets.config import Auth, KnownTarget, KnownTargets, Tls, open_blocking
from labwright.targets.kubeflow import discovery
from labwright.targets.kubeflow.target import KubeflowTarget
from labwright.targets.local.target import LocalTarget

SECRET = "s3cr3t-value"
KF = KnownTarget("kf", endpoint="https://kf.example/pipeline")


@pytest.fixture(autouse=True)
def _no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABWRIGHT_KEYRING", "off")


@pytest.fixture
def known(tmp_path: Path) -> KnownTargets:
    return KnownTargets(tmp_path / "home")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_this_machine_is_always_there(known: KnownTargets) -> None:
    assert [one.name for one in known.all()] == ["local"]
    assert isinstance(known.open("local"), LocalTarget)
    assert not known.file.exists()
    with open_blocking() as target:
        assert target.name == "local"


def test_what_is_added_is_there_next_time(known: KnownTargets) -> None:
    target = KnownTarget(
        "kf",
        endpoint="kf.example/pipeline/",
        namespace="ada",
        tls=Tls(insecure=True),
        image="team/image:1",
        storage={"endpoint_url": "http://minio.example"},
        timeout=7,
    )
    known.add(target)
    found = KnownTargets(known.folder).get("kf")
    assert found.endpoint == "https://kf.example/pipeline"
    assert (found.namespace, found.tls.insecure, found.timeout) == ("ada", True, 7)
    assert found.storage == {"endpoint_url": "http://minio.example"}
    assert isinstance(known.open("kf"), KubeflowTarget)
    # Only what differs from the usual is written.
    [written] = json.loads(known.file.read_text())["targets"]
    assert "pipeline_root" not in written
    assert mode(known.file) == 0o600


def test_secrets_are_kept_elsewhere_and_for_the_user_alone(known: KnownTargets) -> None:
    kept = known.add(KnownTarget("kf", endpoint="kf.example", auth=Auth("token")), SECRET)
    assert kept.auth.secret == "file"
    assert SECRET not in known.file.read_text()
    assert mode(known.secrets.file) == 0o600
    assert mode(known.folder) == 0o700
    read = known.secret_of(known.get("kf"))
    assert read is not None
    assert read() == SECRET
    known.secrets.file.chmod(0o644)
    assert read() == SECRET
    assert mode(known.secrets.file) == 0o600
    known.remove("kf")
    assert SECRET not in known.secrets.file.read_text()
    assert [one.name for one in known.all()] == ["local"]


def test_a_secret_that_is_gone_is_said(known: KnownTargets) -> None:
    kept = known.add(KnownTarget("kf", endpoint="kf.example", auth=Auth("cookie")), SECRET)
    known.secrets.file.unlink()
    read = known.secret_of(kept)
    assert read is not None
    with pytest.raises(LabwrightError, match="gone"):
        read()


def test_another_secret_takes_the_place_of_the_first(known: KnownTargets) -> None:
    target = KnownTarget("kf", endpoint="kf.example", auth=Auth("header", name="kubeflow-userid"))
    known.add(target, "first")
    with pytest.raises(LabwrightError, match="already"):
        known.add(target, "second")
    known.add(target, "second", replace_it=True)
    assert json.loads(known.secrets.file.read_text()) == {"kf": "second"}
    known.add(KnownTarget("kf", endpoint="kf.example"), replace_it=True)
    assert json.loads(known.secrets.file.read_text()) == {}


class Ring:
    """A keyring of the system's, as the package `keyring` gives it."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.locked = False

    def _open(self) -> None:
        if self.locked:
            raise RuntimeError("the keyring is locked")

    def set_password(self, service: str, name: str, value: str) -> None:
        self._open()
        self.kept[service, name] = value

    def get_password(self, service: str, name: str) -> str | None:
        self._open()
        return self.kept.get((service, name))

    def delete_password(self, service: str, name: str) -> None:
        self._open()
        del self.kept[service, name]

    def get_keyring(self) -> object:
        return self


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch) -> Ring:
    ring = Ring()
    module: Any = ModuleType("keyring")
    for name in ("set_password", "get_password", "delete_password", "get_keyring"):
        setattr(module, name, getattr(ring, name))
    fail = SimpleNamespace(Keyring=type("Keyring", (), {}))
    monkeypatch.setitem(sys.modules, "keyring", module)
    monkeypatch.setitem(sys.modules, "keyring.backends", ModuleType("keyring.backends"))
    monkeypatch.setitem(sys.modules, "keyring.backends.fail", fail)
    monkeypatch.delenv("LABWRIGHT_KEYRING")
    return ring


def test_the_keyring_is_asked_first(known: KnownTargets, ring: Ring) -> None:
    kept = known.add(KnownTarget("kf", endpoint="kf.example", auth=Auth("token")), SECRET)
    assert kept.auth.secret == "keyring"
    assert list(ring.kept.values()) == [SECRET]
    assert not known.secrets.file.exists()
    read = known.secret_of(kept)
    assert read is not None
    assert read() == SECRET
    ring.locked = True
    with pytest.raises(LabwrightError, match="locked"):
        read()
    ring.locked = False
    known.remove("kf")
    assert ring.kept == {}


def test_a_locked_keyring_leaves_the_file(known: KnownTargets, ring: Ring) -> None:
    ring.locked = True
    kept = known.add(KnownTarget("kf", endpoint="kf.example", auth=Auth("token")), SECRET)
    assert kept.auth.secret == "file"


@pytest.mark.parametrize(
    ("wrong", "secret", "words"),
    [
        (KnownTarget("a b", endpoint="kf.example"), None, "cannot be a target's name"),
        (KnownTarget("local", endpoint="kf.example"), None, "this machine"),
        (KnownTarget("kf"), None, "in one way"),
        (KnownTarget("kf", endpoint="kf.example", in_cluster=True), None, "in one way"),
        (KnownTarget("kf", endpoint="ftp://kf.example"), None, "kf.example"),
        (KnownTarget("kf", endpoint="kf.example:x"), None, "no URL"),
        (KnownTarget("kf", endpoint="kf.example", ui="javascript:alert(1)"), None, "no URL"),
        (KnownTarget("kf", endpoint="https://ada:pw@kf.example"), None, "password"),
        (KnownTarget("kf", endpoint="kf.example", auth=Auth("token")), None, "needs its value"),
        (KnownTarget("kf", endpoint="kf.example"), SECRET, "takes no secret"),
        (KnownTarget("kf", endpoint="kf.example", auth=Auth("header")), SECRET, "no name"),
        (KnownTarget("kf", endpoint="kf.example", auth=Auth("token-file")), None, "no path"),
        (KnownTarget("kf", endpoint="kf.example", tls=Tls(key="k")), None, "certificate"),
        (KnownTarget("kf", endpoint="kf.example", storage={"secret": "x"}), None, "no secrets"),
        (KnownTarget("kf", context="nowhere", kubeconfig="/none"), None, "no context"),
    ],
)
def test_what_does_not_go_together_is_not_kept(
    known: KnownTargets, wrong: KnownTarget, secret: str | None, words: str
) -> None:
    with pytest.raises(LabwrightError, match=words) as caught:
        known.add(wrong, secret)
    assert SECRET not in str(caught.value)
    assert not known.file.exists()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("localhost:8888", "http://localhost:8888"),
        ("https://kf.example/pipeline/apis/v2beta1", "https://kf.example/pipeline"),
        ("https://kf.example/_/pipeline/", "https://kf.example/pipeline"),
        ("http://ml-pipeline.kubeflow:8888/", "http://ml-pipeline.kubeflow:8888"),
    ],
)
def test_an_address_is_kept_as_it_must_be_meant(given: str, kept: str) -> None:
    assert discovery.checked(KnownTarget("kf", endpoint=given)).endpoint == kept


def test_pages_beside_a_context_are_checked_too(tmp_path: Path) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text("contexts: [{name: here, context: {cluster: c, user: u}}]")
    given = KnownTarget("kf", context="here", kubeconfig=str(file), ui="javascript://x/alert")
    with pytest.raises(LabwrightError, match="no URL"):
        discovery.checked(given)
    assert discovery.checked(replace(given, ui="kf.example/")).ui == "https://kf.example"


def test_unknown_and_removed_names(known: KnownTargets) -> None:
    known.add(KF)
    with pytest.raises(LabwrightError, match="did you mean"):
        known.get("kff")
    with pytest.raises(LabwrightError, match="no target"):
        known.remove("other")
    with pytest.raises(LabwrightError, match="always there"):
        known.remove("local")


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"targets": [{}]}', '{"targets": [{"name": "a", "x": 1}]}']
)
def test_a_file_that_was_spoilt_is_named(known: KnownTargets, text: str) -> None:
    known.folder.mkdir()
    known.file.write_text(text)
    with pytest.raises(LabwrightError, match=r"targets\.json"):
        known.all()


def test_the_cluster_one_is_in(
    known: KnownTargets, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(discovery.ENDPOINT_VARIABLE, "http://ml-pipeline.kf:8888")
    known.add(KF)
    assert [one.name for one in known.all()] == ["local", "cluster", "kf"]
    assert known.get("cluster").in_cluster
    assert discovery.default_endpoint() == "http://ml-pipeline.kf:8888"
