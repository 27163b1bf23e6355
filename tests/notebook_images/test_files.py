"""What can be said of the images without building them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from cluster.control_plane import ControlPlane

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "notebook_images"
NAMES = ["base", "scientific", "pytorch-cuda", "tensorflow-cuda"]
tomllib = pytest.importorskip("tomllib")

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CATALOGUE = {
    body["metadata"]["name"]: body
    for body in yaml.safe_load_all((IMAGES / "catalogue.yaml").read_text())
}


def pins(image: str) -> dict[str, str]:
    lines = (IMAGES / image / "requirements.txt").read_text().splitlines()
    found = dict(line.split("==") for line in lines if not line.startswith("#"))
    return {canonicalize_name(name): version for name, version in found.items()}


def test_every_image_is_built_and_offered() -> None:
    folders = {path.parent.name for path in IMAGES.glob("*/Dockerfile")}
    assert folders == set(NAMES) == set(CATALOGUE)
    built = re.search(r"^IMAGES := (.*)$", (IMAGES / "Makefile").read_text(), re.MULTILINE)
    assert built is not None
    assert built[1].split() == NAMES


def test_the_dockerfiles_follow_the_rules() -> None:
    files = [IMAGES / name / "Dockerfile" for name in NAMES]
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, *files], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("name", NAMES)
def test_an_image_stands_on_the_one_before_it_and_is_no_root(name: str) -> None:
    text = (IMAGES / name / "Dockerfile").read_text()
    base = re.search(r"^ARG BASE_IMAGE=(\S+)\nFROM \$\{BASE_IMAGE\}$", text, re.MULTILINE)
    assert base is not None
    if name != "base":
        assert base[1] in {CATALOGUE[other]["spec"]["reference"] for other in NAMES}
    assert re.findall(r"^USER (.*)$", text, re.MULTILINE)[-1] == "1000"


@pytest.mark.parametrize("name", NAMES)
def test_the_catalogue_says_what_is_in_an_image(name: str) -> None:
    spec = CATALOGUE[name]["spec"]
    assert spec["reference"] == f"labwright-{name}:{PROJECT['version']}"
    below = [] if name == "base" else ["base"] if name == "scientific" else ["base", "scientific"]
    inside = {
        package: version for image in [*below, name] for package, version in pins(image).items()
    }
    for package in spec["packages"]:
        wanted, version = package.split("==")
        assert inside[canonicalize_name(wanted)] == version
    assert spec.get("gpuVendor") == ("nvidia.com/gpu" if "cuda" in name else None)


def test_pins_are_those_that_labwright_wants() -> None:
    """`make -C notebook_images lock` makes them anew."""
    inside = pins("base")
    for text in [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["lab"]]:
        wanted = Requirement(text)
        pinned = inside.get(canonicalize_name(wanted.name))
        assert pinned, f"{text} is not in the images: `make -C notebook_images lock`"
        assert wanted.specifier.contains(pinned), f"{text}, but the images have {pinned}"


@pytest.mark.parametrize("name", NAMES[1:])
def test_an_image_leaves_the_pins_below_as_they_are(name: str) -> None:
    for below in ["base", "scientific"][: 1 if name == "scientific" else 2]:
        shared = pins(below).keys() & pins(name).keys()
        assert {p: pins(name)[p] for p in shared} == {p: pins(below)[p] for p in shared}


def test_the_api_server_takes_the_catalogue(control_plane: ControlPlane) -> None:
    done = subprocess.run(
        ["make", "--no-print-directory", "catalogue", "PREFIX=registry.example.org/team/"],
        cwd=IMAGES,
        capture_output=True,
        text=True,
        check=True,
    )
    with control_plane.kube() as kube:
        for body in yaml.safe_load_all(done.stdout):
            name = body["metadata"]["name"]
            # The catalogue is the cluster's, and other tests have names of their own in it.
            applied = kube.apply({**body, "metadata": {"name": f"offered-{name}"}})
            # Nothing of it was dropped: all that it says is known.
            reference = f"registry.example.org/team/labwright-{name}:{PROJECT['version']}"
            assert applied["spec"] == {**CATALOGUE[name]["spec"], "reference": reference}
            kube.delete(kube.path(applied))
