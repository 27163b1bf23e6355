"""/healthz, /readyz and /metrics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from labwright_controller.api import Api
from labwright_controller.operator import Operator


class ControllerMetrics(Collector):
    """Read when asked for, from where the controller itself keeps them."""

    def __init__(self, api: Api, operator: Operator) -> None:
        self._api = api
        self._operator = operator

    def collect(self) -> Iterator[Metric]:
        """All of them."""
        operator = self._operator
        queue = operator.notebooks
        yield _gauge("labwright_queue_length", "Notebooks that wait for a worker", len(queue))
        yield _counter("labwright_reconciles", "Looks at a Notebook", queue.done)
        yield _counter("labwright_reconcile_errors", "Looks that failed", queue.failed)
        yield _counter("notebook_culling", "Servers stopped for being idle", operator.culler.culled)
        calls = CounterMetricFamily("labwright_api_calls", "Calls to the API", labels=["verb"])
        for verb, count in self._api.calls.items():
            calls.add_metric([verb], count)
        yield calls
        states = Counter(
            body.get("status", {}).get("state", "Waiting")
            for body in operator.cache.all("Notebook").values()
        )
        notebooks = GaugeMetricFamily("labwright_notebooks", "Notebooks", labels=["state"])
        for state, number in sorted(states.items()):
            notebooks.add_metric([state], number)
        yield notebooks
        expired = sum(watch.expired for watch in operator.watches)
        yield _counter("labwright_watches_expired", "Watches that had to list anew", expired)
        yield _gauge("notebook_running", "Servers that run", states["Running"])


def _gauge(name: str, what: str, value: float) -> Metric:
    return GaugeMetricFamily(name, what, value)


def _counter(name: str, what: str, value: float) -> Metric:
    return CounterMetricFamily(name, what, value)


async def listen(where: str, api: Api, operator: Operator) -> web.AppRunner:
    """Answer probes and scrapes; the runner is to be cleaned up."""
    registry = CollectorRegistry()
    registry.register(ControllerMetrics(api, operator))
    registry.register(operator.startups.histogram)

    async def healthz(_: web.Request) -> web.Response:
        return web.Response(text="ok")

    async def readyz(_: web.Request) -> web.Response:
        # A controller that waits for the lease is ready, too: to take over.
        return web.Response(text="leads" if operator.ready.is_set() else "stands by")

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(registry), content_type="text/plain")

    app = web.Application()
    app.add_routes(
        [
            web.get("/healthz", healthz),
            web.get("/readyz", readyz),
            web.get("/metrics", metrics),
        ]
    )
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    host, _, port = where.rpartition(":")
    await web.TCPSite(runner, host, int(port)).start()
    return runner
