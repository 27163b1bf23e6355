"""The agent: one process per user that owns queued runs, so that none dies with who asked for it.

It executes nothing itself. Each run is a process of its own; the agent starts it when there is
room, follows its journal, and tells whoever listens. An agent that is killed loses nothing: the
store has the queue, and the runs go on.
"""
