"""A server that answers the two clients at once, so that what is measured is the clients."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

RUNS = 1000
_TIME = "2026-01-01T00:00:00Z"


def run(number: int) -> dict[str, Any]:
    """A run of three steps that is over, as KFP's API server tells of it."""
    tasks = [
        {
            "run_id": f"run-{number}",
            "task_id": f"task-{number}-{position}",
            "display_name": name,
            "create_time": _TIME,
            "start_time": _TIME,
            "end_time": _TIME,
            "state": "SUCCEEDED",
            "state_history": [{"update_time": _TIME, "state": "SUCCEEDED"}],
            "child_tasks": [{"pod_name": f"pod-{number}-{position + 1}"}],
        }
        for position, name in enumerate(("root", "load", "load-driver", "train", "train-driver"))
    ]
    return {
        "experiment_id": "experiment",
        "run_id": f"run-{number}",
        "display_name": f"run number {number}",
        "storage_state": "AVAILABLE",
        "pipeline_version_reference": {"pipeline_id": "p", "pipeline_version_id": "v"},
        "runtime_config": {"parameters": {"rows": number, "rate": 0.5}},
        "service_account": "pipeline-runner",
        "created_at": _TIME,
        "scheduled_at": _TIME,
        "finished_at": _TIME,
        "state": "SUCCEEDED",
        "run_details": {"task_details": tasks},
        "state_history": [{"update_time": _TIME, "state": "SUCCEEDED"}],
    }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = parse_qs(parts.query)
        if parts.path.endswith("/runs"):
            begin = int(query.get("page_token", ["0"])[0] or 0)
            size = int(query.get("page_size", ["20"])[0])
            end = min(begin + size, RUNS)
            page = {"runs": [run(one) for one in range(begin, end)], "total_size": RUNS}
            self._answer({**page, "next_page_token": str(end)} if end < RUNS else page)
        else:
            self._answer({"tag_name": "2.17.0", "multi_user": False})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._answer(run(0))

    def _answer(self, data: dict[str, Any]) -> None:
        body = json.dumps(data).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""


@contextmanager
def serving() -> Iterator[str]:
    """The server's address, for as long as it serves."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
