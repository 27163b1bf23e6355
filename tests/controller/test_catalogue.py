"""What a name of the catalogue means."""

from __future__ import annotations

from controller.objects import Object
from labwright_controller.catalogue import resolve

DIGEST = f"sha256:{'0' * 64}"


def images(**specs: Object) -> dict[str, Object]:
    return {name: {"spec": spec} for name, spec in specs.items()}


def test_a_digest_pins() -> None:
    found = resolve("a", images(a={"reference": "r:1", "digest": DIGEST}))
    assert (found.image, found.notes) == (f"r:1@{DIGEST}", [])


def test_redirects_are_followed_and_said() -> None:
    catalogue = images(
        a={"reference": "r:1", "redirect": {"to": "b", "message": "it has a hole"}},
        b={"reference": "r:2", "deprecated": True},
    )
    found = resolve("a", catalogue)
    assert found.image == "r:2"
    assert found.notes == [
        "The image a is not used any more: it has a hole.",
        "The image b is deprecated.",
    ]


def test_a_circle_and_a_gap_are_problems() -> None:
    circle = images(
        a={"reference": "r", "redirect": {"to": "b"}},
        b={"reference": "r", "redirect": {"to": "a"}},
    )
    assert resolve("a", circle).problem == "The images a, b redirect to each other."
    gap = images(a={"reference": "r", "redirect": {"to": "b"}})
    assert resolve("a", gap).problem == (
        "There is no image b in the catalogue, to which a redirects."
    )
