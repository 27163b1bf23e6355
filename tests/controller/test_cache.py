"""The cache: newer wins, and what is gone does not come back."""

from __future__ import annotations

from controller.objects import Object, notebook
from labwright_controller import cache
from labwright_controller.cache import Cache


def at(version: int, uid: str = "one") -> Object:
    body = notebook()
    body["metadata"].update(resourceVersion=str(version), uid=uid)
    return body


def test_the_newest_is_kept_and_what_is_known_is_no_news() -> None:
    found = Cache()
    assert found.put("Notebook", at(2))
    assert not found.put("Notebook", at(2))
    assert not found.put("Notebook", at(1))
    assert found.put("Notebook", at(3))


def test_an_answer_that_comes_after_the_end_brings_nothing_back() -> None:
    found = Cache()
    found.put("Notebook", at(1))
    found.drop("Notebook", at(2))
    assert not found.put("Notebook", at(2))
    assert found.get("Notebook", ("ada", "nb")) is None
    # Another of the same name is another.
    assert found.put("Notebook", at(4, "two"))
    found.drop("Notebook", at(2))
    assert found.get("Notebook", ("ada", "nb")) is not None


def test_what_was_not_listed_is_missing_unless_it_is_newer() -> None:
    found = Cache()
    found.put("Notebook", at(5))
    assert found.missing("Notebook", "", {"one"}, 9) == []
    assert found.missing("Notebook", "", set(), 4) == []
    assert len(found.missing("Notebook", "", set(), 5)) == 1
    assert found.missing("Notebook", "bob", set(), 5) == []


def test_the_gone_are_not_remembered_for_ever() -> None:
    found = Cache()
    for number in range(cache.REMEMBERED_GONE + 10):
        found.drop("Notebook", at(1, f"uid{number}"))
    assert len(found._gone) == cache.REMEMBERED_GONE
