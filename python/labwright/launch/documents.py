"""Compiled pipelines as files, ours or the kfp SDK's, and the parameters given for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import LabwrightError

COMPILED = (".yaml", ".yml")


def is_compiled(path: str) -> bool:
    """Whether the file is a compiled pipeline rather than a notebook."""
    return Path(path).suffix.lower() in COMPILED


def parameter_texts(param: Sequence[str]) -> dict[str, Any]:
    """`-p NAME=VALUE` options as a mapping; the last of a name counts."""
    from ..batch.parameters import split

    return dict(split(text) for text in param)


def read_compiled(path: str) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """The pipeline spec in a YAML file, and the platform document if there is one."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        documents = list(yaml.load_all(Path(path).read_text(encoding="utf-8"), loader))
    except FileNotFoundError:
        raise LabwrightError("no such file", where=path, hint="check the path") from None
    except OSError as error:
        raise LabwrightError(f"cannot read the file: {error.strerror}", where=path) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        what = " ".join(str(error).split())
        raise LabwrightError(f"not YAML: {what}", where=path) from None
    found = [document for document in documents if isinstance(document, dict)]
    specs = [document for document in found if "root" in document and "pipelineInfo" in document]
    if len(specs) != 1:
        raise LabwrightError(
            "not a compiled pipeline: it has no `pipelineInfo` and `root`",
            where=path,
            hint="`labwright compile` and the kfp SDK's compiler write such files",
        )
    platforms = [document for document in found if "platforms" in document]
    return specs[0], platforms[0] if platforms else None


_TYPES = {
    "NUMBER_INTEGER": "int",
    "NUMBER_DOUBLE": "float",
    "STRING": "str",
    "BOOLEAN": "bool",
    "LIST": "list",
    "STRUCT": "dict",
    "TASK_FINAL_STATUS": "dict",
}


def compiled_parameters(
    spec: Mapping[str, Any], texts: Mapping[str, Any], where: str
) -> dict[str, Any]:
    """The values given for a compiled pipeline, typed as it declares; what has none is an error."""
    from ..notebook.model import Parameter
    from ..notebook.parameters import coerce
    from ..notebook.place import did_you_mean

    inputs = spec["root"].get("inputDefinitions", {}).get("parameters", {})
    values = {}
    for name, text in texts.items():
        if name not in inputs:
            hint = did_you_mean(name, list(inputs)) or f"it has {', '.join(inputs) or 'none'}"
            raise LabwrightError(f"the pipeline has no parameter {name!r}", where=where, hint=hint)
        kind: Any = _TYPES.get(inputs[name].get("parameterType"), "str")
        values[name] = coerce(Parameter(name, kind, inputs[name].get("defaultValue"), 0), text)
    for name, declared in inputs.items():
        optional = declared.get("isOptional") or "defaultValue" in declared
        if name not in values and not optional:
            raise LabwrightError(
                f"parameter {name!r} has no default and no value",
                where=where,
                hint=f"give it: -p {name}=VALUE",
            )
    return values
