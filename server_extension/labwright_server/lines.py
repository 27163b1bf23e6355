"""An answer that is held open: one model a line, as they come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .models import Model

View = Mapping[str, Any]
BEAT = 20.0
"""Seconds without a word after which an empty line is sent: browsers and what lies between see
that there still is somebody."""


@dataclass(frozen=True)
class Lines:
    """`first` is known already, so that whatever is wrong with the request has a status."""

    model: type[Model]
    first: View
    rest: AsyncIterator[View]

    @classmethod
    async def of(cls, model: type[Model], views: AsyncIterator[View]) -> Lines:
        return cls(model, await anext(views), views)

    async def send(
        self,
        write: Callable[[str], Awaitable[None]],
        gone: asyncio.Future[None],
        beat: float = BEAT,
    ) -> None:
        """Write the lines until there are no more, or nobody reads them (`gone`)."""
        ahead = asyncio.ensure_future(self._next())
        try:
            await write(self._line(self.first))
            while True:
                await asyncio.wait((ahead, gone), timeout=beat, return_when="FIRST_COMPLETED")
                if gone.done():
                    return
                if not ahead.done():
                    await write("\n")
                    continue
                view = ahead.result()
                if view is None:
                    return
                ahead = asyncio.ensure_future(self._next())
                await write(self._line(view))
        finally:
            ahead.cancel()
            await asyncio.gather(ahead, return_exceptions=True)
            close = getattr(self.rest, "aclose", None)
            if close is not None:
                await close()

    async def _next(self) -> View | None:
        return await anext(self.rest, None)

    def _line(self, view: View) -> str:
        return self.model.model_validate(view).model_dump_json(by_alias=True) + "\n"
