"""`labwright export`: the pipeline as Python that a person can read and go on with."""

from typing import Annotated

from ..spec import Arg, Opt


def export(
    notebook: Annotated[str, Arg("The notebook.", metavar="NB")],
    output: Annotated[
        str, Opt("-o", "--output", metavar="FILE", help="Where to write; - is stdout.")
    ] = "-",
) -> int:
    """Write the pipeline as readable kfp Python; run with the kfp SDK, it compiles to the same."""
    from ...pipeline.export import export_python
    from ..loading import load, write_text

    _, pipeline = load(notebook)
    write_text(output, export_python(pipeline))
    return 0
