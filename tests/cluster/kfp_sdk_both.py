"""The kfp SDK beside another client: `python kfp_sdk_both.py ENDPOINT IR SEEN`, in its own
environment. SEEN is JSON on what the other has made. The last line it prints is JSON: whether it
sees that, and the ids of what it made itself."""

from __future__ import annotations

import json
import sys

import kfp


def main(endpoint: str, ir: str, seen: str) -> None:
    """Look for the other's things, then make one of each kind."""
    client, made = kfp.Client(host=endpoint), json.loads(seen)
    pipeline, version = made["pipeline"], made["version"]
    listed = client.list_runs(page_size=100).runs or []
    sees = {
        "pipeline": client.get_pipeline(pipeline).display_name == made["name"],
        "version": client.get_pipeline_version(pipeline, version).display_name == made["name"],
        "run": made["run"] in [one.run_id for one in listed],
        "recurring": client.get_recurring_run(made["recurring"]).display_name == made["name"],
    }
    name = f"{made['name']}-by-the-sdk"
    own = client.upload_pipeline(ir, pipeline_name=name).pipeline_id
    [first] = client.list_pipeline_versions(own).pipeline_versions
    experiment = client.create_experiment(name).experiment_id
    what = {"pipeline_id": own, "version_id": first.pipeline_version_id}
    run = client.run_pipeline(experiment, name, **what).run_id
    recurring = client.create_recurring_run(
        experiment, name, cron_expression="0 0 0 1 1 *", **what
    ).recurring_run_id
    ids = {"pipeline": own, "version": first.pipeline_version_id, "run": run}
    print(json.dumps({"sees": sees, "name": name, "made": {**ids, "recurring": recurring}}))


if __name__ == "__main__":
    main(*sys.argv[1:])
