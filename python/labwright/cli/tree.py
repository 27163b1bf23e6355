"""Every command there is: its name, the module that has it, and one line about it.

A module is imported only when its command runs, so that no command pays for another.
"""

from __future__ import annotations

from importlib import import_module

from .spec import Entry, Group, Handler

COMMANDS: dict[str, Entry | Group] = {
    "run": Entry("run:run", "Run a notebook (or a compiled pipeline) as a pipeline."),
    "submit": Entry("submit:submit", "Send a pipeline to a target, and begin a run of it there."),
    "graph": Entry("graph:graph", "Show the steps of a notebook and what flows between them."),
    "compile": Entry("compile:compile_", "Compile a notebook for Kubeflow Pipelines (IR YAML)."),
    "component": Entry("component:component", "Write one step as a reusable KFP component."),
    "export": Entry("export:export", "Write the pipeline as readable kfp Python."),
    "verify": Entry("verify:verify", "Check that the pipeline gives the notebook's own outputs."),
    "exec": Entry("exec:exec_", "Execute a notebook top to bottom, without a kernel."),
    "suggest": Entry("suggest:suggest", "Suggest steps for a notebook, from its headings."),
    "runs": Group(
        "Look at the runs on this machine and on other targets, and steer them.",
        {
            "list": Entry("runs:list_", "List the runs, the newest first."),
            "show": Entry("runs:show", "Show one run: its steps, metrics and where things are."),
            "logs": Entry("logs:logs", "Print what the steps of a run wrote, or follow it."),
            "notebook": Entry("runs:notebook", "Write the executed notebook of a step."),
            "cancel": Entry("steer:cancel", "Cancel a run that is under way."),
            "retry": Entry("steer:retry", "Run the failed steps of a run again."),
            "resume": Entry("steer:resume", "Go on with a run that was cut off."),
            "archive": Entry("steer:archive", "Take runs out of the lists, and keep them."),
            "unarchive": Entry("steer:unarchive", "Bring archived runs back into the lists."),
            "delete": Entry("steer:delete", "Forget runs that are over, with their folders."),
        },
    ),
    "schedule": Group(
        "Have a target run a notebook by a timetable: `labwright schedule NB --cron '0 3 * * *'`.",
        {
            "create": Entry("schedule:create", "Make a schedule; the word may be left out."),
            "list": Entry("schedule:list_", "List the schedules, the newest first."),
            "show": Entry("schedule:show", "Show one schedule: when it runs, and what."),
            "pause": Entry("schedule:pause", "Have a schedule begin no more runs for now."),
            "unpause": Entry("schedule:unpause", "Have a schedule go on."),
            "delete": Entry("schedule:delete", "End a schedule; its runs stay."),
        },
        default="create",
    ),
    "servers": Group(
        "Notebook servers, on this machine and on other targets.",
        {
            "list": Entry("servers:list_", "List the servers, the newest first."),
            "create": Entry("server_steps:create", "Make a server and start it."),
            "show": Entry("servers:show", "Show one server: its state and why, what it has."),
            "open": Entry("servers:open_", "Open a server in the browser."),
            "logs": Entry("servers:logs", "Print what a server wrote, or follow it."),
            "start": Entry("server_steps:start", "Start a server that was stopped."),
            "stop": Entry("server_steps:stop", "Stop a server; its files stay."),
            "restart": Entry("server_steps:restart", "Restart a server, as it was changed."),
            "edit": Entry("server_steps:edit", "Change a server, or have its volumes grow."),
            "delete": Entry("server_steps:delete", "Delete a server, with its volumes or not."),
        },
    ),
    "volumes": Group(
        "Folders that outlive servers.",
        {
            "list": Entry("volumes:list_", "List the volumes, and who uses them."),
            "create": Entry("volumes:create", "Make a volume."),
            "resize": Entry("volumes:resize", "Have a volume grow."),
            "delete": Entry("volumes:delete", "Delete a volume that no server uses."),
        },
    ),
    "images": Group(
        "What servers can be made of.",
        {"list": Entry("images:list_", "List the images, and how many servers have them.")},
    ),
    "targets": Group(
        "Make the places where pipelines run known, and try them.",
        {
            "list": Entry("targets:list_", "List the targets, and contexts that could be added."),
            "add": Entry("targets:add", "Make a target known by a name."),
            "remove": Entry("targets:remove", "Forget a target."),
            "test": Entry("targets:try_", "Try whether targets answer."),
        },
    ),
    "install": Entry("install:install", "Print or apply the notebook controller's manifests."),
    "agent": Entry("agent:agent", "Run, inspect or end the agent, which runs what is queued."),
    "doctor": Entry("doctor:doctor", "Check that everything Labwright needs works here."),
}


def load(entry: Entry) -> Handler:
    """The handler of a command."""
    module, _, function = entry.target.partition(":")
    handler: Handler = getattr(import_module(f"labwright.cli.commands.{module}"), function)
    return handler


def find(words: list[str]) -> tuple[Entry, list[str]] | None:
    """The command that the words name exactly, and the words left for it."""
    node = COMMANDS.get(words[0]) if words else None
    rest = words[1:]
    if isinstance(node, Group):
        if node.means_default(rest):
            return node.commands[node.default], rest
        node = node.commands.get(rest[0]) if rest else None
        rest = rest[1:]
    return (node, rest) if node is not None else None
