"""`labwright component`: one step of a notebook as a component others can use."""

from typing import Annotated

from ..spec import Arg, Opt


def component(
    notebook: Annotated[str, Arg("The notebook.", metavar="NB")],
    step: Annotated[str, Opt("--step", metavar="NAME", help="The step.")],
    output: Annotated[
        str, Opt("-o", "--output", metavar="FILE", help="Where to write; - is stdout.")
    ] = "-",
) -> int:
    """Write one step as a reusable KFP component, for `kfp.components.load_component_from_file`."""
    from ...pipeline.component import compile_component
    from ..loading import load, write_text

    _, pipeline = load(notebook)
    write_text(output, compile_component(pipeline, step).to_yaml())
    return 0
