"""What a step asks of the machine: an environment, packages, secrets, volumes, GPUs."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from labwright.errors import LabwrightError
from labwright.targets.local import gpus
from labwright.targets.local.check import check_pipeline
from labwright.targets.local.environments import environment, missing
from labwright.targets.local.ir import read_pipeline
from labwright.targets.local.needs import Needs, needs_of
from labwright.targets.local.steps import plan_steps
from labwright.targets.local.store import Store

from .ir_by_hand import IR, From, Run


def platform(**settings: Any) -> dict[str, Any]:
    """A platform document for the step `a`."""
    executors = {"exec-a": settings}
    return {"platforms": {"kubernetes": {"deploymentSpec": {"executors": executors}}}}


def one_step(source: str = "", **container: Any) -> IR:
    ir = IR()
    ir.step("a", source, container=container)
    return ir


def test_an_image_is_a_kernelspec_an_interpreter_or_a_container(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernels = tmp_path / "kernels"
    for name, spec in {
        "mine": {"argv": ["/opt/mine/bin/python", "-m", "ipykernel"], "language": "python"},
        "native": {"argv": ["python", "-m", "ipykernel"], "language": "python"},
        "ir": {"argv": ["R"], "language": "R"},
    }.items():
        (kernels / name).mkdir(parents=True)
        (kernels / name / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    assert environment("mine").python == "/opt/mine/bin/python"
    assert environment("native").python == sys.executable
    with pytest.raises(LabwrightError, match="is for R, not for Python"):
        environment("ir")
    assert environment(sys.executable).python == sys.executable
    assert environment("").python == sys.executable
    assert environment("", "mine").python == "/opt/mine/bin/python"
    other = environment("docker.io/library/python:3.12", "mine")
    assert (other.python, other.asked) == ("/opt/mine/bin/python", False)
    with pytest.raises(LabwrightError, match="no environment 'nowhere'"):
        environment("", "nowhere")
    with pytest.raises(LabwrightError, match="no Python interpreter"):
        environment("/no/such/python")


def test_a_step_runs_in_its_environment(run: Run, tmp_path: Path) -> None:
    link = tmp_path / "venv" / "bin" / "python"
    link.parent.mkdir(parents=True)
    link.symlink_to(sys.executable)
    ir = one_step("print(sys.executable)", image=str(link))
    assert Store().log(run(ir).run_id, "a") == f"{link}\n"
    script = {"command": ["sh", "-c", "command -v python"], "args": []}
    ir = one_step(image=str(tmp_path / "venv"), **script)
    assert Store().log(run(ir).run_id, "a") == f"{link}\n"


def test_a_container_image_is_stood_in_for_with_a_remark(run: Run) -> None:
    (remark,) = run(one_step(image="python:3.12")).diagnostics
    assert (remark.severity, remark.code) == ("info", "image-not-used")
    assert "python:3.12 is a container image; here a runs in this environment" in remark.message


def test_missing_packages_are_named_before_the_run(run: Run) -> None:
    assert (
        missing(sys.executable, ["pytest", "pytest>=1", "Py_Test-xdist; python_version<'3'"]) == []
    )
    assert missing(sys.executable, ["no-such-thing", "pytest<1"]) == ["no-such-thing", "pytest<1"]
    script = "python3 -m pip install --quiet 'kfp==2.17.0' 'no-such-thing>=2' && \"$0\" \"$@\""
    main = '-m kfp.dsl.executor_main --component_module_path "$program_path/ephemeral_component.py"'
    ir = one_step(command=["sh", "-c", script, "sh", "-ec", main, "def f(): pass"], args=["f"])
    with pytest.raises(LabwrightError) as caught:
        run(ir)
    assert "step a: needs kfp, no-such-thing>=2, which" in str(caught.value)
    assert f"{sys.executable} -m pip install kfp 'no-such-thing>=2'" in str(caught.value)
    assert Store().runs() == []


def test_a_step_has_its_own_variables_from_the_start(run: Run) -> None:
    env = [
        {"name": "PYTHONHASHSEED", "value": "7"},
        {"name": "WHO", "value": "{{$.pipeline_task_name}}"},
    ]
    source = "print(hash('x'), os.environ['WHO'], os.environ['LABWRIGHT_WORKDIR'] == os.getcwd())"
    record = run(one_step(source, env=env))
    said = Store().log(record.run_id, "a").split()
    assert said[1:] == ["a", "True"]
    assert said == Store().log(run(one_step(source, env=env)).run_id, "a").split()


def test_secrets_come_from_the_environment_and_nowhere_else(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [{"secretKey": "password", "envVar": "DB_PASSWORD"}]
    document = platform(secretAsEnv=[{"secretName": "db", "keyToEnv": keys}])
    ir = one_step("print(len(os.environ['DB_PASSWORD']))")
    monkeypatch.delenv("DB_PASSWORD", raising=False)
    with pytest.raises(LabwrightError, match=r"DB_PASSWORD is not set.*'password' of secret 'db'"):
        run(ir, platform=document)
    monkeypatch.setenv("DB_PASSWORD", "very-secret-word")
    assert Store().log(run(ir, platform=document).run_id, "a") == "16\n"
    for file in Store().root.rglob("*"):
        if file.is_file():
            assert b"very-secret-word" not in file.read_bytes(), file
    document = platform(secretAsEnv=[{"secretName": "db", "optional": True, "keyToEnv": keys}])
    monkeypatch.delenv("DB_PASSWORD")
    assert check_pipeline(ir.spec, document) == []


def test_volumes(run: Run, tmp_path: Path) -> None:
    ir = one_step("open('data/in/file', 'w').write('kept')")
    record = run(ir, platform=platform(pvcMount=[{"mountPath": "/labwright/data/in"}]))
    assert record.state == "SUCCEEDED"
    assert (tmp_path / "work" / "data" / "in" / "file").read_text() == "kept"
    assert run(ir, platform=platform(pvcMount=[{"mountPath": "data/in"}])).state == "SUCCEEDED"
    there = tmp_path / "there"
    document = platform(pvcMount=[{"mountPath": str(there)}])
    with pytest.raises(LabwrightError, match=r"volume is at .*there, and there is no such folder"):
        run(ir, platform=document)
    there.mkdir()
    assert run(ir, platform=document).state == "SUCCEEDED"


def test_volumes_that_a_pipeline_makes(run: Run) -> None:
    ir = IR()
    names = {"pvc_name_suffix": "-data", "size": "1Gi"}
    make = {"image": "argostub/createpvc", "command": [], "args": []}
    ir.step("createpvc", inputs=names, outputs={"name": "STRING"}, container=make)
    ir.step("show", "print(P['name'])", inputs={"name": From(("createpvc", "name"))})
    record = run(ir)
    name = Store().log(record.run_id, "show").strip()
    assert name == f"{record.run_id}-data"
    folder = Store().root / "volumes" / name
    assert folder.is_dir()
    ir.step(
        "deletepvc", inputs={"pvc_name": From(("createpvc", "name"))},
        container={"image": "argostub/deletepvc", "command": [], "args": []}, after=("show",),
    )  # fmt: skip
    record = run(ir)
    assert record.state == "SUCCEEDED"
    assert len(list((Store().root / "volumes").iterdir())) == 1
    ir.root["dag"]["tasks"]["deletepvc"]["inputs"]["parameters"]["pvc_name"] = {
        "runtimeValue": {"constant": "../runs"}
    }
    assert "no name for a volume" in str(run(ir).steps[-1].error)


def test_the_run_s_workspace(run: Run) -> None:
    ir = IR()
    write = "open(P['where'] + '/file', 'w').write('shared')"
    ir.step("a", write, inputs={"where": "{{$.workspace_path}}"})
    read = "print(open(P['where'] + '/file').read())"
    ir.step("b", read, inputs={"where": "/kfp-workspace"}, after=("a",))
    assert Store().log(run(ir).run_id, "b") == "shared\n"


def test_settings_that_only_a_cluster_has_are_said(run: Run) -> None:
    document = platform(tolerations=[{}], nodeSelector={}, imagePullPolicy="Always")
    (remark,) = run(one_step(), platform=document).diagnostics
    assert remark.code == "cluster-only"
    assert "tolerations, nodeSelector only matter on a cluster" in remark.message


GPU = {"resources": {"accelerator": {"resourceCount": "1", "resourceType": "nvidia.com/gpu"}}}


@pytest.fixture
def two_gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A machine with two GPUs, as `nvidia-smi -L` lists them."""
    fake = tmp_path / "bin" / "nvidia-smi"
    fake.parent.mkdir()
    fake.write_text(
        "#!/bin/sh\n"
        "echo 'GPU 0: NVIDIA H100 (UUID: GPU-aaaa)'\n"
        "echo 'GPU 1: NVIDIA H100 (UUID: GPU-bbbb)'\n"
    )
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    gpus.devices.cache_clear()
    gpus.inventory.cache_clear()
    yield fake.parent
    gpus.devices.cache_clear()
    gpus.inventory.cache_clear()


def test_without_a_gpu_a_step_runs_on_the_cpu_and_that_is_said(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/bin")
    gpus.devices.cache_clear()
    gpus.inventory.cache_clear()
    record = run(one_step("print(os.environ.get('CUDA_VISIBLE_DEVICES'))", **GPU))
    gpus.devices.cache_clear()
    gpus.inventory.cache_clear()
    assert record.state == "SUCCEEDED"
    assert [one.severity for one in record.diagnostics] == ["warning"]
    assert "none here, so it runs on the CPU" in record.diagnostics[0].message


def test_each_step_has_gpus_of_its_own(run: Run, two_gpus: Path) -> None:
    ir = IR()
    source = "import time; print(os.environ['CUDA_VISIBLE_DEVICES']); time.sleep(0.4)"
    for name in "abc":
        ir.step(name, source, container=GPU)
    record = run(ir, parallel=3)
    assert record.diagnostics == ()
    spans = {
        one.name: (one.started_at, one.finished_at, Store().log(record.run_id, one.name).strip())
        for one in record.steps
    }
    assert {gpu for *_, gpu in spans.values()} == {"0", "1"}
    pairs = [(a, b) for a in spans.values() for b in spans.values() if a < b and a[2] == b[2]]
    assert len(pairs) == 1, "two of the three shared one, one after the other"
    both = IR()
    both.step("a", source, container={"resources": {"accelerator": {"count": 2}}})
    assert Store().log(run(both).run_id, "a") == "0,1\n"


def test_more_gpus_than_there_are(run: Run, two_gpus: Path) -> None:
    many = {"resources": {"accelerator": {"resourceCount": "3"}}}
    with pytest.raises(LabwrightError, match="asks for 3 GPUs, and this machine has 2"):
        run(one_step(**many))


def test_only_the_visible_gpus_are_given_out(
    two_gpus: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-bb")
    assert gpus.inventory() == ("GPU-bb",)
    first, second = gpus.GpuLedger(tmp_path), gpus.GpuLedger(tmp_path)
    taken = first.take(1)
    assert taken is not None
    assert second.take(1) is None
    first.free(taken)
    again = second.take(1)
    assert again is not None
    second.free(again)


def test_a_log_is_live(run: Run) -> None:
    seen: list[tuple[float, str, str]] = []

    def on_event(event: object) -> None:
        if hasattr(event, "text"):
            seen.append((time.monotonic(), event.stream, event.text))

    source = """
import time
print('one')
time.sleep(0.4)
print('two', file=sys.stderr)
sys.stdout.write('no line end')
"""
    record = run(one_step(source), on_event=on_event)
    assert [line[1:] for line in seen] == [
        ("stdout", "one"), ("stderr", "two"), ("stdout", "no line end"),
    ]  # fmt: skip
    assert seen[1][0] - seen[0][0] > 0.3
    assert Store().log(record.run_id, "a") == "one\ntwo\nno line end"


def test_the_gpus_as_people_see_them(two_gpus: Path, tmp_path: Path) -> None:
    ledger = gpus.GpuLedger(tmp_path)
    taken = ledger.take(1)
    assert taken is not None
    shown = [(one["id"], one["name"], one["free"]) for one in gpus.gpu_states(tmp_path)]
    assert shown == [("0", "NVIDIA H100", False), ("1", "NVIDIA H100", True)]
    ledger.free(taken)
    assert all(one["free"] for one in gpus.gpu_states(tmp_path))


def test_a_run_needs_what_its_hungriest_steps_ask_for() -> None:
    ir = IR()
    ir.step("a", container={"resources": {"resourceCpuLimit": "500m", "memoryLimit": 2.0}})
    ir.step("b", container=GPU)
    ir.step("c", container={"resources": {"resourceMemoryLimit": "1Gi", "cpuLimit": 4}})
    ir.step("d", container={"resources": {"resourceCpuLimit": "{{$.inputs.parameters['n']}}"}})
    steps = plan_steps(read_pipeline(ir.spec))
    assert needs_of(steps.values()) == Needs(cpus=4, memory=2e9, gpus=1)
