"""Names that Kubernetes takes, whatever the Notebook is called.

A Notebook may be called what its API server lets through (253 characters, dots), but a StatefulSet,
whose pods carry its name and a hash in a label, has 52 characters, and a Service's name is a DNS
label. Names that fit stay as they are, so that Kubeflow's objects are found again.
"""

from __future__ import annotations

import hashlib
import re

STATEFUL_SET = 52
LABEL = 63
SUBDOMAIN = 253

_DNS_LABEL = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
# What `safe` itself makes: a name a user chose in this form must not meet one that was made.
_MADE = re.compile(r".*---[0-9a-f]{8}")


def safe(name: str, limit: int = STATEFUL_SET) -> str:
    """The name itself if it is a DNS label that fits, else its start and a hash of it."""
    if len(name) <= limit and _DNS_LABEL.fullmatch(name) and not _MADE.fullmatch(name):
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    start = re.sub(r"[^a-z0-9-]+", "-", name.lower())[: limit - 11].strip("-")
    if not start[:1].isalpha():
        start = f"n-{start}"[: limit - 11].strip("-")
    return f"{start}---{digest}"


def safe_container(name: str) -> str:
    """The name of a container: Kubeflow's web app calls it like the Notebook, however long."""
    return name if re.fullmatch(r"(?!-)[-a-z0-9]{1,63}(?<!-)", name) else safe(name, LABEL)


def safe_subdomain(name: str) -> str:
    """The name of an object that need only be a DNS subdomain, such as a VirtualService."""
    if len(name) <= SUBDOMAIN:
        return name
    return f"{name[: SUBDOMAIN - 11].strip('-.')}---{hashlib.sha256(name.encode()).hexdigest()[:8]}"
