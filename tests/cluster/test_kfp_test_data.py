"""Every pipeline of KFP's own public test data, uploaded to the real server by our client
and read back.

The files are not ours to keep: LABWRIGHT_KFP_TEST_DATA names the folder that has `valid` and
`invalid` (`test_data/sdk_compiled_pipelines` of KFP's sources), and kfp_test_data.sha256 says which
files are meant. One that is another by now is left out.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import uuid
from pathlib import Path
from typing import Any

import pytest
import yaml

from cluster.kfp_server import Kfp
from labwright.targets.config import KnownTarget
from labwright.targets.errors import TargetError
from labwright.targets.kubeflow.api.runs import RunBody
from labwright.targets.kubeflow.client import client_of

VARIABLE = "LABWRIGHT_KFP_TEST_DATA"
LIST = Path(__file__).with_name("kfp_test_data.sha256")
FILES = dict(reversed(line.split("  ", 1)) for line in LIST.read_text().splitlines())


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith("valid/")])
def test_it_comes_back_as_it_was(kfp: Kfp, name: str) -> None:
    text = _text(name)
    assert asyncio.run(_read_back(kfp, text)) == _as_stored(text)


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith("invalid/")])
def test_it_is_refused_with_a_reason(kfp: Kfp, name: str) -> None:
    text = _text(name)
    with pytest.raises(TargetError) as refused:
        asyncio.run(_run(kfp, text))
    assert refused.value.words


def _text(name: str) -> bytes:
    folder = os.environ.get(VARIABLE)
    if not folder:
        pytest.skip(f"{VARIABLE} names no folder with KFP's test data")
    file = Path(folder) / name
    if not file.is_file():
        pytest.skip(f"{folder} has no {name}")
    text = file.read_bytes()
    if hashlib.sha256(text).hexdigest() != FILES[name]:
        pytest.skip(f"{name} is another than the list means")
    return text


async def _read_back(kfp: Kfp, text: bytes) -> Any:
    async with client_of(KnownTarget("real", endpoint=kfp.endpoint)) as client:
        made = await client.pipelines.upload(_new_name(), text)
        [version] = (await client.versions.page(made.pipeline_id)).items
        return version.pipeline_spec


async def _run(kfp: Kfp, text: bytes) -> None:
    """Upload it; what the server takes as a pipeline it refuses as a run."""
    async with client_of(KnownTarget("real", endpoint=kfp.endpoint)) as client:
        await client.pipelines.upload(_new_name(), text)
        mark = _new_name()
        await client.runs.create(RunBody(mark, mark, mark, pipeline_spec=_as_stored(text)))


def _new_name() -> str:
    return f"test-data-{uuid.uuid4().hex[:12]}"


def _as_stored(text: bytes) -> Any:
    documents = [one for one in yaml.safe_load_all(text) if one]
    if len(documents) == 1:
        return documents[0]
    return {"pipeline_spec": documents[0], "platform_spec": documents[1]}
