"""`%spawn NAME …`: a notebook server, from within a notebook."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class

from ..cli.options import Target
from ..cli.quick import parse
from ..cli.server_options import Cpu, Gpu, IdleAfter, Image, Memory, Mounts, Preset, Volumes, at
from ..cli.spec import Arg, Opt, params
from ..cli.starting import wait_for_start
from ..errors import LabwrightError

if TYPE_CHECKING:
    from ..cli.starting import View

USAGE = """\
%spawn NAME [--preset PROFILE] [--image IMAGE]     make a notebook server and start it, or start
     [--cpu N] [--memory SIZE] [--gpu N]           one that was stopped
     [--volume NAME:SIZE[:PATH]]…                  new volumes; its own files have one anyway
     [--mount VOLUME[:PATH]]… [--idle-after 8h]    volumes that are there; when it is stopped
     [--target T] [--detach]                       on another target; or do not wait for it"""


@magics_class
class SpawnMagics(Magics):
    """The line magic `%spawn`."""

    @line_magic
    def spawn(self, line: str) -> None:
        """Make a notebook server, or start it; `%spawn` alone says how."""
        command: Callable[..., Any] = self._spawn
        values = parse(params(command), shlex.split(line)) if line.strip() else None
        if values is None:
            raise UsageError(USAGE)
        try:
            self._spawn(**values)
        except LabwrightError as error:
            raise UsageError(str(error)) from None

    def _spawn(
        self,
        name: Annotated[str, Arg("Small letters, digits and `-`.")],
        image: Image = "",
        preset: Preset = "",
        cpu: Cpu = "",
        memory: Memory = "",
        gpu: Gpu = "",
        volume: Volumes = [],  # noqa: B006
        mount: Mounts = [],  # noqa: B006
        idle_after: IdleAfter = "",
        target: Target = "",
        detach: Annotated[bool, Opt("--detach", help="Do not wait until it runs.")] = False,
    ) -> None:
        from ..servers.options import given
        from ..servers.spec import ServerSpec
        from ..widgets.server import server_display

        said = given(locals())
        spec = ServerSpec.from_json({"name": name, **said}, where=name)
        with at(target) as there:
            known = [one["name"] for one in there.ask(lambda one: one.servers())]
            if name in known and said:
                hint = f"`%spawn {name}` starts it; `labwright servers edit {name}` changes it"
                raise LabwrightError(f"there is a server {name!r} already", hint=hint)
            if name in known:
                view = there.ask(lambda one: one.start_server(name))
            else:
                view = there.ask(lambda one: one.create_server(spec))
            shown = server_display(sys.stdout)
            shown({**view, "target": there.name})
            if detach:
                return
            try:
                wait_for_start(there, view, None, lambda now, _: _show(shown, now, there.name))
            except KeyboardInterrupt:
                sys.stdout.write("It goes on without being watched.\n")


def _show(shown: Any, view: View, target: str) -> None:
    shown({**view, "target": target})
