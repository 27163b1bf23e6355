"""What goes wrong on the way: a clear word, nothing done twice, and on it goes where it can."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from kfp_double.server import Double
from labwright.errors import LabwrightError
from labwright.targets.blocking import BlockingTarget
from labwright.targets.config import Auth, KnownTarget, Tls
from labwright.targets.errors import (
    Forbidden,
    NotLoggedIn,
    ServerFailed,
    TargetTimeout,
    TargetUnreachable,
    TooManyRequests,
    Unexpected,
    UntrustedServer,
)
from labwright.targets.kubeflow import retry
from labwright.targets.kubeflow.target import KubeflowTarget
from labwright.targets.protocols import Timetable

from .broken import HEALTH, serving, told
from .cells import ADDING, WAITING, Submit


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST", 0.01)


def target_at(endpoint: str, **more: Any) -> BlockingTarget:
    secret = more.pop("secret", None)
    known = KnownTarget("kf", endpoint=endpoint, **{"timeout": 5, **more})
    return BlockingTarget(KubeflowTarget(known, secret))


@pytest.fixture
def kf(kfp_double: Double) -> Iterator[BlockingTarget]:
    with target_at(kfp_double.endpoint) as target:
        yield target


def test_nothing_listens_there() -> None:
    with target_at("http://127.0.0.1:9") as target:
        reach = target.reach()
        assert not reach.available
        assert "does not answer" in str(reach.reason)
        with pytest.raises(TargetUnreachable, match=r"127\.0\.0\.1:9"):
            target.runs()


def test_a_name_that_nobody_knows() -> None:
    with target_at("http://nowhere.invalid") as target, pytest.raises(TargetUnreachable):
        target.runs()


def test_a_server_that_is_too_slow(kf: BlockingTarget, kfp_double: Double) -> None:
    kf.reach()
    kfp_double.faults.add("slow", "/runs$", seconds=3, times=9)
    hasty = target_at(kfp_double.endpoint, timeout=0.2)
    with hasty, pytest.raises(TargetTimeout, match=r"0\.2 s"):
        hasty.runs()


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_what_passes_is_asked_for_again(
    kf: BlockingTarget, kfp_double: Double, status: int
) -> None:
    kfp_double.faults.add("status", "/runs$", method="GET", status=status, times=2)
    assert kf.runs().runs == []


def test_it_waits_as_long_as_the_server_wishes() -> None:
    waits = [told({"message": "slow down"}, 429, **{"retry-after": "0"})]

    def answer(method: str, path: str, headers: dict[str, str]) -> Any:
        return told(HEALTH) if path.endswith("healthz") else waits.pop() if waits else told({})

    with serving(answer) as (server, url), target_at(url) as target:
        assert target.runs().total == 0
        assert [path for _, path in server.asked].count("/apis/v2beta1/runs") == 2


@pytest.mark.parametrize(("status", "kind"), [(429, TooManyRequests), (500, ServerFailed)])
def test_what_stays_is_told_in_the_servers_words(
    kf: BlockingTarget, kfp_double: Double, status: int, kind: type[LabwrightError]
) -> None:
    kfp_double.faults.add("status", "/runs$", method="GET", status=status, times=99)
    with pytest.raises(kind, match=f"made to fail with {status}"):
        kf.runs()


@pytest.mark.parametrize("kind", ["drop", "refuse"])
@pytest.mark.parametrize("path", ["/runs$", "/upload_version$", "/pipelines$"])
def test_a_lost_answer_makes_nothing_twice(
    kf: BlockingTarget, kfp_double: Double, submit: Submit, kind: Any, path: str
) -> None:
    kfp_double.faults.add(kind, path, method="POST")
    run = kf.submit(submit(ADDING)).run
    assert list(kfp_double.world.runs) == [run["run_id"]]
    assert len(kfp_double.world.versions) == 1
    assert len(kfp_double.world.pipelines) == 1


@pytest.mark.parametrize("kind", ["drop", "refuse"])
def test_a_lost_answer_makes_no_schedule_twice(
    kf: BlockingTarget, kfp_double: Double, submit: Submit, kind: Any
) -> None:
    kfp_double.faults.add(kind, "/recurringruns$", method="POST")
    plan = kf.schedule(submit(ADDING), Timetable("0 3 * * *"))
    assert list(kfp_double.world.recurring) == [plan["schedule_id"]]


def test_what_took_too_long_is_not_begun_again(kfp_double: Double, submit: Submit) -> None:
    with target_at(kfp_double.endpoint, timeout=1) as target:
        target.submit(submit(ADDING))
        kfp_double.faults.add("slow", "/runs$", method="POST", seconds=30)
        with pytest.raises(TargetTimeout):
            target.submit(submit(ADDING))
    assert sum(one == ("POST", "/apis/v2beta1/runs") for one in kfp_double.asked) == 2


def test_a_watch_goes_on_after_connections_broke(
    kf: BlockingTarget, kfp_double: Double, submit: Submit
) -> None:
    run = kf.submit(submit(WAITING)).run["run_id"]
    watched = kf.watch(run, logs=True)
    for change in watched:
        if change["type"] == "log":
            break
    kf.cancel(run)
    kfp_double.faults.add("drop", f"/runs/{run}$", method="GET", times=7)
    *_, last = list(watched)
    assert last["run"]["state"] == "CANCELED"


def test_a_token_that_has_expired_is_read_again(
    kfp_double_multi_user: Double, tmp_path: Path
) -> None:
    file, double = tmp_path / "token", kfp_double_multi_user
    old = double.user("ada", "ada-space")
    file.write_text(old)
    known: dict[str, Any] = {"auth": Auth("token-file", path=str(file)), "namespace": "ada-space"}
    with target_at(double.endpoint, **known) as target:
        assert target.runs().total == 0
        double.expire(old)
        with pytest.raises(NotLoggedIn, match="401"):
            target.runs()
        file.write_text(f"{double.user('ada', 'ada-space')}\n")
        assert target.runs().total == 0
        file.unlink()
        with pytest.raises(LabwrightError, match="token cannot be read"):
            target.runs()


def test_a_token_renewed_between_request_and_refusal(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("old")

    def answer(method: str, path: str, headers: dict[str, str]) -> Any:
        if path.endswith("healthz"):
            return told(HEALTH)
        if headers.get("authorization", headers.get("Authorization")) == "Bearer new":
            return told({})
        file.write_text("new")
        return told({"message": "expired"}, 401)

    auth = Auth("token-file", path=str(file))
    with serving(answer) as (_, url), target_at(url, auth=auth) as target:
        assert target.runs().total == 0


def test_a_namespace_of_somebody_else(kfp_double_multi_user: Double, submit: Submit) -> None:
    double = kfp_double_multi_user
    token = double.user("ada", "ada-space")
    more: dict[str, Any] = {"auth": Auth("token"), "namespace": "bob", "secret": lambda: token}
    with target_at(double.endpoint, **more) as target:
        with pytest.raises(Forbidden, match="namespace bob"):
            target.submit(submit(ADDING))
        assert not double.world.runs


@pytest.mark.parametrize(
    "page",
    [
        (200, {"content-type": "text/html"}, b"<html><title>Log in</title></html>"),
        (302, {"location": "/dex/auth"}, b""),
    ],
)
def test_a_login_page_is_not_taken_for_an_answer(page: Any) -> None:
    with serving(lambda *_: page) as (_, url), target_at(url) as target:
        reach = target.reach()
        assert "page" in str(reach.reason)
        with pytest.raises(NotLoggedIn):
            target.runs()


def test_another_program_answers() -> None:
    with serving(lambda *_: (200, {}, b"hello")) as (_, url), target_at(url) as target:
        reach = target.reach()
        assert "hello" in str(reach.reason)
        with pytest.raises(Unexpected):
            target.runs()


def test_a_certificate_is_trusted_only_when_said(tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    ca = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca))

    def answer(method: str, path: str, headers: dict[str, str]) -> Any:
        return told(HEALTH if path.endswith("healthz") else {})

    with serving(answer, context) as (_, url):
        with target_at(url) as target, pytest.raises(UntrustedServer, match="--ca"):
            target.runs()
        with target_at(url, tls=Tls(ca=str(ca))) as target:
            assert target.reach().available
        with target_at(url, tls=Tls(insecure=True)) as target:
            assert any("NOT checked" in one for one in target.reach().remarks)
        with target_at(url, tls=Tls(ca=str(tmp_path / "none"))) as target:
            assert "no such certificate file" in str(target.reach().reason)
