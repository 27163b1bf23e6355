"""Whether memory mapped from a file was written to: the kernel knows, so nothing need be read."""

from __future__ import annotations

from typing import Any, List, NamedTuple, Optional, Tuple


class Mapping(NamedTuple):
    start: int
    end: int
    offset: int
    path: str
    private_kb: int  # pages that were written to, and so no longer the file's


def read_mappings() -> List[Mapping]:
    """The file mappings of this process; none where the system does not say."""
    found: List[Mapping] = []
    try:
        with open("/proc/self/smaps", encoding="utf-8", errors="surrogateescape") as file:
            head: Optional[Tuple[int, int, int, str]] = None
            for line in file:
                words = line.split(None, 5)
                if len(words) == 6 and "-" in words[0]:
                    start, _, end = words[0].partition("-")
                    place = int(start, 16), int(end, 16), int(words[2], 16)
                    head = (*place, words[5].rstrip("\n")) if words[5][0] == "/" else None
                elif "-" in words[0] and len(words) == 5:
                    head = None
                elif head is not None and words[0] == "Anonymous:":
                    found.append(Mapping(*head, int(words[1])))
                    head = None
    except OSError:
        pass
    return found


def unchanged_mapping(array: Any, mappings: List[Mapping]) -> Optional[Tuple[str, int, int]]:
    """Where in which file a contiguous array's memory lies, if it still is what the file holds."""
    start = array.__array_interface__["data"][0]
    size = array.nbytes
    for mapping in mappings:
        if mapping.start <= start and start + size <= mapping.end:
            offset = start - mapping.start + mapping.offset
            if mapping.private_kb and not _equals_file(array, mapping.path, offset):
                return None
            return mapping.path, offset, size
    return None


def _equals_file(array: Any, path: str, offset: int) -> bool:
    """Compare in pieces: some page was written to, though perhaps with what it held."""
    import numpy

    try:
        file = numpy.memmap(path, dtype="u1", mode="r", offset=offset, shape=(array.nbytes,))
    except (OSError, ValueError):
        return False
    flat = array.reshape(-1, order="A").view("u1")
    step = 1 << 24
    return all(
        bool((flat[at : at + step] == file[at : at + step]).all())
        for at in range(0, array.nbytes, step)
    )
