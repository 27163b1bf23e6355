"""A server that does what a test tells it, on loopback, in a thread."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, dict[str, str], bytes]


class Server(ThreadingHTTPServer):
    """`answer` is asked for each request; None: the connection breaks without an answer."""

    daemon_threads = True

    def __init__(
        self, answer: Callable[[str, str, dict[str, str]], Answer | None], host: str
    ) -> None:
        super().__init__((host, 0), _Handler)
        self.answer = answer
        self.asked: list[tuple[str, str]] = []

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that leaves is no error."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is printed."""

    def _answer(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        self.rfile.read(length)
        path = self.path.partition("?")[0]
        self.server.asked.append((self.command, path))
        found = self.server.answer(self.command, path, dict(self.headers.items()))
        if found is None:
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        status, headers, body = found
        self.send_response(status)
        for name, value in {"content-length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_DELETE = _answer


@contextmanager
def serving(
    answer: Callable[[str, str, dict[str, str]], Answer | None],
    trust: ssl.SSLContext | None = None,
    host: str = "127.0.0.1",
) -> Iterator[tuple[Server, str]]:
    """The server and its URL."""
    server = Server(answer, host)
    if trust is not None:
        server.socket = trust.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    scheme = "http" if trust is None else "https"
    try:
        yield server, f"{scheme}://{host}:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def told(data: Any, status: int = 200, **headers: str) -> Answer:
    """JSON."""
    body = json.dumps(data).encode()
    return status, {"content-type": "application/json", **headers}, body


HEALTH = {"tag_name": "2.17.0", "multi_user": False}
