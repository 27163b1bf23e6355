"""`labwright graph`: the steps of a notebook, what flows, and what there is to say about it."""

from typing import Annotated

from ...errors import LabwrightError
from ..spec import Arg, Opt

FORMATS = ("text", "mermaid", "dot")


def graph(
    notebook: Annotated[str, Arg("The notebook.", metavar="NB")],
    form: Annotated[
        str, Opt("--format", metavar="text|mermaid|dot", help="How to draw it.")
    ] = "text",
    as_json: Annotated[bool, Opt("--json", help="Print the graph as JSON.")] = False,
) -> int:
    """Show the steps of a notebook: what each takes and gives, when it runs, and all diagnostics.

    Nothing is executed.
    """
    if form not in FORMATS:
        raise LabwrightError(
            f"there is no format {form!r}", where="--format", hint=f"it is {', '.join(FORMATS)}"
        )
    from ...launch import analyse_notebook
    from ...widgets.graph import graph_json
    from ..console import out, out_json

    analysed = analyse_notebook(notebook)
    found = graph_json(analysed.plan, analysed.flow)
    if as_json:
        out_json(found)
    elif form == "text":
        from ...widgets.text import draw

        out(draw(found))
    else:
        from ...widgets import markup

        out(markup.mermaid(found) if form == "mermaid" else markup.dot(found))
    return 0
