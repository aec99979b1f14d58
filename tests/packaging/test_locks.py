"""The locks by use: parts of one, made of what the packages declare."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.packages import ENCORE, LOCALPERSONALIZE, PROVIDER, ROOT, Package

LOCKS = ROOT / "requirements"
OURS = "airflow-provider-personalize"


@pytest.mark.parametrize("use", ["local", "airflow", "demo"])
def test_a_lock_pins_what_the_whole_lock_pins(use: str):
    whole = _pins(LOCKS / "dev.txt")
    assert {name: pin for name, pin in _pins(LOCKS / f"{use}.txt").items() if whole.get(name) != pin} == {}


def test_what_drives_the_browser_goes_together_with_the_whole_lock():
    whole = _pins(LOCKS / "dev.txt")
    pins = _pins(LOCKS / "browser.txt")
    assert "playwright" in pins
    assert {name: pin for name, pin in pins.items() if whole.get(name, pin) != pin} == {}


@pytest.mark.parametrize(
    ("use", "packages"),
    [
        ("local", [LOCALPERSONALIZE]),
        ("airflow", [PROVIDER, ENCORE]),
        ("demo", [LOCALPERSONALIZE, PROVIDER, ENCORE]),
    ],
)
def test_a_lock_holds_what_its_packages_declare(use: str, packages: list[Package]):
    pins = _pins(LOCKS / f"{use}.txt")
    for package in packages:
        for text in package.project["dependencies"]:
            needed = Requirement(text)
            name = canonicalize_name(needed.name)
            if name != OURS:
                assert pins[name] in needed.specifier, f"{package.import_name}: {text}, locked {pins[name]}"


def test_the_lock_of_localpersonalize_has_neither_airflow_nor_tools():
    unwanted = {"pandas", "matplotlib", "awscli", "pytest", "mypy", "docker", "cfn-lint"}
    assert not [n for n in _pins(LOCKS / "local.txt") if n in unwanted or n.startswith("apache-airflow")]


def test_the_lock_of_airflow_has_no_test_tools_and_no_jax():
    assert not _pins(LOCKS / "airflow.txt").keys() & {"jax", "moto", "pytest", "mypy", "awscli"}


def test_make_installs_the_whole_lock():
    assert "-r requirements/dev.txt" in (ROOT / "requirements.txt").read_text().splitlines()


def _pins(file: Path) -> dict[str, str]:
    pins = re.findall(r"^([\w.-]+)(?:\[[^]]*\])?==([^\s;]+)", file.read_text(), flags=re.M)
    return {canonicalize_name(name): version for name, version in pins}


def test_the_lock_of_a_deployment_is_that_of_airflow_and_who_may_sign_in():
    airflow, deploy = _pins(LOCKS / "airflow.txt"), _pins(LOCKS / "deploy.txt")
    assert {name: pin for name, pin in airflow.items() if deploy.get(name) != pin} == {}
    assert "apache-airflow-providers-fab" in deploy
