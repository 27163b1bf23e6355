"""`labwright compile`: a notebook for Kubeflow Pipelines."""

from typing import Annotated

from ..spec import Arg, Opt


def compile_(
    notebook: Annotated[str, Arg("The notebook.", metavar="NB")],
    output: Annotated[
        str, Opt("-o", "--output", metavar="FILE", help="Where to write; - is stdout.")
    ] = "-",
) -> int:
    """Compile a notebook to KFP's intermediate representation (IR 2.1.0) as YAML.

    The file needs nothing of this machine: the cells and the runtime are inside it.
    """
    from ...launch import compiled
    from ..loading import load, write_text

    _, pipeline = load(notebook)
    write_text(output, compiled(pipeline).to_yaml())
    return 0
