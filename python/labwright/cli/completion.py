"""Values the shell offers where an argument names something that this machine knows."""

from __future__ import annotations


def values(source: str) -> list[str]:
    """The known values of a kind; nothing at all rather than an error in the middle of a line."""
    try:
        return _SOURCES[source]()
    except Exception:
        return []


def _runs() -> list[str]:
    from ..targets.local.store import Store

    return [run.run_id for run in Store().runs()]


def _targets() -> list[str]:
    from ..targets.config import KnownTargets

    return [target.name for target in KnownTargets().all()]


def _servers() -> list[str]:
    from ..targets.local.servers.rows import server_rows
    from ..targets.local.store import Store

    return [row.name for row in server_rows(Store())]


def _volumes() -> list[str]:
    from ..targets.local.servers.views import volume_names
    from ..targets.local.store import Store

    return sorted(volume_names(Store()))


_SOURCES = {"runs": _runs, "targets": _targets, "servers": _servers, "volumes": _volumes}
