"""What the resources of the API share: paths, pages, filters, and creating a thing only once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar
from urllib.parse import quote

from ...errors import NotFound, ServerFailed, TargetError, TargetTimeout, TargetUnreachable
from ..models import Json, Page, page_of
from ..transport import Transport

T = TypeVar("T")
PREFIX = "/apis/v2beta1"
LARGEST = 200
"""The server gives no larger page."""
LOOKS = 3
"""How often one looks for what a lost answer may have told of."""
Operation = Literal["EQUALS", "NOT_EQUALS", "IN", "IS_SUBSTRING", "LESS_THAN", "GREATER_THAN"]


@dataclass(frozen=True)
class Predicate:
    key: str
    value: str | tuple[str, ...]
    operation: Operation = "EQUALS"

    def to_json(self) -> dict[str, Any]:
        about = {"operation": self.operation, "key": self.key}
        if isinstance(self.value, tuple):
            return {**about, "string_values": {"values": list(self.value)}}
        return {**about, "string_value": self.value}


@dataclass(frozen=True)
class Wish:
    """A page of a list. A `token` belongs to the filter and order it was given with."""

    namespace: str = ""
    experiment_id: str = ""
    where: tuple[Predicate, ...] = ()
    sort_by: str = "created_at desc"
    size: int = 100
    token: str = ""

    def query(self) -> dict[str, str]:
        where = [one.to_json() for one in self.where]
        found = {
            "namespace": self.namespace,
            "experiment_id": self.experiment_id,
            "filter": json.dumps({"predicates": where}) if where else "",
            "sort_by": self.sort_by,
            "page_size": str(max(1, min(self.size, LARGEST))),
            "page_token": self.token,
        }
        return {name: value for name, value in found.items() if value}


def segment(text: str, what: str) -> str:
    """An id or name as one part of a URL: it must not lead elsewhere."""
    if not text or text in (".", ".."):
        raise NotFound(f"there is no {what} {text!r}")
    return quote(text, safe="")


class Resource:
    """One kind of thing that the server keeps."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def _json(self, method: str, path: str, what: str, **more: Any) -> dict[str, Any]:
        return await self._transport.json(method, f"{PREFIX}{path}", what, **more)

    async def _page(
        self, path: str, what: str, key: str, make: Callable[[Json], T], wish: Wish | None
    ) -> Page[T]:
        found = await self._json("GET", path, what, params=(wish or Wish()).query())
        return page_of(found, key, make)

    async def _once(
        self, create: Callable[[], Awaitable[T]], look: Callable[[], Awaitable[T | None]]
    ) -> T:
        """Create something. Where the answer is lost, it is looked for before it is made again.

        What took too long may still be on its way, so that it is not made a second time.
        """
        for attempt in range(LOOKS):
            try:
                return await create()
            except (TargetUnreachable, ServerFailed) as error:
                found = await self._look(look, error)
                if found is not None:
                    return found
                if isinstance(error, TargetTimeout) or attempt == LOOKS - 1:
                    raise
        raise AssertionError("unreachable")

    async def _look(self, look: Callable[[], Awaitable[T | None]], error: TargetError) -> T | None:
        for attempt in range(LOOKS):
            try:
                found = await look()
            except TargetError:
                raise error from None
            if found is not None:
                return found
            await asyncio.sleep(0.2 * 2**attempt)
        return None


async def pages(ask: Callable[[str], Awaitable[Page[T]]]) -> AsyncIterator[T]:
    """All items of all pages. `ask` gives the page of a token."""
    token = ""
    while True:
        page = await ask(token)
        for item in page.items:
            yield item
        if not page.token:
            return
        token = page.token


def without_empty(data: Mapping[str, Any]) -> dict[str, Any]:
    """The server refuses fields that it does not know, and older ones know fewer."""
    return {key: value for key, value in data.items() if value not in ("", None, {})}
