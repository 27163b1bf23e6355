"""The line `%%step NAME --gpu 1 --when "accuracy > 0.85"` at the top of a cell.

Every step setting has a flag; what the flags say is checked with the settings (`settings.py`).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..errors import LabwrightError
from .place import did_you_mean

_LINE = re.compile(r"\s*?%%step(?:[ \t]+(?P<arguments>[^\n]*))?[ \t]*(?:\n|\Z)")

USAGE = """\
%%step NAME [flags]

  --image NAME               a container image; here: a kernelspec or an interpreter's path
  --packages A,B             pip requirements (may be repeated)
  --cpu 2  --memory 4Gi      what the step may use
  --gpu 1  --gpu-vendor amd  devices (vendor: nvidia unless said otherwise)
  --retry 3                  tries after the first; --retry-backoff 10s --retry-factor 2
                             --retry-max 5m say how long to wait in between
  --timeout 10m              the longest one try may take
  --cache | --no-cache       whether an earlier result may be taken
  --when "accuracy > 0.85"   run only where this is true
  --foreach "n in [1, 2]"    run once for each item
  --after A,B                wait for these steps (may be repeated)
  --volume name=data,mount=/data[,size=5Gi|,claim=my-claim]      (may be repeated)
  --env NAME=VALUE           an environment variable (may be repeated)
  --secret NAME:KEY:ENV      a secret's value as environment variable ENV (may be repeated)
  --node-selector KEY=VALUE  --label KEY=VALUE  --annotation KEY=VALUE   (may be repeated)
  --toleration key=gpu,operator=Equal,value=a100,effect=NoSchedule       (may be repeated)
  --finally                  run last, whatever became of the other steps
"""


@dataclass(frozen=True)
class StepLine:
    """The step's name and its settings, raw as in the cell metadata `labwright`."""

    name: str
    settings: dict[str, Any] = field(default_factory=dict)


def split_step_line(source: str) -> tuple[str | None, str]:
    """The arguments of the `%%step` line at the top of a cell, or None, and the text below it."""
    found = _LINE.match(source)
    if not found:
        return None, source
    return (found["arguments"] or "").strip(), source[found.end() :]


def parse_step_line(arguments: str, where: str = "") -> StepLine:
    """What follows `%%step`; LabwrightError names `where`, the flag and what is allowed."""
    try:
        words = shlex.split(arguments)
    except ValueError as error:
        raise _wrong(f"{error}", where, "quote texts with spaces, and close the quotes") from None
    names: list[str] = []
    settings: dict[str, Any] = {}
    waiting = iter(words)
    for word in waiting:
        if not word.startswith("--"):
            names.append(word)
            continue
        flag, equals, value = word.partition("=")
        if flag in _SWITCHES:
            if equals:
                raise _wrong(f"flag {flag} takes no value", where)
            _once(settings, *_SWITCHES[flag], flag, where)
            continue
        if flag not in _FLAGS:
            known = [*_FLAGS, *_SWITCHES]
            near = did_you_mean(flag, known)
            raise _wrong(f"unknown flag {flag}", where, f"{near} flags: {' '.join(known)}".strip())
        if not equals:
            following = next(waiting, None)
            if following is None or following.startswith("--"):
                raise _wrong(f"flag {flag} needs a value", where)
            value = following
        _FLAGS[flag](settings, value, flag, where)
    if len(names) != 1:
        what = f"one step name is wanted, not {len(names)}" if names else "the step has no name"
        raise _wrong(what, where, "write %%step NAME, and quote texts with spaces")
    return StepLine(names[0], settings)


Flag = Callable[[dict[str, Any], str, str, str], None]


def _wrong(what: str, where: str, hint: str = "") -> LabwrightError:
    return LabwrightError(f"%%step: {what}", where=where, hint=hint)


def _once(
    settings: dict[str, Any], path: tuple[str, ...], value: Any, flag: str, where: str
) -> None:
    *parents, key = path
    for parent in parents:
        settings = settings.setdefault(parent, {})
    if key in settings:
        raise _wrong(f"flag {flag} is given twice", where)
    settings[key] = value


def _single(*path: str) -> Flag:
    def read(settings: dict[str, Any], value: str, flag: str, where: str) -> None:
        _once(settings, path, value, flag, where)

    return read


def _names(key: str) -> Flag:
    def read(settings: dict[str, Any], value: str, flag: str, where: str) -> None:
        # A comma inside brackets belongs to one requirement: pandas[excel,parquet]
        parts = re.split(r",(?![^\[]*\])", value) if key == "after" else _requirements(value)
        settings.setdefault(key, []).extend(part.strip() for part in parts if part.strip())

    return read


def _requirements(value: str) -> list[str]:
    """Requirements divided by commas or spaces; not where a comma goes on with a version."""
    return re.split(r",(?![^\[]*\])(?!\s*[<>=!~])|(?<=[\w\]])\s+(?=[A-Za-z])", value)


def _pair(key: str) -> Flag:
    def read(settings: dict[str, Any], value: str, flag: str, where: str) -> None:
        name, equals, item = value.partition("=")
        if not equals or not name:
            raise _wrong(f"flag {flag} has {value!r}", where, f"write {flag} NAME=VALUE")
        _once(settings, (key, name), item, f"{flag} {name}", where)

    return read


def _object(key: str, example: str) -> Flag:
    def read(settings: dict[str, Any], value: str, flag: str, where: str) -> None:
        found: dict[str, Any] = {}
        for part in value.split(","):
            name, equals, item = part.partition("=")
            if not equals or not name:
                raise _wrong(f"flag {flag} has {value!r}", where, f"write {flag} {example}")
            found[name.strip()] = item.strip()
        settings.setdefault(key, []).append(found)

    return read


def _secret(settings: dict[str, Any], value: str, flag: str, where: str) -> None:
    parts = value.split(":")
    if len(parts) != 3 or not all(parts):
        raise _wrong(f"flag {flag} has {value!r}", where, f"write {flag} NAME:KEY:ENV")
    settings.setdefault("secrets", []).append(dict(zip(("name", "key", "env"), parts, strict=True)))


_FLAGS: dict[str, Flag] = {
    "--image": _single("image"),
    "--packages": _names("packages"),
    "--cpu": _single("resources", "cpu"),
    "--memory": _single("resources", "memory"),
    "--gpu": _single("resources", "gpu", "count"),
    "--gpu-vendor": _single("resources", "gpu", "vendor"),
    "--retry": _single("retry", "count"),
    "--retry-backoff": _single("retry", "backoff"),
    "--retry-factor": _single("retry", "factor"),
    "--retry-max": _single("retry", "max"),
    "--timeout": _single("timeout"),
    "--when": _single("when"),
    "--foreach": _single("foreach"),
    "--after": _names("after"),
    "--volume": _object("volumes", "name=data,mount=/data"),
    "--env": _pair("env"),
    "--secret": _secret,
    "--node-selector": _pair("node_selector"),
    "--toleration": _object("tolerations", "key=gpu,operator=Exists,effect=NoSchedule"),
    "--label": _pair("labels"),
    "--annotation": _pair("annotations"),
}
_SWITCHES: dict[str, tuple[tuple[str, ...], bool]] = {
    "--cache": (("cache",), True),
    "--no-cache": (("cache",), False),
    "--finally": (("finally",), True),
}
