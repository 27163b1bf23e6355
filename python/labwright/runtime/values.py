"""A step's outputs as files, and back: marshalling by type.

Each value is a folder: `labwright.json` says what it is, the other files are the value in the
format of its own kind. Values that share an object are written once, as a group: the folder of
each member holds (a hard link to) the whole, so any of them can be loaded alone, and those loaded
together share again.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import shutil
import sys
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional

from . import formats
from .deep import deep
from .describe import type_name
from .sharing import find_sharing

META = "labwright.json"
PICKLE, BUFFERS, DEFINITIONS = "value.pkl", "buffers.bin", "definitions.pkl"
ALIGN = 64

UNBOUND = type("Unbound", (), {"__repr__": lambda self: "<unbound>"})()


class MarshalError(Exception):
    """A value that cannot be passed to another step; the text is meant for the user."""


class Stored(NamedTuple):
    """What was written for one value."""

    format: str
    type: str
    group: Optional[str]


def write_values(
    values: Mapping[str, Any],
    folders: Mapping[str, str],
    namespace: Dict[str, Any],
    known: Iterable[str] = (),
) -> Dict[str, Stored]:
    """Write each value to its folder. `UNBOUND` stands for a name that has no value.

    Raises MarshalError for what another process cannot have.
    """
    bound = {name: value for name, value in values.items() if value is not UNBOUND}
    sharing = find_sharing(bound, namespace)
    writer = _Writer(namespace, set(known) | set(values), sharing.views)
    stored: Dict[str, Stored] = {}
    for name in values:
        _empty(folders[name])
        if name not in bound:
            stored[name] = Stored("unbound", "unbound", None)
    for members in sharing.groups:
        group = writer.group({name: bound[name] for name in members}, folders)
        for name in members:
            stored[name] = Stored("group", type_name(bound[name]), group)
    for name, value in bound.items():
        if name not in stored:
            stored[name] = Stored(writer.single(name, value, folders[name]), type_name(value), None)
    for name, entry in stored.items():
        meta = {"version": 1, "name": name, "format": entry.format, "type": entry.type}
        meta["python"] = "%d.%d" % sys.version_info[:2]
        if entry.group:
            meta["group"] = entry.group
        meta.update(writer.extra.get(name, {}))
        # For who reads from a store that lists no folders.
        meta["files"] = _files(folders[name])
        with open(os.path.join(folders[name], META), "w", encoding="utf-8") as file:
            json.dump(meta, file, indent=1, sort_keys=True)
    return stored


def read_values(
    folders: Mapping[str, str],
    namespace: Dict[str, Any],
    mates: Optional[Dict[str, Any]] = None,
) -> Dict[str, Any]:
    """Read values that belong together: members of one group come back sharing their objects.

    `mates` receives what a group holds besides, which shares objects too: name -> (group, value).
    """
    groups: Dict[str, Dict[str, Any]] = {}
    values: Dict[str, Any] = {}
    for name, folder in folders.items():
        meta = read_meta(folder)
        if meta["format"] == "unbound":
            values[name] = UNBOUND
        elif meta["format"] == "group":
            if meta["group"] not in groups:
                groups[meta["group"]] = _load_pickle(folder, meta, namespace)
            members = groups[meta["group"]]
            values[name] = members[meta["name"]]
            if mates is not None:
                mates.update((other, (meta["group"], value)) for other, value in members.items())
        else:
            values[name] = _read_single(folder, meta, namespace)
    return values


def read_value(folder: str, namespace: Optional[Dict[str, Any]] = None) -> Any:
    """Read one value by itself."""
    return read_values({"value": folder}, {} if namespace is None else namespace)["value"]


def read_meta(folder: str) -> Dict[str, Any]:
    path = os.path.join(folder, META)
    try:
        with open(path, encoding="utf-8") as file:
            meta: Dict[str, Any] = json.load(file)
    except (OSError, ValueError) as error:
        raise MarshalError("%s is not a value Labwright wrote: %s" % (folder, error)) from error
    return meta


def _files(folder: str) -> List[str]:
    """The files in a folder, by their places in it, with slashes."""
    return sorted(
        os.path.relpath(os.path.join(inside, name), folder).replace(os.sep, "/")
        for inside, _, names in os.walk(folder)
        for name in names
    )


def _read_single(folder: str, meta: Dict[str, Any], namespace: Dict[str, Any]) -> Any:
    if meta["format"] == "pickle":
        return _load_pickle(folder, meta, namespace)
    read = formats.reader(meta["format"])
    return read(folder, meta, lambda: _load_pickle(folder, meta, namespace))


class _Writer:
    def __init__(
        self, namespace: Dict[str, Any], known: Iterable[str], views: Dict[int, Any]
    ) -> None:
        self.namespace = namespace
        self.known = known
        self.views = views
        self.extra: Dict[str, Dict[str, Any]] = {}

    def single(self, name: str, value: Any, folder: str) -> str:
        for kind in formats.candidates(value):

            def pickle_rest(rest: Any) -> None:
                self.extra[name] = self.pickle(name, rest, folder)

            try:
                extra = kind.write(value, folder, pickle_rest)
            except formats.NotExact:
                _empty(folder)
                self.extra.pop(name, None)
                continue
            except (OSError, MemoryError):
                raise
            except Exception as error:
                raise MarshalError(_refusal(name, value, error)) from error
            self.extra.setdefault(name, {}).update(extra or {})
            return kind.name
        self.extra[name] = self.pickle(name, value, folder)
        return "pickle"

    def group(self, members: Dict[str, Any], folders: Mapping[str, str]) -> str:
        first, *others = members
        extra = self.pickle(", ".join(members), members, folders[first])
        digest = hashlib.sha256()
        for part in (PICKLE, BUFFERS, DEFINITIONS):
            path = os.path.join(folders[first], part)
            if os.path.exists(path):
                _feed_file(path, digest)
                for other in others:
                    _link(path, os.path.join(folders[other], part))
        for name in members:
            self.extra[name] = dict(extra)
        return digest.hexdigest()

    def pickle(self, name: str, value: Any, folder: str) -> Dict[str, Any]:
        from . import pickling

        buffers: List[Any] = []
        carry = [id(value)]
        if isinstance(value, dict):
            carry.extend(map(id, value.values()))

        def attempt() -> Dict[str, bytes]:
            del buffers[:]
            with open(os.path.join(folder, PICKLE), "wb") as file:
                return pickling.dump(
                    value, file, self.namespace, self.known, carry, self.views, buffers
                )

        try:
            definitions = deep(attempt)
        except (OSError, MemoryError):
            raise
        except Exception as error:
            raise MarshalError(_refusal(name, value, error)) from error
        if definitions:
            import pickle

            with open(os.path.join(folder, DEFINITIONS), "wb") as file:
                pickle.dump(definitions, file, protocol=4)
        if not buffers:
            return {}
        return {"buffers": _write_buffers(os.path.join(folder, BUFFERS), buffers)}


def _write_buffers(path: str, buffers: List[Any]) -> List[List[int]]:
    """Lay large memory out in one file; gives each piece's place and whether it is read-only."""
    places = []
    with open(path, "wb") as file:
        for buffer in buffers:
            file.write(b"\0" * (-file.tell() % ALIGN))
            with buffer.raw() as view:
                places.append([file.tell(), view.nbytes])
                file.write(view)
    return places


def _load_pickle(folder: str, meta: Dict[str, Any], namespace: Dict[str, Any]) -> Any:
    from . import pickling

    definitions: Dict[str, bytes] = {}
    path = os.path.join(folder, DEFINITIONS)
    if os.path.exists(path):
        import pickle

        with open(path, "rb") as file:
            definitions = pickle.load(file)
    buffers = _map_buffers(os.path.join(folder, BUFFERS), meta.get("buffers", []))

    def attempt() -> Any:
        with open(os.path.join(folder, PICKLE), "rb") as file:
            return pickling.load(file, namespace, definitions, meta["python"], buffers)

    try:
        return deep(attempt)
    except (OSError, MemoryError):
        raise
    except Exception as error:
        raise MarshalError(
            "%s (a %s) cannot be loaded here: %s: %s"
            % (meta["name"], meta["type"], type(error).__name__, error)
        ) from error


def _map_buffers(path: str, places: List[List[int]]) -> List[Any]:
    """The file's pieces, read from disk only when touched, and private: writing copies a page."""
    if not places:
        return []
    with open(path, "rb") as file:
        whole = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))
    return [whole[start : start + size] for start, size in places]


def _refusal(name: str, value: Any, error: Exception) -> str:
    what = (
        "%s cannot be passed to another step: it is or holds something that cannot be saved" % name
    )
    advice = (
        "make it in the step that uses it, or pass what it is made from "
        "(a list instead of a generator, a path instead of an open file)"
    )
    return "%s (type %s; %s: %s). What to do: %s" % (
        what,
        type_name(value),
        type(error).__name__,
        str(error) or "no reason given",
        advice,
    )


def _empty(folder: str) -> None:
    if os.path.isdir(folder) and not os.path.islink(folder):
        shutil.rmtree(folder)
    elif os.path.lexists(folder):
        os.unlink(folder)
    os.makedirs(folder)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _feed_file(path: str, digest: Any) -> None:
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
