"""The entry of a step's process: arguments in, exit status out."""

from __future__ import annotations

import base64
import json
import sys
import zlib
from typing import Any, Dict, List, Optional

from .execute import Step
from .interrupt import Interrupted, Watch
from .task import Task


def main(argv: Optional[List[str]] = None) -> int:
    """Run one step; gives the exit status: 0 succeeded or skipped, 1 failed, 143 terminated."""
    options = _options(sys.argv[1:] if argv is None else argv)
    sys.argv[:] = [""]  # to the cells this is a notebook, which has no arguments
    program = decode_program(options["program"])
    step = Step(program, Task.parse(options["executor_input"]))

    def leave(stop: Interrupted) -> None:
        step.report.fail(stop.ename, str(stop), cell=step.cell)
        step.finish()

    watch = Watch(leave, program.get("timeout"))
    watch.start()
    step.run()
    watch.close()
    step.finish()
    if step.report.error is not None:
        error = step.report.error
        print("labwright: %(ename)s: %(evalue)s" % error, file=sys.stderr, flush=True)
    if watch.stopped is not None:
        return watch.stopped.status
    return 0 if step.report.state in ("SUCCEEDED", "SKIPPED") else 1


def encode_program(program: Dict[str, Any]) -> str:
    """A step program as the text that its command carries."""
    data = json.dumps(program, sort_keys=True, separators=(",", ":")).encode("utf-8")
    return base64.b64encode(zlib.compress(data, 9)).decode("ascii")


def decode_program(text: str) -> Dict[str, Any]:
    program: Dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(text)))
    if program.get("version") != 1:
        raise SystemExit("labwright: this step was compiled by a newer Labwright")
    return program


def _options(argv: List[str]) -> Dict[str, str]:
    """`--name value` and `--name=value`; the loader's own options are passed over."""
    found: Dict[str, str] = {}
    words = iter(argv)
    for word in words:
        name, has_value, value = word.partition("=")
        if name.startswith("--"):
            found[name[2:].replace("-", "_")] = value if has_value else next(words, "")
    for name in ("program", "executor_input"):
        if name not in found:
            raise SystemExit("labwright: a step needs --%s" % name)
    return found


if __name__ == "__main__":
    sys.exit(main())
