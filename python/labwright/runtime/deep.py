"""Work that recurses as deep as the user's data does."""

from __future__ import annotations

import sys
import threading
from typing import Any, Callable, List

STACK_BYTES = 512 << 20
LIMIT = 300_000


def deep(work: Callable[[], Any]) -> Any:
    """Call `work`; when it recurses too deeply for this thread, once more on a far larger stack."""
    try:
        return work()
    except RecursionError:
        pass
    except Exception as error:
        if not isinstance(error.__cause__, RecursionError):
            raise
    outcome: List[Any] = []

    def again() -> None:
        try:
            outcome.extend((True, work()))
        except BaseException as error:
            outcome.extend((False, error))

    limit, size = sys.getrecursionlimit(), threading.stack_size(STACK_BYTES)
    sys.setrecursionlimit(LIMIT)
    try:
        thread = threading.Thread(target=again)
        thread.start()
        thread.join()
    finally:
        sys.setrecursionlimit(limit)
        threading.stack_size(size)
    if not outcome[0]:
        raise outcome[1]
    return outcome[1]
