"""`labwright doctor`: does everything Labwright needs work on this machine?"""

from typing import Annotated

from ..spec import Opt


def doctor(
    as_json: Annotated[bool, Opt("--json", help="Print what was found as JSON.")] = False,
) -> int:
    """Check Python, packages, folders, the store, kernels, GPUs, targets; run a small pipeline.

    Exit status 1 says that something is broken.
    """
    from ..console import out, out_json
    from ..health import examine

    checks = examine()
    broken = any(check.state == "broken" for check in checks)
    if as_json:
        out_json({"ok": not broken, "checks": [check.to_json() for check in checks]})
    else:
        width = max(len(check.name) for check in checks)
        for check in checks:
            out(f"{check.name:<{width}}  {check.state:<7}  {check.detail}")
    return 1 if broken else 0
