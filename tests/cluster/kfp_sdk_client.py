"""The kfp SDK as a client of a KFP server: `python kfp_sdk_client.py ENDPOINT IR`, in its own
environment. The last line it prints is JSON on what it saw."""

from __future__ import annotations

import json
import sys

import kfp


def main(endpoint: str, ir: str) -> None:
    """Upload, run, list, terminate, and plan a recurring run."""
    client = kfp.Client(host=endpoint)
    pipeline = client.upload_pipeline(ir, pipeline_name="by-the-sdk").pipeline_id
    [version] = client.list_pipeline_versions(pipeline).pipeline_versions
    experiment = client.create_experiment("by-the-sdk").experiment_id
    what = {"pipeline_id": pipeline, "version_id": version.pipeline_version_id}
    run = client.run_pipeline(experiment, "once", **what).run_id
    listed = [item.run_id for item in client.list_runs(experiment_id=experiment).runs]
    client.terminate_run(run)
    recurring = client.create_recurring_run(
        experiment, "yearly", cron_expression="0 0 0 1 1 *", **what
    )
    told = {
        "listed": listed == [run],
        "state": client.get_run(run).state,
        "recurring": recurring.status,
    }
    client.delete_recurring_run(recurring.recurring_run_id)
    print(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
