"""Whether two cells show the same, past what differs between any two runs of the same code."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

Output = dict[str, Any]

# What has no meaning beyond the process that printed it: each is replaced before comparing.
_PASSING = (
    (re.compile(r"\b0x[0-9a-fA-F]{6,16}\b"), "0x…"),
    (re.compile(r"(?<=\.\.\.)0?x?[0-9a-f]{6,16}\b"), "0x…"),  # an address cut off at its front
    (re.compile(r"\b(?:id|ids)=\d{10,}\b"), "id=…"),
    (re.compile(r"^(?:CPU times|Wall time|Compiler *time|Parser *time)\s*:.*$", re.M), "time …"),
    (
        re.compile(
            r"^[\d.,]+ ?(?:ns|[uµμ]s|ms|s|min)(?: ?\d* ?\w*)? ± .* per loop \(.*\)$",  # %timeit
            re.M,
        ),
        "time …",
    ),
    (re.compile(r"\bIn ?\[\d+\]"), "In […]"),
    # Names that libraries make up for parts of a page: counted (scikit-learn) or random.
    (re.compile(r"\bsk-(container|estimator)-id-\d+"), r"sk-\1-id-…"),
    (re.compile(r"\bT_[0-9a-f]{5}(?![0-9a-f])"), "T_…"),
    (re.compile(r"\b[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}\b"), "<uuid>"),
    (re.compile(r"<ipython-input-[\w-]+>|/\S*/(?:ipykernel_\d+|labwright)/\d+\.py"), "<cell>"),
    (re.compile(r"(?:/private)?(?:/var/folders/[^\s'\":]+|/tmp)/tmp\w+"), "<tmp>"),
)


def same(first: Sequence[Output], second: Sequence[Output], folders: Sequence[str] = ()) -> bool:
    """Whether two output lists say the same. `folders` are the runs' own working folders."""
    return meaning(first, folders) == meaning(second, folders)


def meaning(outputs: Sequence[Output], folders: Sequence[str] = ()) -> list[Any]:
    """Outputs without what varies by itself: streams joined, texts normalised, counts left out.

    A stream's place among displays depends on buffering, its place in its own stream does not:
    so the text of each stream is joined over the cell.
    """
    streams: dict[str, str] = {}
    shown: list[Any] = []
    for output in outputs:
        kind = output["output_type"]
        if kind == "stream":
            streams[output["name"]] = streams.get(output["name"], "") + joined(output["text"])
        elif kind == "error":
            shown.append(("error", output["ename"], normal(output["evalue"], folders)))
        else:
            data = {mime: _datum(mime, value, folders) for mime, value in output["data"].items()}
            shown.append((kind, data))
    texts = [(name, normal(text, folders)) for name, text in sorted(streams.items())]
    return [*(item for item in texts if item[1]), *shown]


def _datum(mime: str, value: Any, folders: Sequence[str]) -> Any:
    if mime.startswith("image/") and mime != "image/svg+xml":
        return "".join(joined(value).split())
    if isinstance(value, (str, list)) and not mime.endswith("json"):
        return normal(joined(value), folders)
    return normal(json.dumps(value, sort_keys=True), folders)


def normal(text: str, folders: Sequence[str] = ()) -> str:
    """The text with addresses, times and temporary paths made the same."""
    for folder in sorted(folders, key=len, reverse=True):
        text = text.replace(folder, "<folder>")
    for pattern, replacement in _PASSING:
        text = pattern.sub(replacement, text)
    return _overwritten(text)


def _overwritten(text: str) -> str:
    """What a terminal would show in the end of lines that overwrite themselves (progress bars)."""
    if "\r" not in text:
        return text
    text = text.replace("\r\n", "\n")
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))


def joined(text: str | Sequence[str]) -> str:
    """A notebook file's text, which may be a list of lines."""
    return text if isinstance(text, str) else "".join(text)
