"""`labwright-controller`: run the notebook controller until it is stopped."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys

import kopf

from labwright_controller import health
from labwright_controller.api import Api
from labwright_controller.leader import LeadershipLost, Lease
from labwright_controller.login import login
from labwright_controller.operator import Operator
from labwright_controller.settings import Settings, from_environment

log = logging.getLogger("labwright_controller")


async def serve(settings: Settings) -> None:
    """Be the controller, or wait to become it."""
    async with Api(login) as api:
        operator = Operator(settings, api, login)
        listener = await health.listen(settings.listen, api, operator)
        try:
            if settings.elect:
                await _lead(Lease(api, settings.namespace, settings.identity), operator)
            else:
                await operator.run()
        finally:
            await listener.cleanup()


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
    parser.add_argument("--verbose", action="store_true", help="log what the watches do, too")
    arguments = parser.parse_args()
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    logging.getLogger("kopf").setLevel(logging.DEBUG if arguments.verbose else logging.WARNING)
    try:
        settings = from_environment()
        asyncio.run(serve(settings))
    except (ValueError, kopf.LoginError) as error:
        sys.exit(f"labwright-controller: {error}")
    except LeadershipLost:
        sys.exit("labwright-controller: the lease was lost; another may lead now")


if __name__ == "__main__":
    main()
