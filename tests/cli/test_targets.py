"""`labwright targets`: made known, listed, tried, forgotten; secrets stay out of sight."""

import io
import json
import os
import sys

import pytest
import yaml

from labwright.targets.config import KnownTargets


@pytest.fixture(autouse=True)
def _no_keyring(monkeypatch, tmp_path):
    monkeypatch.setenv("LABWRIGHT_KEYRING", "off")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    monkeypatch.chdir(tmp_path)


def kubeconfig(folder, *names):
    data = {
        "current-context": names[-1],
        "clusters": [{"name": "c", "cluster": {"server": "https://kube.example"}}],
        "contexts": [{"name": name, "context": {"cluster": "c", "user": "u"}} for name in names],
    }
    (folder / "kubeconfig").write_text(yaml.safe_dump(data))


def test_this_machine_is_always_there(ask, say):
    listed = ask("targets", "list", "--json")
    assert [one["name"] for one in listed["targets"]] == ["local"]
    assert listed["contexts"] == []
    assert say("targets", "list")[1] == "local  this machine\n"
    assert say("targets", "remove", "local")[0] == 2


def test_a_target_with_everything(ask, say, tmp_path):
    status, out, _ = say(
        "targets", "add", "prod", "--endpoint", "https://kf.example/pipeline",
        "--namespace", "ada", "--token-file", "token", "--ca", "ca.pem", "--cert", "me.pem",
        "--key", "me.key", "--ui", "https://ui.example", "--image", "python:3.12",
        "--pipeline-root", "s3://runs/ada", "--service-account", "runner", "--timeout", "5",
    )  # fmt: skip
    assert status == 0
    assert "labwright targets test prod" in out
    known = KnownTargets().get("prod")
    assert known.endpoint == "https://kf.example/pipeline"
    assert (known.namespace, known.image, known.timeout) == ("ada", "python:3.12", 5)
    assert (known.pipeline_root, known.service_account) == ("s3://runs/ada", "runner")
    assert known.ui == "https://ui.example"
    # Files are found from any folder.
    assert known.auth.path == str(tmp_path / "token")
    assert (known.tls.ca, known.tls.cert) == (str(tmp_path / "ca.pem"), str(tmp_path / "me.pem"))
    (_, listed) = ask("targets", "list", "--json")["targets"]
    assert listed["where"] == "https://kf.example/pipeline"
    shown = say("targets", "list")[1].splitlines()[1].split()
    assert shown[:4] == ["prod", "https://kf.example/pipeline", "namespace", "ada"]

    status, _, err = say("targets", "add", "prod", "--endpoint", "https://other.example")
    assert status == 2
    assert "--replace" in err
    assert say("targets", "add", "prod", "--endpoint", "https://b.example", "--replace")[0] == 0
    assert KnownTargets().get("prod").namespace == ""
    assert say("targets", "remove", "prod") == (0, "prod: removed\n", "")
    assert say("targets", "remove", "prod")[0] == 2


@pytest.mark.parametrize(
    ("words", "kind", "name"),
    [
        (["--token"], "token", ""),
        (["--cookie"], "cookie", ""),
        (["--header", "kubeflow-userid"], "header", "kubeflow-userid"),
    ],
)
def test_a_secret_comes_from_stdin_and_is_shown_nowhere(say, ask, monkeypatch, words, kind, name):
    monkeypatch.setattr(sys, "stdin", io.StringIO("hush-hush\n"))
    argv = ["targets", "add", "prod", "--endpoint", "https://kf.example", *words, "--secret-stdin"]
    status, out, err = say(*argv)
    assert status == 0
    known = KnownTargets()
    target = known.get("prod")
    assert (target.auth.kind, target.auth.name) == (kind, name)
    read = known.secret_of(target)
    assert read is not None
    assert read() == "hush-hush"
    shown = out + err + say("targets", "list")[1] + json.dumps(ask("targets", "list", "--json"))
    assert "hush" not in shown + known.file.read_text()


def test_a_secret_is_asked_for_at_a_terminal(say, monkeypatch):
    asked = []

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr("getpass.getpass", lambda prompt: asked.append(prompt) or "quiet")
    assert say("targets", "add", "prod", "--endpoint", "https://kf.example", "--token")[0] == 0
    assert asked == ["Token: "]
    known = KnownTargets()
    assert known.secret_of(known.get("prod"))() == "quiet"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "--endpoint, --context or --in-cluster"),
        (["--endpoint", "https://a.example", "--in-cluster"], "one way"),
        (["--endpoint", "ftp://a.example"], "ftp://a.example"),
        (["--endpoint", "https://ada:pw@a.example"], "password"),
        (["--endpoint", "https://a.example", "--token", "--cookie"], "one way"),
        (["--endpoint", "https://a.example", "--token"], "--secret-stdin"),
        (["--endpoint", "https://a.example", "--secret-stdin"], "--token"),
        (["--endpoint", "https://a.example", "--key", "k"], "certificate"),
        (["--endpoint", "https://a.example", "--kubeconfig", "k"], "--context"),
        (["--endpoint", "https://a.example", "--storage", "bucket"], "KEY=VALUE"),
        (["--context", "nowhere"], "nowhere"),
    ],
)
def test_a_target_that_cannot_be(say, monkeypatch, words, said):
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    status, out, err = say("targets", "add", "prod", *words)
    assert (status, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) == 1
    assert not KnownTargets().file.exists()


def test_contexts_that_could_be_added_are_shown(say, ask, tmp_path):
    kubeconfig(tmp_path, "first", "second")
    assert [one["name"] for one in ask("targets", "list", "--json")["contexts"]] == [
        "second",
        "first",
    ]
    shown = say("targets", "list")[1].splitlines()
    assert "targets add NAME --context CONTEXT" in shown[2]
    assert shown[3].split() == ["second", "https://kube.example", "(current)"]
    assert say("targets", "add", "kube", "--context", "second")[0] == 0
    assert KnownTargets().get("kube").service == "kubeflow/ml-pipeline"
    assert [one["name"] for one in ask("targets", "list", "--json")["contexts"]] == ["first"]
    (tmp_path / "kubeconfig").write_text("a: [")
    status, out, err = say("targets", "list")
    assert status == 0
    assert "local" in out
    assert "kubeconfig" in err


def test_targets_are_tried(sky, say, ask):
    moon = sky.add("moon")
    sky.add("mars")
    tried = ask("targets", "test", "--json")
    assert tried["ok"]
    assert [one["name"] for one in tried["targets"]] == ["local", "moon", "mars"]
    status, out, _ = say("targets", "test", "moon")
    assert status == 0
    assert out.splitlines() == [
        "moon answers in 4 ms, version 2.15.0",
        "  at: http://moon.example",
        "  many users; one's namespace is ada",
    ]
    moon.silent = True
    status, out, _ = say("targets", "test", "moon", "mars")
    assert status == 1
    assert out.startswith("moon does not answer: nothing listens there (is it on?)\n")
    assert "mars answers" in out
    tried = ask("targets", "test", "--json", status=1)
    assert [one["available"] for one in tried["targets"]] == [True, False, True]
    status, _, err = say("targets", "test", "mon")
    assert status == 2
    assert "did you mean 'moon'" in err


def test_doctor_speaks_of_targets(sky, ask):
    moon = sky.add("moon")
    moon.silent = True
    report = ask("doctor", "--json")
    assert report["ok"]
    (check,) = [one for one in report["checks"] if one["name"] == "targets"]
    assert check["state"] == "warning"
    assert "moon does not answer: nothing listens there" in check["detail"]


def test_completion_of_targets(say, monkeypatch):
    from labwright.cli.completion import values

    assert say("targets", "add", "prod", "--endpoint", "https://kf.example")[0] == 0
    assert values("targets") == ["local", "prod"]


def test_completion_in_a_shell(say, tmp_path):
    import subprocess

    from cli.helpers import LABWRIGHT

    assert say("targets", "add", "prod", "--endpoint", "https://kf.example")[0] == 0
    for words in ("labwright runs list --target pr", "labwright schedule NB --target pr"):
        environment = {
            **os.environ,
            "_LABWRIGHT_COMPLETE": "complete_bash",
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split()) - 1),
        }
        done = subprocess.run([LABWRIGHT], env=environment, capture_output=True, text=True)
        assert done.stdout.split() == ["prod"], done.stderr
