"""Names of any length become names that Kubernetes takes."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from controller.objects import notebook
from labwright_controller import names
from labwright_controller.builders.common import labels

NAMES = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,80}[a-z0-9])?(\.[a-z0-9]{1,40}){0,3}", fullmatch=True)


@given(NAMES)
@example("1")
@example("a" * 253)
@example("0" + "-" * 60 + "1")
def test_is_a_dns_label_that_fits(name: str) -> None:
    made = names.safe(name)
    assert len(made) <= 52
    assert re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?", made)


@pytest.mark.parametrize("name", ["nb", "a--b", "a" * 52, "my-notebook-0"])
def test_a_name_that_fits_stays(name: str) -> None:
    assert names.safe(name) == name


def test_long_names_that_start_alike_stay_apart() -> None:
    assert names.safe("a" * 60) != names.safe("a" * 61)


def test_nobody_can_take_a_made_name() -> None:
    made = names.safe("a" * 60)
    assert names.safe(made) != made


def test_a_label_keeps_the_name_where_it_can() -> None:
    assert labels(notebook("a" * 60)) == {"notebook-name": "a" * 60}
    assert labels(notebook("team.nb")) == {"notebook-name": "team.nb"}
    assert labels(notebook("a" * 70)) == {"notebook-name": names.safe("a" * 70)}
