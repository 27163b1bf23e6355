"""Servers in pods, played."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@contextmanager
def idle_server(answers: bool) -> Iterator[tuple[str, list[str]]]:
    """Answers like a Jupyter server without kernels, or refuses to; and what it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200 if answers else 403)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(b"[]")

        def log_message(self, *_: object) -> None:
            pass

    with _served(Handler) as url:
        yield url, asked


@contextmanager
def answering(pages: dict[str, Any]) -> Iterator[str]:
    """Answers with JSON, or with a text as it is; 404 beside."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            self.send_response(200 if path in pages else 404)
            self.end_headers()
            page = pages.get(path, "")
            self.wfile.write((page if isinstance(page, str) else json.dumps(page)).encode())

        def log_message(self, *_: object) -> None:
            pass

    with _served(Handler) as url:
        yield url


@contextmanager
def _served(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            # A thread that serves a closed socket spins for as long as the process lives.
            server.shutdown()
