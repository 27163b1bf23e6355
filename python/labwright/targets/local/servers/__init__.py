"""Notebook servers on this machine: Jupyter servers that the agent starts, watches and stops.

A server is a process in a session of its own. Its lock file is held by the process itself, so
that any agent, also one that comes after a `kill -9`, knows whether it lives.
"""
