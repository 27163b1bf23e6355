"""Arguments and options that several commands take."""

from typing import Annotated

from .spec import Arg, Opt

Notebook = Annotated[str, Arg("The notebook, or a compiled .yaml.", metavar="NB")]
Params = Annotated[
    list[str], Opt("-p", "--param", metavar="NAME=VALUE", help="Set a parameter. Repeatable.")
]
Target = Annotated[
    str,
    Opt(
        "--target", metavar="T", help="Which target; `targets list` names them.", complete="targets"
    ),
]
NoCache = Annotated[
    bool, Opt("--no-cache", help="Run every step, whatever earlier runs have left.")
]
FromStep = Annotated[
    str, Opt("--from", metavar="STEP", help="Run this step and all that follow from it anew.")
]
UntilStep = Annotated[
    str, Opt("--until", metavar="STEP", help="Run this step and what it needs, no more.")
]
Experiment = Annotated[str, Opt("--experiment", metavar="NAME", help="List it under this name.")]
Detach = Annotated[bool, Opt("--detach", help="Do not wait for the run; print its id.")]
ShowLogs = Annotated[bool, Opt("--logs", help="Show what the steps print, as they do.")]
RunAsJson = Annotated[bool, Opt("--json", help="End with the run as one JSON object.")]
Run = Annotated[
    str, Arg("The run: its id, the start of it, or `latest`.", metavar="RUN", complete="runs")
]
Runs = Annotated[
    list[str], Arg("The runs: their ids, or the start of them.", metavar="RUN…", complete="runs")
]
