"""The targets a user knows by name: listed in a file, opened by name.

The file is `targets.json` in `LABWRIGHT_HOME`, or in `labwright` in Jupyter's configuration folder.
It holds no secrets (see `secrets`). Two targets are there without it: `local`, and `cluster` for a
process that runs in a Kubeflow cluster.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from ..errors import LabwrightError
from .local.locks import locked
from .local.rundir import read_json
from .protocols import Kind, PipelineTarget
from .secrets import Place, Secrets, write_private

if TYPE_CHECKING:
    from .blocking import BlockingTarget

LOCAL, CLUSTER = "local", "cluster"
AuthKind = Literal["none", "token", "token-file", "header", "cookie"]
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


@dataclass(frozen=True)
class Auth:
    """How one says who one is. The value of `token`, `header` and `cookie` is a secret.

    `name` is the header's; `path` the token's file, which is read anew for every request. With a
    kubeconfig `context` and kind `none`, the context's own login counts.
    """

    kind: AuthKind = "none"
    name: str = ""
    path: str = ""
    secret: Place | None = None


@dataclass(frozen=True)
class Tls:
    """`ca` is trusted instead of the system's authorities; `cert` and `key` are the user's own."""

    ca: str = ""
    cert: str = ""
    key: str = ""
    insecure: bool = False


@dataclass(frozen=True)
class KnownTarget:
    """A target as the file has it.

    One of `endpoint` (the URL of KFP's API, or of Kubeflow's central dashboard with `/pipeline`),
    `context` (of a kubeconfig; KFP is reached through the Kubernetes API) or `in_cluster`.
    """

    name: str
    kind: Kind = "kubeflow"
    endpoint: str = ""
    context: str = ""
    kubeconfig: str = ""
    in_cluster: bool = False
    service: str = "kubeflow/ml-pipeline"
    ui: str = ""
    namespace: str = ""
    auth: Auth = field(default_factory=Auth)
    tls: Tls = field(default_factory=Tls)
    image: str = ""
    pipeline_root: str = ""
    service_account: str = ""
    storage: Mapping[str, Any] = field(default_factory=dict)
    timeout: float = 30.0

    def where(self) -> str:
        """Where it is, in a few words."""
        if self.kind == "local":
            return "this machine"
        if self.context:
            return f"context {self.context}, service {self.service}"
        return self.endpoint or "this cluster"


def targets_folder() -> Path:
    chosen = os.environ.get("LABWRIGHT_HOME")
    if chosen:
        return Path(chosen).expanduser().absolute()
    from jupyter_core.paths import jupyter_config_dir

    return Path(jupyter_config_dir()).absolute() / "labwright"


class KnownTargets:
    """The targets of one folder, the user's own unless another is given."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or targets_folder()
        self.file = self.folder / "targets.json"
        self.secrets = Secrets(self.folder)

    def all(self) -> list[KnownTarget]:
        """`local` first, then `cluster` where one is in one, then those of the file."""
        found = [KnownTarget(LOCAL, kind="local"), *self._load().values()]
        if CLUSTER not in {one.name for one in found}:
            from .kubeflow.discovery import in_cluster

            if in_cluster():
                found.insert(1, KnownTarget(CLUSTER, in_cluster=True))
        return found

    def get(self, name: str) -> KnownTarget:
        found = {one.name: one for one in self.all()}
        if name in found:
            return found[name]
        from ..notebook.place import did_you_mean

        hint = did_you_mean(name, list(found)) or f"there is {', '.join(found)}"
        raise LabwrightError(
            f"there is no target {name!r}",
            where="--target",
            hint=f"{hint}; `labwright targets add` makes another known",
        )

    def add(
        self, target: KnownTarget, secret: str | None = None, *, replace_it: bool = False
    ) -> KnownTarget:
        """Make a target known. `secret` is its token, cookie or header's value.

        Nothing is asked of the target; `check` does.
        """
        _check_name(target.name)
        from .kubeflow.discovery import checked

        target = checked(target)
        needs = target.auth.kind in ("token", "header", "cookie")
        if needs and not secret:
            raise LabwrightError(f"auth {target.auth.kind} needs its value", where=target.name)
        if secret and not needs:
            raise LabwrightError(f"auth {target.auth.kind} takes no secret", where=target.name)
        with self._locked():
            known = self._load()
            if target.name in known and not replace_it:
                raise LabwrightError(
                    f"there is a target {target.name!r} already", hint="replace or remove it"
                )
            if target.name in known:
                self._forget_secret(known[target.name])
            if secret:
                place = self.secrets.keep(target.name, secret)
                target = replace(target, auth=replace(target.auth, secret=place))
            self._save({**known, target.name: target})
        return target

    def remove(self, name: str) -> None:
        """Forget a target and its secret. Its runs go on."""
        with self._locked():
            known = self._load()
            if name not in known:
                self.get(name)
                raise LabwrightError(f"target {name!r} is always there")
            self._forget_secret(known.pop(name))
            self._save(known)

    def open(self, name: str) -> PipelineTarget:
        """A target by name, ready to be asked. Nothing is sent yet."""
        target = self.get(name)
        if target.kind == "local":
            from .local.target import LocalTarget

            return LocalTarget()
        from .kubeflow.target import KubeflowTarget

        return KubeflowTarget(target, self.secret_of(target))

    def secret_of(self, target: KnownTarget) -> Callable[[], str] | None:
        """What gives the target's secret when it is needed."""
        place = target.auth.secret
        if place is None:
            return None
        return lambda: self.secrets.read(target.name, place)

    def _forget_secret(self, target: KnownTarget) -> None:
        if target.auth.secret is not None:
            self.secrets.forget(target.name, target.auth.secret)

    def _locked(self) -> Any:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return locked(self.folder / ".targets.lock")

    def _load(self) -> dict[str, KnownTarget]:
        if not self.file.exists():
            return {}
        found = read_json(self.file)
        listed = found.get("targets") if isinstance(found, dict) else None
        if not isinstance(listed, list):
            raise LabwrightError("not a list of targets", where=str(self.file), hint="mend it")
        return {one.name: one for one in (_from_json(data, self.file) for data in listed)}

    def _save(self, known: Mapping[str, KnownTarget]) -> None:
        write_private(self.file, {"targets": [_to_json(one) for one in known.values()]})


def open_target(name: str = LOCAL) -> PipelineTarget:
    """A target by name, for an event loop."""
    return KnownTargets().open(name)


def open_blocking(name: str = LOCAL) -> BlockingTarget:
    """A target by name, for everybody else."""
    from .blocking import BlockingTarget

    return BlockingTarget(open_target(name))


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise LabwrightError(
            f"{name!r} cannot be a target's name", hint="letters, digits, `-`, `_` and `.`"
        )
    if name == LOCAL:
        raise LabwrightError(f"{LOCAL!r} is this machine", hint="choose another name")


def _to_json(target: KnownTarget) -> dict[str, Any]:
    """Only what differs from the defaults: people read this file."""
    plain = asdict(KnownTarget(""))
    return {key: value for key, value in asdict(target).items() if value != plain[key]}


def _from_json(data: Any, file: Path) -> KnownTarget:
    where = str(file)
    if not isinstance(data, dict) or not isinstance(data.get("name"), str):
        raise LabwrightError("a target there has no name", where=where, hint="mend it")
    where = f"{where}, target {data['name']}"
    auth = _part(Auth, data.get("auth"), where)
    tls = _part(Tls, data.get("tls"), where)
    if auth.kind not in get_args(AuthKind):
        raise LabwrightError(f"auth {auth.kind!r} is unknown", where=where)
    target: KnownTarget = _part(KnownTarget, {**data, "auth": auth, "tls": tls}, where)
    return target


def _part(kind: type, data: Any, where: str) -> Any:
    known = {one.name for one in fields(kind)}
    if data is not None and not isinstance(data, dict):
        raise LabwrightError("not written as this version writes it", where=where)
    unknown = set(data or {}) - known
    if unknown:
        raise LabwrightError(f"{', '.join(sorted(unknown))} is not known", where=where)
    return kind(**(data or {}))
