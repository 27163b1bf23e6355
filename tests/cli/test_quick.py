"""The quick parser agrees with typer wherever it answers, and stays silent where it must not."""

from typing import Annotated

import pytest

from labwright.cli import quick, tree, typer_app
from labwright.cli.spec import Arg, Entry, Group, Opt, params


def handler(
    first: Annotated[str, Arg("A.")],
    second: Annotated[str, Arg("B.")] = "none",
    many: Annotated[list[str], Opt("-p", "--param", help="C.")] = [],  # noqa: B006
    number: Annotated[int, Opt("-n", "--number", help="D.")] = 1,
    text: Annotated[str | None, Opt("--text", help="E.")] = None,
    flag: Annotated[bool, Opt("--flag", help="F.")] = False,
) -> int:
    """A handler with every kind of parameter."""
    return 0


def parse(*argv: str) -> dict[str, object] | None:
    return quick.parse(params(handler), argv)


def test_everything_at_once():
    assert parse("a", "b", "-p", "x=1", "--param=y=2", "-pz=3", "-n", "4", "--flag") == {
        "first": "a",
        "second": "b",
        "many": ["x=1", "y=2", "z=3"],
        "number": 4,
        "text": None,
        "flag": True,
    }


def test_defaults_are_not_shared():
    one, two = parse("a"), parse("a")
    assert one == two
    assert one["many"] is not two["many"]


def test_after_two_dashes_everything_is_an_argument():
    assert parse("--flag", "--", "-a", "--b") == parse("-a".replace("-a", "x"), "y", "--flag") | {
        "first": "-a",
        "second": "--b",
    }


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["a", "b", "c"],
        ["a", "--help"],
        ["a", "--unknown"],
        ["a", "--flag=1"],
        ["a", "-n"],
        ["a", "-n", "many"],
    ],
)
def test_what_needs_an_explanation_is_left_to_typer(argv):
    assert parse(*argv) is None


def commands():
    for name, node in tree.COMMANDS.items():
        if isinstance(node, Group):
            yield from (([name, word], entry) for word, entry in node.commands.items())
        else:
            yield [name], node


@pytest.mark.parametrize(("words", "entry"), list(commands()), ids=str)
def test_both_parsers_read_every_command_alike(words: list[str], entry: Entry):
    known = params(tree.load(entry))
    argv = []
    for param in known:
        if isinstance(param.spec, Arg):
            argv.append(f"{param.name}-value")
        elif param.type is bool:
            argv.append(param.spec.names[-1])
        else:
            argv += [param.spec.names[0], "7"]
    call = typer_app.parse([*words, *argv])
    assert isinstance(call, typer_app.Call)
    assert call.values == quick.parse(known, argv)
    assert call.handler is tree.load(entry)
