"""The Jupyter server extension."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jupyter_server.extension.application import ExtensionApp
from traitlets import Int

from labwright.targets.config import KnownTargets
from labwright.targets.local.target import LocalTarget

from .handlers import handlers
from .roots import Root
from .stream import EVENTS, Stream
from .targets import Targets
from .workbench import Workbench


class LabwrightApp(ExtensionApp):
    """What JupyterLab's Labwright panels talk to."""

    name = "labwright"
    description = "Labwright's side of the Jupyter server."
    load_other_extensions = True

    threads = Int(
        4, min=1, help="How many slow requests (analyses, comparisons) are worked on at once."
    ).tag(config=True)

    workbench: Workbench

    def initialize_settings(self) -> None:
        """Make what the handlers work with, and tell Jupyter of our events."""
        server = self._server
        for schema in sorted(EVENTS.glob("*.yaml")):
            server.event_logger.register_event_schema(schema)
        contents = server.contents_manager
        folder = getattr(contents, "root_dir", "") or server.root_dir
        root = Root(Path(folder).expanduser().absolute(), allow_hidden=contents.allow_hidden)
        local = LocalTarget()
        local.base_url = server.base_url  # of servers that are opened through this one
        targets = Targets(KnownTargets(), local)
        stream = Stream(self._emit, root.name, self.log)
        self.workbench = Workbench(
            root,
            targets,
            stream,
            self.log,
            threads=self.threads,
            base_url=server.base_url,
        )

    def initialize_handlers(self) -> None:
        """One handler for each path of the route table, and one for the way to servers."""
        self.handlers.extend(handlers(self.workbench))
        if self.workbench.doors.open:
            from .proxy import door_handlers

            self.handlers.extend(door_handlers(self.workbench.doors))

    async def stop_extension(self) -> None:
        """Let go of the agent, the store and the targets; runs go on."""
        await self.workbench.close()

    @property
    def _server(self) -> Any:
        return self.serverapp

    def _emit(self, schema_id: str, data: dict[str, Any]) -> Any:
        return self._server.event_logger.emit(schema_id=schema_id, data=data)
