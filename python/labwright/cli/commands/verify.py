"""`labwright verify`: is the pipeline the notebook?"""

from typing import Annotated

from ..spec import Arg, Opt


def verify(
    notebook: Annotated[str, Arg("The notebook.", metavar="NB")],
    param: Annotated[
        list[str], Opt("-p", "--param", metavar="NAME=VALUE", help="Set a parameter. Repeatable.")
    ] = [],  # noqa: B006
    as_json: Annotated[bool, Opt("--json", help="Print the verdict as JSON.")] = False,
) -> int:
    """Run the notebook top to bottom and as a pipeline, and compare what every cell shows.

    Exit status 0 says they are equal, 1 that they are not. Memory addresses, timings and
    temporary paths do not count; a cell that shows something new in every run is said to vary.
    """
    from ...launch import analyse_notebook, parameter_texts, pipeline_of
    from ...verify import verify as check
    from ...widgets.lines import verdict
    from ..console import out, out_json

    analysed = analyse_notebook(notebook)
    pipeline_of(analysed)
    found = check(analysed, parameter_texts(param))
    if as_json:
        out_json(found.to_json())
    else:
        out(verdict(found))
    return 0 if found.equal else 1
