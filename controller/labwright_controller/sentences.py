"""What Kubernetes says, in the words of somebody who wants to use a notebook."""

from __future__ import annotations

import re

_QUOTA = re.compile(
    r"exceeded quota: (?P<name>[^,]+), requested: (?P<asked>.+), used: (?P<used>.+), "
    r"limited: (?P<limit>.+)"
)
_LIMITS = re.compile(r"failed quota: (?P<name>[^:]+): must specify (?P<what>.+)")
_INSUFFICIENT = re.compile(r"Insufficient ([\w./-]*\w)")
_NO_ACCOUNT = re.compile(r'serviceaccount "(?P<name>[^"]+)" not found')

_CONTAINER = {
    "ErrImagePull": "The image cannot be pulled",
    "ImagePullBackOff": "The image cannot be pulled",
    "InvalidImageName": "The image's name makes no sense",
    "CreateContainerConfigError": "The server's settings name something that is not there",
    "CreateContainerError": "The container cannot be made",
    "CrashLoopBackOff": "The server ends each time it is started; its log says why",
    "RunContainerError": "The container cannot be started",
}


def refusal(message: str) -> str:
    """Why something was not made, from the message of an event or of the API server."""
    found = _QUOTA.search(message)
    if found:
        return (
            f"The quota {found['name']} of this namespace is used up: {found['asked']} more is"
            f" wanted, {found['used']} is used, {found['limit']} is allowed."
        )
    found = _LIMITS.search(message)
    if found:
        return f"The quota {found['name']} of this namespace wants to know {found['what']}."
    found = _NO_ACCOUNT.search(message)
    if found:
        return f"There is no service account {found['name']} in this namespace."
    if "violates PodSecurity" in message:
        why = message.partition("violates PodSecurity")[2].partition(": ")[2]
        return f"This namespace does not allow such a pod: {why}."
    return _sentence(message)


def unschedulable(message: str) -> str:
    """Why no node takes the pod."""
    if "unbound immediate PersistentVolumeClaims" in message:
        return "Its volume is being provided."
    if "persistentvolumeclaim" in message and "not found" in message:
        return f"A volume claim is missing: {message}"
    lacking = sorted(set(_INSUFFICIENT.findall(message)))
    if lacking:
        return (
            f"No node has enough {', '.join(lacking)} left: {message.partition(' preemption:')[0]}"
        )
    return f"No node takes the server: {_sentence(message)}"


def container_waits(reason: str, message: str) -> str:
    """Why a container is not running; an empty reason means it is being prepared."""
    if reason in _CONTAINER:
        return f"{_CONTAINER[reason]}: {message}" if message else f"{_CONTAINER[reason]}."
    if reason in ("", "ContainerCreating", "PodInitializing"):
        return "The image is being pulled and volumes are being attached."
    return _sentence(f"{reason}: {message}" if message else reason)


def is_failure(reason: str) -> bool:
    """Whether a container that waits for this reason needs somebody's help."""
    return reason in _CONTAINER


def container_ended(reason: str, exit_code: int) -> str:
    """Why a container is not running any more."""
    if reason == "OOMKilled":
        return "The server took more memory than it may and was ended."
    return f"The server ended with exit code {exit_code}."


def _sentence(message: str) -> str:
    message = message.strip()
    return message if message.endswith((".", "!", "?")) else f"{message}."
