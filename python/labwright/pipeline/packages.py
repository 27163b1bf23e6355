"""A step's extra packages: installed when it starts, only where they are missing."""

from __future__ import annotations

from collections.abc import Sequence

# Runs in the step's container, before the loader, on whatever Python the image has.
_INSTALL = """\
def _install(requirements):
    import re, subprocess, sys
    try:
        from importlib.metadata import version
    except ImportError:
        version = None
    missing = []
    plain = r"\\s*([A-Za-z0-9][\\w.-]*)\\s*(?:==\\s*([\\w.+!-]+))?\\s*$"
    for requirement in requirements:
        found = re.match(plain, requirement)
        try:
            if found and version and version(found[1]) == (found[2] or version(found[1])):
                continue
        except Exception:
            pass
        missing.append(requirement)
    if missing:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        if subprocess.call(pip + missing):
            sys.exit("labwright: could not install " + ", ".join(missing))
_install(%r)
del _install
"""


def installing(requirements: Sequence[str], loader: str) -> str:
    """`loader`, preceded by the installation of what `requirements` names and is not there."""
    return _INSTALL % (list(requirements),) + loader if requirements else loader
