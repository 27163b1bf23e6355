"""The text a step's command starts with: it unpacks the runtime in memory and runs the step.

Nothing is installed and nothing is written: the modules are imported from the argument itself. A
warm process that already holds the same runtime uses that one.
"""

from __future__ import annotations

PACKAGE = "labwright_runtime"
# cloudpickle's own source, under this name in the package.
CARRIED = "_cloudpickle"

# Makes the runtime in `_bundle` importable, once. A process that forks steps runs this beforehand.
INSTALL = """\
import base64, hashlib, importlib, importlib.abc, importlib.util, json, sys, zlib
_digest = hashlib.sha256(_bundle.encode()).hexdigest()
if getattr(sys.modules.get("labwright_runtime"), "__digest__", None) != _digest:
    for _name in [n for n in sys.modules if n.split(".")[0] == "labwright_runtime"]:
        del sys.modules[_name]
    class _LabwrightFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
        def __init__(self, sources):
            self.sources = sources
        def find_spec(self, name, path=None, target=None):
            if name in self.sources:
                package = name == "labwright_runtime"
                return importlib.util.spec_from_loader(name, self, is_package=package)
        def get_source(self, name):
            return self.sources[name]
        def exec_module(self, module):
            name = module.__name__
            exec(compile(self.sources[name], "<%s>" % name, "exec"), module.__dict__)
    sys.meta_path[:] = [f for f in sys.meta_path if type(f).__name__ != "_LabwrightFinder"]
    _sources = json.loads(zlib.decompress(base64.b64decode(_bundle)))
    sys.meta_path.insert(0, _LabwrightFinder(_sources))
    importlib.import_module("labwright_runtime").__digest__ = _digest
"""

LOADER = (
    """\
import sys
def _option(name):
    for spot, word in enumerate(sys.argv):
        if word == name:
            return sys.argv[spot + 1]
        if word.startswith(name + "="):
            return word[len(name) + 1:]
    sys.exit("labwright: a step needs " + name)
_bundle = _option("--runtime")
"""
    + INSTALL
    + """\
sys.exit(importlib.import_module("labwright_runtime.main").main())
"""
)
