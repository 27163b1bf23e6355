"""From the words of `run`, `submit` and `schedule` to what a target is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .. import launch
from ..errors import LabwrightError
from .loading import say_warnings

if TYPE_CHECKING:
    from ..targets.blocking import BlockingTarget
    from ..targets.local.submission import Submission
    from ..targets.protocols import Capabilities, View


@dataclass(frozen=True)
class Asked:
    """A notebook or a compiled pipeline, and how it is to run."""

    notebook: str
    param: Sequence[str] = ()
    no_cache: bool = False
    from_step: str = ""
    until_step: str = ""
    experiment: str = ""

    def __post_init__(self) -> None:
        if self.compiled and (self.from_step or self.until_step):
            raise LabwrightError(
                "--from and --until need the notebook", where=self.notebook, hint="run the .ipynb"
            )

    @property
    def compiled(self) -> bool:
        return launch.is_compiled(self.notebook)

    @property
    def texts(self) -> dict[str, Any]:
        """The parameters given."""
        return launch.parameter_texts(self.param)

    @property
    def options(self) -> dict[str, Any]:
        """What `labwright.launch` takes besides."""
        found: dict[str, Any] = {
            "cache": not self.no_cache,
            "experiment": self.experiment or None,
        }
        if not self.compiled:
            found["from_step"] = self.from_step or None
            found["until_step"] = self.until_step or None
        return found

    def analysed(self) -> launch.Analysed:
        """The notebook, analysed. Its errors refuse it, its warnings are said."""
        found = launch.analyse_notebook(self.notebook)
        launch.pipeline_of(found)
        say_warnings(found.diagnostics)
        return found

    def submission(self, target: Capabilities) -> Submission:
        """What the target is asked for."""
        if self.compiled:
            return launch.submission_compiled(self.notebook, self.texts, target, **self.options)
        return launch.submission(self.analysed(), self.texts, target, **self.options)


def sent(target: BlockingTarget, submission: Submission, name: str | None) -> View:
    """Begin a run on another target and leave it; what there is to say of it is said."""
    remarks = target.check(submission)
    submitted = target.submit(submission, name=name)
    say_warnings(dict.fromkeys((*remarks, *submitted.remarks)))
    return submitted.run
