"""From a notebook or a compiled pipeline to a run: what the command line, magics and verify share.

Each stage imports what it needs when it is reached, so that looking at a graph does not pay for
the engine. Runs on other targets are in `labwright.launch.elsewhere`.
"""

from .documents import compiled_parameters, is_compiled, parameter_texts, read_compiled
from .here import preview, run_analysed, run_compiled, submit
from .notebooks import (
    Analysed,
    analyse_document,
    analyse_notebook,
    compiled,
    graph_view,
    pipeline_of,
    sentence,
)
from .placing import prepared, prepared_compiled, submission, submission_compiled

__all__ = [
    "Analysed",
    "analyse_document",
    "analyse_notebook",
    "compiled",
    "compiled_parameters",
    "graph_view",
    "is_compiled",
    "parameter_texts",
    "pipeline_of",
    "prepared",
    "prepared_compiled",
    "preview",
    "read_compiled",
    "run_analysed",
    "run_compiled",
    "sentence",
    "submission",
    "submission_compiled",
    "submit",
]
