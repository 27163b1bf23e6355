"""`%pipeline run|submit|compile|graph|verify|runs`: the notebook's pipeline, from within it."""

from __future__ import annotations

import queue
import shlex
import sys
import threading
from collections.abc import Callable
from typing import Annotated, Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class

from ..cli.asking import sent
from ..cli.options import Detach, Experiment, FromStep, NoCache, Params, Target, UntilStep
from ..cli.places import is_elsewhere, opened, the_other
from ..cli.quick import parse
from ..cli.spec import Arg, Opt, params
from ..errors import LabwrightError
from ..launch import (
    Analysed,
    analyse_notebook,
    parameter_texts,
    pipeline_of,
    prepared,
    run_analysed,
    submission,
    submit,
)
from ..widgets.graph import graph_json
from .locate import is_stale, notebook_path

USAGE = """\
%pipeline run [NB] [-p NAME=VALUE]… [--no-cache]   run the notebook as a pipeline
     [--from STEP] [--until STEP] [--detach]       a part of it; or do not wait for it
     [--target T] [--experiment NAME]              on another target; listed under a name
%pipeline submit [NB] [--name NAME] …              the same on the other target there is
%pipeline graph [NB]                               draw its steps
%pipeline compile [NB] [-o FILE]                   compile it for Kubeflow Pipelines
%pipeline verify [NB] [-p NAME=VALUE]…             check it against the notebook itself
%pipeline runs [--target T]                        list the runs, the newest first"""

Notebook = Annotated[str | None, Arg("The notebook.")]


@magics_class
class PipelineMagics(Magics):
    """The line magic `%pipeline`."""

    shell: Any

    @line_magic
    def pipeline(self, line: str) -> Any:
        """Run, draw, compile or verify the notebook's pipeline; `%pipeline` alone says how."""
        words = shlex.split(line)
        commands: dict[str, Callable[..., Any]] = {
            "run": self._run,
            "submit": self._submit,
            "graph": self._graph,
            "compile": self._compile,
            "verify": self._verify,
            "runs": self._runs,
        }
        command = commands.get(words[0]) if words else None
        values = parse(params(command), words[1:]) if command is not None else None
        if command is None or values is None:
            raise UsageError(USAGE)
        try:
            return command(**values)
        except LabwrightError as error:
            raise UsageError(str(error)) from None

    def _analysed(self, given: str | None) -> Analysed:
        path = notebook_path(self.shell.user_ns, given)
        if given is None and is_stale(path, self.shell.history_manager.input_hist_raw[-1]):
            _say(f"{path.name} was not saved since this cell was written; what is used is the file")
        return analyse_notebook(str(path))

    def _run(
        self,
        notebook: Notebook = None,
        param: Params = [],  # noqa: B006
        target: Target = "",
        no_cache: NoCache = False,
        from_step: FromStep = "",
        until_step: UntilStep = "",
        experiment: Experiment = "",
        detach: Detach = False,
    ) -> Any:
        options = _options(no_cache, from_step, until_step, experiment)
        if is_elsewhere(target):
            return self._run_there(notebook, param, target, None, detach, options)
        return self._run_here(notebook, param, detach, options)

    def _submit(
        self,
        notebook: Notebook = None,
        param: Params = [],  # noqa: B006
        target: Target = "",
        name: Annotated[str, Opt("--name", help="What lists call the run.")] = "",
        no_cache: NoCache = False,
        from_step: FromStep = "",
        until_step: UntilStep = "",
        experiment: Experiment = "",
        detach: Detach = False,
    ) -> Any:
        options = _options(no_cache, from_step, until_step, experiment)
        place = the_other(target)
        if is_elsewhere(place):
            return self._run_there(notebook, param, place, name or None, detach, options)
        if name:
            raise LabwrightError("a run here is named as its pipeline", hint="leave --name out")
        return self._run_here(notebook, param, detach, options)

    def _run_here(
        self, notebook: str | None, param: list[str], detach: bool, options: dict[str, Any]
    ) -> Any:
        from ..widgets.view import view

        analysed = self._analysed(notebook)
        texts = parameter_texts(param)
        ready = prepared(analysed, texts, **options)  # says what is wrong before anything is shown
        if detach:
            _say(submit(ready)["run_id"])
            return None
        cancel = threading.Event()
        return self._shown(
            lambda listen: run_analysed(analysed, texts, on_event=listen, cancel=cancel, **options),
            view(graph_json(analysed.plan, analysed.flow), cancel.set),
            cancel,
        )

    def _run_there(
        self,
        notebook: str | None,
        param: list[str],
        place: str,
        name: str | None,
        detach: bool,
        options: dict[str, Any],
    ) -> Any:
        from ..launch.elsewhere import run_elsewhere
        from ..targets.config import open_target
        from ..widgets.view import LaterView

        analysed = self._analysed(notebook)
        target = open_target(place)
        asked = submission(analysed, parameter_texts(param), target.capabilities, **options)
        if detach:
            with opened(place) as there:
                _say(sent(there, asked, name)["run_id"])
            return None
        cancel = threading.Event()
        return self._shown(
            lambda listen: run_elsewhere(target, asked, name=name, on_event=listen, cancel=cancel),
            LaterView(graph_json(analysed.plan, analysed.flow), cancel.set),
            cancel,
        )

    def _shown(
        self, work: Callable[[Callable[[Any], None]], Any], shown: Any, cancel: threading.Event
    ) -> Any:
        """Do the work under the eyes of a view; the run's record."""
        self._short_records()
        record = in_thread(work, shown, cancel)
        shown.finish(record)
        return record

    def _graph(self, notebook: Notebook = None) -> None:
        from IPython.display import display

        from ..widgets.svg import svg
        from ..widgets.text import draw

        analysed = self._analysed(notebook)
        graph = graph_json(analysed.plan, analysed.flow)
        bundle = {"text/html": svg(graph), "text/plain": draw(graph)}
        display(bundle, raw=True)  # type: ignore[no-untyped-call]

    def _compile(
        self,
        notebook: Notebook = None,
        output: Annotated[str | None, Opt("-o", "--output", help="The file.")] = None,
    ) -> None:
        from ..launch import compiled

        analysed = self._analysed(notebook)
        target = output or str(analysed.path.with_suffix(".yaml").name)
        with open(target, "w", encoding="utf-8") as file:
            file.write(compiled(pipeline_of(analysed)).to_yaml())
        _say(target)

    def _verify(
        self,
        notebook: Notebook = None,
        param: Params = [],  # noqa: B006
    ) -> Any:
        from ..verify import verify
        from ..widgets.lines import verdict

        analysed = self._analysed(notebook)
        texts = parameter_texts(param)
        found = in_thread(lambda listen: verify(analysed, texts, listen), None, None)
        _say(verdict(found))
        return None

    def _runs(self, target: Target = "") -> None:
        from ..cli.commands.runs import list_

        list_(target=target)

    def _short_records(self) -> None:
        """A run as a value shows one line; the view above it has shown the rest."""
        from ..targets.local.record import RunRecord

        formatter = self.shell.display_formatter.formatters["text/plain"]
        formatter.for_type(
            RunRecord, lambda record, p, cycle: p.text(f"<run {record.run_id}: {record.state}>")
        )


def _options(no_cache: bool, from_step: str, until_step: str, experiment: str) -> dict[str, Any]:
    """What `labwright.launch` takes besides a notebook and its parameters."""
    return {
        "cache": not no_cache,
        "from_step": from_step or None,
        "until_step": until_step or None,
        "experiment": experiment or None,
    }


def in_thread(work: Callable[[Callable[[Any], None]], Any], shown: Any, cancel: Any) -> Any:
    """Do the work in a thread (a notebook's own has an event loop already) and show its events.

    An interrupt of the kernel cancels, and waits for the work to end in good order.
    """
    events: queue.Queue[Any] = queue.Queue()
    outcome: dict[str, Any] = {}

    def run() -> None:
        try:
            outcome["value"] = work(events.put)
        except BaseException as error:
            outcome["error"] = error
        events.put(None)

    thread = threading.Thread(target=run, name="labwright-run", daemon=True)
    thread.start()
    while True:
        try:
            event = events.get(timeout=0.5)
            if event is None:
                break
            if shown is not None:
                shown.take(event)
        except queue.Empty:
            if shown is not None:
                shown.tick()
        except KeyboardInterrupt:
            if cancel is None or cancel.is_set():
                raise
            cancel.set()
    thread.join()
    if "error" in outcome:
        raise outcome["error"]
    return outcome["value"]


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
