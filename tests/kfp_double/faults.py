"""What can be made to go wrong with requests to the double."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["slow", "status", "drop", "refuse"]


@dataclass
class Fault:
    """`times` requests of this method whose path fits go wrong.

    `slow`: the answer comes after `seconds`. `status`: the answer is this status and nothing is
    done. `drop`: it is done, and the connection breaks before the answer. `refuse`: it breaks
    before anything is done.
    """

    kind: Kind
    path: str = ""
    method: str = ""
    times: int = 1
    seconds: float = 0.0
    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)

    def takes(self, method: str, path: str) -> bool:
        """Whether this request is one of them; then there is one less to come."""
        fits = self.method in ("", method) and re.search(self.path, path) is not None
        if self.times <= 0 or not fits:
            return False
        self.times -= 1
        return True


class Faults:
    """Those that are yet to come."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, kind: Kind, path: str = "", **more: object) -> None:
        self._waiting.append(Fault(kind, path, **more))  # type: ignore[arg-type]

    def of(self, method: str, path: str) -> Fault | None:
        return next((one for one in self._waiting if one.takes(method, path)), None)
