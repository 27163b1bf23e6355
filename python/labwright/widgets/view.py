"""The live view of a run in a notebook; where there is no front end, plain lines instead.

While the run goes on the view is an ipywidgets box, whose button cancels. When it is over the box
is replaced by plain HTML, which the saved notebook keeps and any viewer can show.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, Protocol

from .graph import Graph
from .page import page
from .state import RunState
from .text import draw

_REDRAW = 0.2  # seconds between two drawings


class View(Protocol):
    """Something that shows a run while it goes on."""

    def take(self, event: Any) -> None: ...

    def tick(self) -> None: ...

    def finish(self, record: Any) -> None: ...


def view(graph: Graph, cancel: Callable[[], None]) -> View:
    """The view that suits the place: widgets in a notebook, lines in a terminal."""
    if not has_front_end():
        return TextView(sys.stdout)
    try:
        return WidgetView(graph, cancel)
    except ImportError:
        return TextView(sys.stdout)


def has_front_end() -> bool:
    """Whether what is displayed is drawn by a notebook."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None


class LaterView:
    """A view that is shown once there is something of the run to show.

    So a run that is refused shows nothing.
    """

    def __init__(self, graph: Graph, cancel: Callable[[], None]) -> None:
        self._graph = graph
        self._cancel = cancel
        self._view: View | None = None

    def take(self, event: Any) -> None:
        if self._view is None:
            self._view = view(self._graph, self._cancel)
        self._view.take(event)

    def tick(self) -> None:
        if self._view is not None:
            self._view.tick()

    def finish(self, record: Any) -> None:
        if self._view is not None:
            self._view.finish(record)


class TextView:
    """One line a step."""

    def __init__(self, out: Any) -> None:
        self._out = out

    def take(self, event: Any) -> None:
        from .lines import is_over, line

        if is_over(event):
            self._out.write(line(event) + "\n")
            self._out.flush()

    def tick(self) -> None:
        """Lines do not age."""

    def finish(self, record: Any) -> None:
        from .lines import closing

        self._out.write(closing(record) + "\n")


class WidgetView:
    """The graph, the steps and a cancel button, as widgets."""

    def __init__(self, graph: Graph, cancel: Callable[[], None]) -> None:
        import ipywidgets
        from IPython.display import display

        self._state = RunState(graph)
        self._html = ipywidgets.HTML(page(self._state))
        button = ipywidgets.Button(description="Cancel", icon="stop", button_style="warning")

        def clicked(pressed: Any) -> None:
            pressed.disabled = True
            pressed.description = "Canceling"
            cancel()

        button.on_click(clicked)
        self._box = ipywidgets.VBox([self._html, button])
        self._drawn = time.monotonic()
        self._stale = False
        bundle = self._box._repr_mimebundle_()
        self._handle: Any = display(  # type: ignore[no-untyped-call]
            {**bundle, **self._static()}, raw=True, display_id=True
        )

    def take(self, event: Any) -> None:
        self._stale = self._state.take(event) or self._stale
        self._redraw_if_due()

    def tick(self) -> None:
        """Time has passed: what is running has run longer."""
        self._stale = self._stale or self._state.state == "RUNNING"
        self._redraw_if_due()

    def finish(self, record: Any) -> None:
        self._state.finish(record)
        self._handle.update(self._static(), raw=True)
        for widget in (*self._box.children, self._box):
            widget.close()

    def _redraw_if_due(self) -> None:
        if self._stale and time.monotonic() - self._drawn >= _REDRAW:
            self._html.value = page(self._state)
            self._drawn = time.monotonic()
            self._stale = False

    def _static(self) -> dict[str, str]:
        return {"text/html": page(self._state), "text/plain": draw(self._state.graph)}
