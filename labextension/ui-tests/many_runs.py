"""Put runs directly into the store of LABWRIGHT_HOME: `python many_runs.py 5000`."""

import sys
from dataclasses import asdict
from datetime import datetime, timedelta, timezone

from labwright.targets.local import schema
from labwright.targets.local.store import RunRow, Store

STATES = ("SUCCEEDED", "SUCCEEDED", "FAILED", "SUCCEEDED", "CANCELED")


def main(count: int) -> None:
    now = datetime(2026, 1, 1, tzinfo=timezone.utc)

    def at(minutes: float) -> str:
        return (now + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    rows = [
        asdict(
            RunRow(
                f"many-{number:05}",
                f"many{number % 7}",
                STATES[number % len(STATES)],
                at(number),
                {"count": number},
                {},
                started_at=at(number),
                finished_at=at(number + 0.5),
                experiment=f"experiment {number % 3}",
            )
        )
        for number in range(count)
    ]
    store = Store()
    with store.transaction() as connection:
        connection.execute(schema.runs.insert(), rows)
    store.close()


main(int(sys.argv[1]))
