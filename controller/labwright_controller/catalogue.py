"""The image that a name of the catalogue means. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from labwright_controller.kinds import Object


@dataclass(frozen=True)
class Resolved:
    """An image, or why there is none, and what the server's user should know."""

    image: str | None = None
    problem: str = ""
    notes: list[str] = field(default_factory=list)


def resolve(name: str, images: Mapping[str, Object]) -> Resolved:
    """Follow redirects from a name to an image, pinned by its digest if there is one."""
    notes: list[str] = []
    seen: list[str] = []
    while True:
        if name in seen:
            return Resolved(problem=f"The images {', '.join(seen)} redirect to each other.")
        seen.append(name)
        found = images.get(name)
        if found is None:
            how = f", to which {seen[-2]} redirects" if len(seen) > 1 else ""
            return Resolved(problem=f"There is no image {name} in the catalogue{how}.")
        spec = found["spec"]
        if "redirect" not in spec:
            break
        message = spec["redirect"].get("message") or f"it redirects to {spec['redirect']['to']}"
        notes.append(f"The image {name} is not used any more: {message}.")
        name = spec["redirect"]["to"]
    if spec.get("deprecated"):
        notes.append(f"The image {name} is deprecated.")
    return Resolved(pinned(spec), notes=notes)


def pinned(spec: Object) -> str:
    """The reference, fixed by its digest; a tag before that tells people what it is."""
    reference: str = spec["reference"]
    return f"{reference}@{spec['digest']}" if "digest" in spec else reference
