"""`labwright suggest`: steps for a notebook that has none yet."""

from pathlib import Path
from typing import Annotated

from ..spec import Arg, Opt


def suggest(
    notebook: Annotated[str, Arg("The notebook.", metavar="NB")],
    apply: Annotated[bool, Opt("--apply", help="Write the tags into the notebook.")] = False,
    as_json: Annotated[bool, Opt("--json", help="Print the suggestions as JSON.")] = False,
) -> int:
    """Suggest a tag for each cell that should have one, splitting the notebook at its headings."""
    from ...notebook.read import parse_document, read_document, write_notebook
    from ...notebook.suggest import apply_suggestions, suggest_steps
    from ..console import out, out_json

    document = read_document(notebook)
    found = suggest_steps(parse_document(document, Path(notebook)))
    if as_json:
        tags = [{"cell": suggestion.cell, "tag": suggestion.tag} for suggestion in found]
        out_json({"suggestions": tags, "applied": apply and bool(found)})
    elif not found:
        out("Nothing to suggest: the notebook has steps already, or no headings to split it at.")
    else:
        for suggestion in found:
            out(f"cell {suggestion.cell:<4} {suggestion.tag}")
    if apply and found:
        write_notebook(notebook, apply_suggestions(document, found))
    return 0
