"""What is refused before it is stored, and what is filled in. Pure.

Only what its author can put right: the rest is for the status to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from labwright_controller import catalogue, claims
from labwright_controller.builders.statefulset import CannotBuild, stateful_set
from labwright_controller.culling import duration
from labwright_controller.differences import quantity
from labwright_controller.kinds import Object
from labwright_controller.settings import Settings


def notebook_problems(notebook: Object, images: Mapping[str, Object]) -> list[str]:
    """Why a Notebook cannot become a server, in sentences."""
    spec = notebook.get("spec", {})
    problems = []
    image = spec.get("image")
    resolved = catalogue.resolve(image, images) if image else catalogue.Resolved()
    if resolved.problem:
        problems.append(resolved.problem)
    try:
        built = stateful_set(_named(notebook), Settings(), resolved.image or image)
    except CannotBuild as error:
        return [*problems, str(error)]
    pod = built["spec"]["template"]["spec"]
    mounts = [mount["mountPath"] for mount in pod["containers"][0].get("volumeMounts") or ()]
    problems += [f"Two volumes are mounted at {path}." for path in _twice(mounts)]
    names = [volume["name"] for volume in pod.get("volumes") or ()]
    problems += [f"Two volumes are called {name}." for name in _twice(names)]
    made = [claims.claim_name(notebook, volume) for volume in claims.volumes(notebook)]
    problems += [f"Two volumes are the claim {name}." for name in _twice(made)]
    for container in pod["containers"]:
        problems += _limits_below_requests(container)
    idle_after = spec.get("culling", {}).get("idleAfter", "never")
    if idle_after != "never" and not duration(idle_after):
        problems.append("An idleAfter of nothing would stop the server at once; `never` never.")
    return problems


def image_problems(image: Object, images: Mapping[str, Object]) -> list[str]:
    """Why an image cannot be put into the catalogue."""
    name = image["metadata"]["name"]
    problem = catalogue.resolve(name, {**images, name: image}).problem
    return [problem] if problem else []


def removal_problem(name: str, images: Iterable[Object], notebooks: Iterable[Object]) -> str | None:
    """Why an image cannot be taken out of the catalogue: who uses it."""
    users = sorted(
        "{namespace}/{name}".format(**notebook["metadata"])
        for notebook in notebooks
        if notebook.get("spec", {}).get("image") == name
    )
    redirected = sorted(
        image["metadata"]["name"]
        for image in images
        if image["spec"].get("redirect", {}).get("to") == name
    )
    if users:
        more = f" and {len(users) - 3} more" if len(users) > 3 else ""
        return (
            f"The image {name} is used by {', '.join(users[:3])}{more}: set its `redirect`, or"
            " `hidden`, instead."
        )
    if redirected:
        return f"The image {name} is where {', '.join(redirected)} redirects to."
    return None


def defaults(notebook: Object, form: Object) -> list[Object]:
    """A JSON patch with what a new Notebook does not say and the spawner form's defaults do.

    Args:
        notebook: as it was sent.
        form: `spawnerFormDefaults` of a spawner_ui_config.yaml.
    """
    spec = notebook.get("spec") or {}
    container: Object = ((spec.get("template", {}).get("spec") or {}).get("containers") or [{}])[0]
    patch: list[Object] = []
    if not spec.get("image") and not container:
        image = _value(form, "image")
        if image:
            first = {"name": notebook["metadata"].get("name", "notebook"), "image": image}
            template = {"spec": {"containers": [first]}}
            new = {"op": "add", "path": "/spec", "value": {**spec, "template": template}}
            patch.append(new)
    if not container.get("resources") and not spec.get("resources"):
        resources = _resources(form)
        if resources:
            patch.append({"op": "add", "path": "/spec/resources", "value": resources})
    if patch and "spec" not in notebook and patch[0]["path"] != "/spec":
        patch.insert(0, {"op": "add", "path": "/spec", "value": {}})
    return patch


def _resources(form: Object) -> Object:
    requests: dict[str, str] = {}
    limits: dict[str, str] = {}
    for resource in ("cpu", "memory"):
        value = _value(form, resource)
        if not value:
            continue
        requests[resource] = str(value)
        factor = form[resource].get("limitFactor", "none")
        number = quantity(value)
        if number is not None and factor not in ("none", None, ""):
            limit = (number * _factor(factor)).normalize()
            limits[resource] = f"{limit:f}" if resource == "cpu" else str(int(limit))
    found: Object = {"requests": requests} if requests else {}
    return {**found, "limits": limits} if limits else found


def _factor(factor: Any) -> Any:
    """A factor as a number; one that is none counts as 1."""
    return quantity(factor) or quantity("1")


def _value(form: Object, key: str) -> Any:
    return (form.get(key) or {}).get("value")


def _limits_below_requests(container: Object) -> list[str]:
    resources = container.get("resources") or {}
    limits = resources.get("limits") or {}
    found = []
    for name, request in (resources.get("requests") or {}).items():
        wanted, limit = quantity(request), quantity(limits.get(name))
        if wanted is not None and limit is not None and limit < wanted:
            found.append(f"The limit of {name} ({limits[name]}) is below its request ({request}).")
    return found


def _named(notebook: Object) -> Object:
    # A Notebook that is being made has no uid yet.
    return {**notebook, "metadata": {"uid": "", "namespace": "", **notebook["metadata"]}}


def _twice(values: list[str]) -> list[str]:
    return sorted({value for value in values if values.count(value) > 1})
