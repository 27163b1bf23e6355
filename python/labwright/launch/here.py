"""Runs on this machine: in this process, or left to the agent."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .notebooks import Analysed
from .placing import prepared, prepared_compiled

if TYPE_CHECKING:
    from ..targets.local.events import Listener
    from ..targets.local.record import RunRecord
    from ..targets.local.store import Store
    from ..targets.local.submission import Prepared


def submit(ready: Prepared) -> dict[str, Any]:
    """Leave a run to the agent, which is started where there is none; the run's summary."""
    from ..targets.local.agent.client import connect

    with connect() as agent:
        return agent.submit(ready.submission)


def preview(
    analysed: Analysed, texts: Mapping[str, Any], store: Store | None = None
) -> list[dict[str, Any]]:
    """What a run would do with each step, and why: `{"name", "state", "why"}`. Runs nothing.

    cached: its result is there. stale: it ran before, and something changed. new: it never ran.
    waiting: a step before it runs first, and then very likely it does, too.
    """
    import os

    from ..targets.local.preview import preview

    ready = prepared(analysed, texts, check=False)
    with _opened(store) as kept:
        return preview(ready, ready.submission.graph or {"steps": []}, kept, os.environ)


def run_analysed(
    analysed: Analysed,
    texts: Mapping[str, Any],
    *,
    cache: bool = True,
    experiment: str | None = None,
    from_step: str | None = None,
    until_step: str | None = None,
    on_event: Listener | None = None,
    cancel: threading.Event | None = None,
    workdir: Path | None = None,
    store: Store | None = None,
) -> RunRecord:
    """Compile the notebook's pipeline and run it in this process (see `prepared`).

    The run is kept in the user's own store unless `store` is another.
    """
    from ..targets.local.engine import run_prepared

    ready = prepared(
        analysed,
        texts,
        cache=cache,
        experiment=experiment,
        from_step=from_step,
        until_step=until_step,
        workdir=workdir,
    )
    with _opened(store) as kept:
        return run_prepared(ready, store=kept, on_event=on_event, cancel=cancel)


def run_compiled(
    path: str,
    texts: Mapping[str, Any],
    *,
    cache: bool = True,
    experiment: str | None = None,
    on_event: Listener | None = None,
    cancel: threading.Event | None = None,
) -> RunRecord:
    """Run a compiled pipeline, ours or the kfp SDK's. Steps run in its file's folder."""
    from ..targets.local.engine import run_prepared

    ready = prepared_compiled(path, texts, cache=cache, experiment=experiment)
    with _opened(None) as kept:
        return run_prepared(ready, store=kept, on_event=on_event, cancel=cancel)


@contextmanager
def _opened(store: Store | None) -> Iterator[Store]:
    """The store given, left open; or the user's own, closed at the end."""
    from ..targets.local.store import Store

    kept = store or Store()
    try:
        yield kept
    finally:
        if store is None:
            kept.close()
