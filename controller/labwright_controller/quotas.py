"""Which limits a namespace's quotas want from every container. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from labwright_controller.kinds import Object


def needed_limits(quotas: Iterable[Object], ranges: Iterable[Object]) -> list[str]:
    """Resources that a quota limits and no LimitRange gives a default for."""
    hard = {name for quota in quotas for name in quota.get("spec", {}).get("hard", {})}
    wanted = {name.removeprefix("limits.") for name in hard if name.startswith("limits.")}
    given = {
        name
        for limit_range in ranges
        for limit in limit_range.get("spec", {}).get("limits", ())
        if limit.get("type") == "Container"
        for name in limit.get("default", {})
    }
    return sorted(wanted - given)
