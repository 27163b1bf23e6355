"""The process of one run out of the queue: `python -m labwright.targets.local.agent.child RUN`."""

from __future__ import annotations

import sys

from ..engine import run_queued
from ..store import Store


def main(run_id: str) -> int:
    """Run it to its end. What goes wrong is written down with the run, or in its engine's log."""
    store = Store()
    try:
        run_queued(run_id, store)
    finally:
        store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
