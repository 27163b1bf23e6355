"""`labwright export`: the pipeline as Python that a person can read and go on with."""

from pathlib import Path
from typing import Annotated

from ..spec import Arg, Opt


def export(
    notebook: Annotated[str, Arg("The notebook.", metavar="NB")],
    output: Annotated[
        str, Opt("-o", "--output", metavar="FILE", help="Where to write; - is stdout.")
    ] = "-",
) -> int:
    """Write the pipeline as readable kfp Python; run with the kfp SDK, it compiles to the same."""
    from ...pipeline.export import export_pipeline
    from ..loading import load, write_text

    _, pipeline = load(notebook)
    name = "pipeline.py" if output == "-" else Path(output).name
    write_text(output, export_pipeline(pipeline, file_name=name))
    return 0
