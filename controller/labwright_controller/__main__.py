"""`labwright-controller`: run the notebook controller until it is stopped."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from contextlib import AsyncExitStack

import kopf

from labwright_controller import health
from labwright_controller.api import Api
from labwright_controller.leader import LeadershipLost, Lease
from labwright_controller.login import login
from labwright_controller.operator import Operator
from labwright_controller.settings import Settings, from_environment
from labwright_controller.webhooks import Webhooks

log = logging.getLogger("labwright_controller")


async def serve(settings: Settings) -> None:
    """Be the controller, or wait to become it."""
    async with Api(login) as api:
        operator = Operator(settings, api)
        async with AsyncExitStack() as stack:
            listener = await health.listen(settings.listen, api, operator)
            stack.push_async_callback(listener.cleanup)
            if settings.webhooks:
                await stack.enter_async_context(Webhooks(settings, api).serving())
            if settings.elect:
                await _lead(Lease(api, settings.namespace, settings.identity), operator)
            else:
                await operator.run()


async def _lead(lease: Lease, operator: Operator) -> None:
    await lease.acquire()
    keeping = asyncio.create_task(lease.keep())
    working = asyncio.create_task(operator.run())
    await asyncio.wait([keeping, working], return_when=asyncio.FIRST_COMPLETED)
    if keeping.done():
        # Another may be at work: no time for anything graceful.
        await keeping
    keeping.cancel()
    await working
    await lease.release()


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="labwright-controller",
        description="The controller of notebook servers on Kubernetes. Its settings are"
        " environment variables: see docs/controller.md.",
    )
    parser.parse_args()
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    try:
        settings = from_environment()
        asyncio.run(serve(settings))
    except (ValueError, kopf.LoginError) as error:
        sys.exit(f"labwright-controller: {error}")
    except LeadershipLost:
        sys.exit("labwright-controller: the lease was lost; another may lead now")


if __name__ == "__main__":
    main()
