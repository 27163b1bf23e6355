"""What KFP's driver and launcher print about a step's inputs and outputs. Pure.

The API hands out neither values nor addresses of artifacts. The driver prints the ExecutorInput
that it made, with the addresses of the outputs; the launcher prints the ExecutorOutput that the
step wrote. Both are JSON after a marker, on several lines.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..local.wire import HIDDEN

NOTEBOOK, PAGE = "labwright_notebook", "labwright_html"
_LOGS = "executor-logs"
"""KFP's launcher keeps the log beside the step's outputs where a server is set up so."""
_INPUT = re.compile(r"output ExecutorInput:\s*(?=\{)")
_OUTPUT = re.compile(r"ExecutorOutput:\s*(?=\{)")
_CACHED = re.compile(r"\] Use cache for task ")
# A line of the launcher's own log, as Go's glog writes it.
_GLOG = re.compile(r"^[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+\s+\d+ \S+\.go:\d+\] ")
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_RAISED = re.compile(r"^([A-Za-z_]\w*(?:\.\w+)*)(?:: (.*))?$")
# So the step's runtime ends its log.
_OURS = "labwright: "
_TRACEBACK = "Traceback (most recent call last)"
_LONGEST_TRACEBACK = 20_000


@dataclass(frozen=True)
class Artifact:
    """`key` is the name in the IR."""

    key: str
    uri: str
    kind: str
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Told:
    """What is known of a step's values. `cached`: its outputs are those of another run."""

    inputs: Mapping[str, Any] = field(default_factory=dict)
    input_artifacts: tuple[Artifact, ...] = ()
    outputs: Mapping[str, Any] = field(default_factory=dict)
    artifacts: tuple[Artifact, ...] = ()
    cached: bool = False

    def artifact(self, key: str) -> Artifact | None:
        return next((one for one in self.artifacts if one.key == key), None)

    @property
    def metrics(self) -> dict[str, Any]:
        return {
            name: value
            for one in self.artifacts
            if one.kind == "system.Metrics"
            for name, value in one.metadata.items()
            if isinstance(value, (int, float)) and not isinstance(value, bool)
        }


def says_cached(driver: str) -> bool:
    """Whether the driver took the outputs of another run."""
    return bool(_CACHED.search(driver))


def read_told(driver: str, printed: str) -> Told:
    """From the driver's log, and that of the step's own pod."""
    given = _last_json(_INPUT, driver)
    made = _last_json(_OUTPUT, printed)
    cached = says_cached(driver)
    inputs, outputs = given.get("inputs") or {}, given.get("outputs") or {}
    written = made.get("artifacts") or {}
    promised = () if cached else _artifacts(outputs.get("artifacts"))
    return Told(
        dict(inputs.get("parameterValues") or {}),
        tuple(_artifacts(inputs.get("artifacts"))),
        dict(made.get("parameterValues") or {}),
        tuple(_completed(one, written.get(one.key)) for one in promised),
        cached,
    )


def _artifacts(lists: Any) -> Iterator[Artifact]:
    for key, many in (lists or {}).items():
        for one in many.get("artifacts") or ():
            kind = (one.get("type") or {}).get("schemaTitle") or ""
            yield Artifact(key, str(one.get("uri") or ""), kind, dict(one.get("metadata") or {}))


def _completed(promised: Artifact, written: Any) -> Artifact:
    """An artifact with what the step itself said of it."""
    found = ((written or {}).get("artifacts") or [{}])[0]
    return Artifact(
        promised.key,
        str(found.get("uri") or promised.uri),
        promised.kind,
        {**promised.metadata, **(found.get("metadata") or {})},
    )


def _last_json(marker: re.Pattern[str], text: str) -> dict[str, Any]:
    for match in reversed(list(marker.finditer(text))):
        try:
            found, _ = json.JSONDecoder().raw_decode(text, match.end())
        except ValueError:
            continue
        if isinstance(found, dict):
            return found
    return {}


def printed(text: str, *, whole: bool) -> str:
    """What the step itself printed: the launcher's own lines are left out.

    While there may be more (not `whole`), a line that has no end yet is left for later, so that
    what was given once stays as it is.
    """
    lines = text.splitlines(keepends=True)
    if lines and not whole and not lines[-1].endswith("\n"):
        lines.pop()
    return "".join(_own_lines(lines))


def _own_lines(lines: Sequence[str]) -> Iterator[str]:
    depth = 0
    for line in lines:
        if depth:
            depth += line.count("{") - line.count("}")
            continue
        if not _GLOG.match(line):
            yield line
        elif _OUTPUT.search(line):
            depth = max(0, line.count("{") - line.count("}"))


def failure_of(text: str) -> dict[str, Any] | None:
    """The error with which a step ended, as far as what it printed shows it."""
    plain = re.sub(f"(?m)^{_OURS}", "", _ANSI.sub("", text)).rstrip()
    if not plain:
        return None
    start = plain.rfind(_TRACEBACK)
    lines = (plain[start:] if start >= 0 else plain).splitlines()
    traceback = "\n".join(lines)[-_LONGEST_TRACEBACK:] if start >= 0 else ""
    for line in reversed(lines if start >= 0 else lines[-1:]):
        match = _RAISED.match(line)
        if match and (start >= 0 or match[2]):
            return _error(match[1].rpartition(".")[2], match[2] or "", traceback)
    return _error("StepFailed", lines[-1].strip()[:500], traceback)


def _error(name: str, value: str, traceback: str) -> dict[str, Any]:
    return {"ename": name, "evalue": value, "cell": None, "traceback": traceback}


def shown_inputs(told: Told, program: Mapping[str, Any] | None, place: str) -> list[dict[str, Any]]:
    """A step's inputs, under the names they have in the notebook."""
    program = program or {}
    variables = {key: name for name, key in (program.get("inputs") or {}).items()}
    loop = program.get("loop_variable")
    shown = [
        _value(loop if loop and name == f"{HIDDEN}item" else name, value)
        for name, value in told.inputs.items()
        if not name.startswith(HIDDEN) or (loop and name == f"{HIDDEN}item")
    ]
    return shown + [
        {
            "name": variables.get(one.key, one.key),
            "from": None,
            "type": _type(one),
            "bytes": None,
            "preview": _preview(one),
            "artifact": f"{place}/in/{one.key}",
        }
        for one in told.input_artifacts
        if not one.key.startswith(HIDDEN)
    ]


def shown_outputs(
    told: Told, program: Mapping[str, Any] | None, place: str
) -> list[dict[str, Any]]:
    """A step's outputs. A variable that is also given as a parameter is listed once."""
    program = program or {}
    kept = program.get("outputs") or {}
    variables = {key: name for name, key in kept.items()}
    values = {key: name for name, (key, _) in (program.get("values") or {}).items()}
    shown = [
        {
            "name": variables.get(one.key, one.key),
            "from": None,
            "type": _type(one),
            "bytes": one.metadata.get("bytes"),
            "preview": _preview(one),
            "artifact": f"{place}/out/{one.key}",
        }
        for one in told.artifacts
        if not one.key.startswith(HIDDEN) and one.key != _LOGS
    ]
    return shown + [
        _value(values.get(name, name), value)
        for name, value in told.outputs.items()
        if values.get(name) not in kept and not name.startswith(HIDDEN)
    ]


def _value(name: str, value: Any) -> dict[str, Any]:
    return {
        "name": name,
        "from": None,
        "type": type(value).__name__,
        "bytes": None,
        "preview": json.dumps(value)[:200],
        "artifact": None,
    }


def _type(one: Artifact) -> str | None:
    return str(one.metadata.get("type") or one.kind) or None


def _preview(one: Artifact) -> str | None:
    found = one.metadata.get("preview")
    return found if isinstance(found, str) else None
