"""`labwright schedule`: timetables of other targets."""

import pytest

from cli.helpers import CHOICE, notebook


@pytest.fixture
def moon(sky, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    notebook(tmp_path / "choice.ipynb", *CHOICE)
    return sky.add("moon")


def test_a_schedule_and_its_life(moon, say, ask):
    status, out, _ = say(
        "schedule", "choice.ipynb", "--cron", "0 3  * * *", "-p", "rate=2", "--name", "nightly",
        "--experiment", "nights", "--start", "2026-01-31T06:00+01:00", "--end", "2027-01-31T06:00Z",
        "--at-once", "2", "--no-catch-up",
    )  # fmt: skip
    assert status == 0
    schedule = out.strip()
    view = moon.schedules[schedule]
    assert view["cron"] == "0 3 * * *"
    assert view["every"] is None
    assert (view["start"], view["end"]) == ("2026-01-31T05:00:00Z", "2027-01-31T06:00:00Z")
    assert (view["at_once"], view["catch_up"]) == (2, False)
    assert view["parameters"]["rate"] == 2.0
    assert view["experiment"] == "nights"

    assert ask("schedule", "show", schedule, "--json") == view
    shown = say("schedule", "show", schedule)[1]
    assert "nightly" in shown
    assert "cron 0 3 * * *" in shown
    assert say("schedule", "pause", schedule) == (0, f"{schedule}: paused\n", "")
    assert say("schedule", "list")[1].split()[1] == "paused"
    assert say("schedule", "unpause", schedule)[0] == 0
    assert ask("schedule", "list", "--json") == {"schedules": [view], "remarks": []}
    assert say("schedule", "delete", schedule)[0] == 0
    assert say("schedule", "list")[1] == "There are no schedules.\n"
    status, _, err = say("schedule", "show", schedule)
    assert status == 2
    assert "no schedule" in err


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("30m", 1800), ("1h30m", 5400), ("2d", 172800)]
)
def test_an_interval(moon, ask, text, seconds):
    made = ask("schedule", "create", "choice.ipynb", "--every", text, "--json")
    assert (made["every"], made["cron"]) == (seconds, None)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "--cron"),
        (["--cron", "* * * * *", "--every", "1h"], "one way"),
        (["--every", "soon"], "soon"),
        (["--every", "0"], "--every"),
        (["--every", "1.5"], "whole"),
        (["--every", "1h", "--start", "tomorrow"], "tomorrow"),
        (["--every", "1h", "--start", "2027-01-01", "--end", "2026-01-01"], "--end"),
        (["--every", "1h", "--at-once", "0"], "--at-once"),
        (["--every", "1h", "-p", "rat=1"], "rate"),
        (["--every", "1h", "--target", "mon"], "moon"),
        (["--every", "1h", "--target", "local"], "timetable"),
    ],
)
def test_a_schedule_that_cannot_be(moon, say, words, said):
    status, out, err = say("schedule", "choice.ipynb", *words)
    assert (status, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) == 1
    assert moon.schedules == {}


def test_this_machine_is_said_to_have_none_before_the_notebook_is_read(say):
    status, _, err = say("schedule", "nowhere.ipynb", "--every", "1h", "--target", "local")
    assert status == 2
    assert "timetable" in err
    status, _, err = say("schedule", "list", "--target", "local")
    assert status == 2
    assert "timetable" in err
    assert say("schedule", "list") == (0, "There are no schedules.\n", "")


def test_schedules_of_several_targets(moon, sky, say, ask):
    mars = sky.add("mars")
    assert say("schedule", "choice.ipynb", "--every", "1h")[0] == 2
    for target in ("moon", "mars"):
        argv = ["schedule", "choice.ipynb", "--every", "1h", "--target", target]
        assert say(*argv)[0] == 0
    assert {one["target"] for one in ask("schedule", "list", "--json")["schedules"]} == {
        "moon",
        "mars",
    }
    assert say("schedule", "pause", "mars-0")[0] == 0
    assert not mars.schedules["mars-0"]["enabled"]
    mars.silent = True
    status, out, err = say("schedule", "list")
    assert status == 0
    assert out.startswith("moon-0")
    assert "mars" in err


def test_help_says_the_word_may_be_left_out(say):
    status, out, _ = say("schedule", "--help")
    assert status == 0
    assert "create" in out
    status, _, err = say("schedule", "choice.ipynb", "--crn", "x")
    assert status == 2
    assert "--crn" in err
