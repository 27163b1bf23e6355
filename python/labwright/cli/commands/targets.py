"""`labwright targets`: the places where pipelines can run, made known, tried and forgotten."""

import asyncio
import getpass
import os
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

from ...errors import LabwrightError
from ..spec import Arg, Opt

if TYPE_CHECKING:
    from ...targets.config import Auth, KnownTarget
    from ...targets.protocols import Reach

Name = Annotated[str, Arg("The target's name.", metavar="NAME")]


def list_(
    as_json: Annotated[bool, Opt("--json", help="Print the targets as JSON.")] = False,
) -> int:
    """List the targets there are, and the kubeconfig contexts that could be added.

    Nothing is asked of them; `labwright targets test` does that.
    """
    from ...targets.config import KnownTargets
    from ..console import err, out, out_json

    known = KnownTargets().all()
    try:
        free = _free_contexts(known)
    except LabwrightError as error:
        err(f"labwright: {error}")
        free = []
    if as_json:
        out_json({"targets": [_json(one) for one in known], "contexts": [asdict(c) for c in free]})
        return 0
    width = max(len(one.name) for one in known)
    for one in known:
        about = [f"namespace {one.namespace}"] if one.namespace else []
        about += [_login(one)] if one.auth.kind != "none" else []
        out("  ".join([f"{one.name:<{width}}", one.where(), *about]))
    if free:
        out("\ncontexts that can be added (`labwright targets add NAME --context CONTEXT`):")
        width = max(len(context.name) for context in free)
        for context in free:
            current = "  (current)" if context.current else ""
            out(f"{context.name:<{width}}  {context.server}{current}")
    return 0


def _free_contexts(known: list["KnownTarget"]) -> list[Any]:
    from ...targets.kubeflow.discovery import contexts

    taken = {one.context for one in known}
    return [context for context in contexts() if context.name not in taken]


def _json(target: "KnownTarget") -> dict[str, Any]:
    return {**asdict(target), "where": target.where()}


def _login(target: "KnownTarget") -> str:
    auth = target.auth
    return f"{auth.kind} {auth.name or auth.path}".rstrip()


def add(
    name: Name,
    endpoint: Annotated[
        str, Opt("--endpoint", metavar="URL", help="KFP's API, or Kubeflow's URL with /pipeline.")
    ] = "",
    context: Annotated[
        str, Opt("--context", metavar="NAME", help="Reach it through this kubeconfig context.")
    ] = "",
    kubeconfig: Annotated[
        str, Opt("--kubeconfig", metavar="FILE", help="Where the context is, if not the usual.")
    ] = "",
    in_cluster: Annotated[
        bool, Opt("--in-cluster", help="It is in the cluster that this runs in.")
    ] = False,
    service: Annotated[
        str, Opt("--service", metavar="NAMESPACE/NAME", help="KFP's service, with --context.")
    ] = "",
    ui: Annotated[
        str, Opt("--ui", metavar="URL", help="KFP's pages, where the endpoint does not say.")
    ] = "",
    namespace: Annotated[
        str, Opt("--namespace", metavar="NAME", help="Whose runs these are, with many users.")
    ] = "",
    token: Annotated[bool, Opt("--token", help="Log in with a token, which is asked for.")] = False,
    token_file: Annotated[
        str, Opt("--token-file", metavar="FILE", help="… or in this file, read at each request.")
    ] = "",
    cookie: Annotated[
        bool, Opt("--cookie", help="Log in with a cookie, which is asked for.")
    ] = False,
    header: Annotated[
        str, Opt("--header", metavar="NAME", help="Log in with a header; its value is asked for.")
    ] = "",
    secret_stdin: Annotated[
        bool, Opt("--secret-stdin", help="Read the token, cookie or value from stdin instead.")
    ] = False,
    ca: Annotated[
        str, Opt("--ca", metavar="FILE", help="Trust these authorities instead of the system's.")
    ] = "",
    cert: Annotated[str, Opt("--cert", metavar="FILE", help="One's own certificate.")] = "",
    key: Annotated[str, Opt("--key", metavar="FILE", help="The key of one's certificate.")] = "",
    insecure: Annotated[
        bool, Opt("--insecure", help="Do not look at the server's certificate.")
    ] = False,
    image: Annotated[
        str, Opt("--image", metavar="IMAGE", help="The image of steps that name none.")
    ] = "",
    pipeline_root: Annotated[
        str, Opt("--pipeline-root", metavar="URL", help="Where runs keep what they make.")
    ] = "",
    service_account: Annotated[
        str, Opt("--service-account", metavar="NAME", help="Whose rights runs have.")
    ] = "",
    storage: Annotated[
        list[str],
        Opt("--storage", metavar="KEY=VALUE", help="How artifacts are read. Repeatable."),
    ] = [],  # noqa: B006
    timeout: Annotated[
        float | None, Opt("--timeout", metavar="S", help="Seconds that an answer may take.")
    ] = None,
    replace: Annotated[
        bool, Opt("--replace", help="Take the place of the target of this name.")
    ] = False,
) -> int:
    """Make a target known by a name: a Kubeflow with its pipelines.

    It is found by --endpoint, --context or --in-cluster. Secrets are never written on the command
    line: they are asked for, or read from stdin, and kept in the keyring or a file of one's own.
    """
    from ...targets.config import KnownTarget, KnownTargets, Tls
    from ...targets.kubeflow.discovery import checked
    from ..console import out

    if not context and (kubeconfig or service):
        raise LabwrightError("--kubeconfig and --service belong to --context")
    auth = _auth(token=token, token_file=token_file, cookie=cookie, header=header)
    given: dict[str, Any] = {"service": service, "timeout": timeout}
    target = KnownTarget(
        name,
        endpoint=endpoint,
        context=context,
        kubeconfig=_path(kubeconfig),
        in_cluster=in_cluster,
        ui=ui,
        namespace=namespace,
        auth=auth,
        tls=Tls(_path(ca), _path(cert), _path(key), insecure),
        image=image,
        pipeline_root=pipeline_root,
        service_account=service_account,
        storage=_pairs(storage),
        **{option: value for option, value in given.items() if value},
    )
    known = KnownTargets()
    if not replace and name in {one.name for one in known.all()}:
        raise LabwrightError(f"there is a target {name!r} already", hint="--replace it, or remove")
    checked(target)  # nobody is asked for a secret in vain
    secret = _secret(auth, secret_stdin)
    kept = known.add(target, secret, replace_it=replace)
    out(f"{name}: {kept.where()}; `labwright targets test {name}` tries it")
    return 0


def _auth(*, token: bool, token_file: str, cookie: bool, header: str) -> "Auth":
    from ...targets.config import Auth

    ways = [
        Auth("token") if token else None,
        Auth("token-file", path=_path(token_file)) if token_file else None,
        Auth("cookie") if cookie else None,
        Auth("header", name=header) if header else None,
    ]
    found = [way for way in ways if way is not None]
    if len(found) > 1:
        raise LabwrightError("one logs in in one way", hint="keep one of --token, --cookie …")
    return found[0] if found else Auth()


def _secret(auth: "Auth", stdin: bool) -> str | None:
    """The value of a token, cookie or header, from a person or from stdin."""
    words = {"token": "Token", "cookie": "Cookie", "header": f"Value of {auth.name}"}
    if auth.kind not in words:
        if stdin:
            raise LabwrightError(
                "--secret-stdin reads what nothing asks for", hint="add --token, --cookie, --header"
            )
        return None
    if stdin:
        secret = sys.stdin.read().strip()
    elif sys.stdin.isatty():
        secret = getpass.getpass(f"{words[auth.kind]}: ").strip()
    else:
        raise LabwrightError("nobody can be asked here", hint="pipe it in, with --secret-stdin")
    if not secret:
        raise LabwrightError("it is empty", where=words[auth.kind])
    return secret


def _path(text: str) -> str:
    """A file as it is found from any folder."""
    return os.path.abspath(os.path.expanduser(text)) if text else ""


def _pairs(storage: list[str]) -> dict[str, str]:
    found = {}
    for text in storage:
        key, equals, value = text.partition("=")
        if not (key and equals):
            raise LabwrightError(f"{text!r} is not KEY=VALUE", where="--storage")
        found[key] = value
    return found


def remove(name: Annotated[str, Arg("Its name.", metavar="NAME", complete="targets")]) -> int:
    """Forget a target, and the secret one logs in with. Its runs go on."""
    from ...targets.config import KnownTargets
    from ..console import out

    KnownTargets().remove(name)
    out(f"{name}: removed")
    return 0


def try_(
    names: Annotated[
        list[str], Arg("The targets; all when none is named.", metavar="NAME…", complete="targets")
    ] = [],  # noqa: B006
    as_json: Annotated[bool, Opt("--json", help="Print what was found as JSON.")] = False,
) -> int:
    """Try whether targets answer, and say which version they are and what one may see there.

    Exit status 1 says that one does not answer.
    """
    from ...targets.config import KnownTargets
    from ..console import out, out_json

    known = {one.name: one for one in KnownTargets().all()}
    chosen = [KnownTargets().get(name) for name in names] or list(known.values())
    reached = _reach([one.name for one in chosen])
    good = all(reach.available for reach in reached.values())
    if as_json:
        found = [{"name": name, **asdict(reach)} for name, reach in reached.items()]
        out_json({"ok": good, "targets": found})
    else:
        for one in chosen:
            out("\n".join(_told(one, reached[one.name])))
    return 0 if good else 1


def _reach(names: list[str]) -> "dict[str, Reach]":
    from ...targets.protocols import Reach
    from ..places import with_all

    async def ask(targets: dict[str, Any]) -> tuple[dict[str, Reach], dict[str, str]]:
        found = await asyncio.gather(*(one.reach() for one in targets.values()))
        return dict(zip(targets, found, strict=True)), {}

    found, closed = with_all(names, ask)
    return {name: found.get(name) or Reach(False, closed[name]) for name in names}


def _told(target: "KnownTarget", reach: "Reach") -> list[str]:
    """In plain words, how a target answers."""
    if not reach.available:
        head = f"{target.name} does not answer: {reach.reason}"
        return [head, f"  it is looked for at: {target.where()}"]
    took = f" in {reach.milliseconds:.0f} ms" if reach.milliseconds is not None else ""
    version = f", version {reach.version}" if reach.version else ""
    lines = [f"{target.name} answers{took}{version}", f"  at: {target.where()}"]
    if reach.multi_user:
        lines.append(f"  many users; one's namespace is {reach.namespace or 'not known'}")
    elif reach.namespace:
        lines.append(f"  namespace: {reach.namespace}")
    return lines + [f"  {remark}" for remark in reach.remarks]
