"""The pages of other people's Airflows: what they install is what we need, and what they lay out is requirements."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from encore.config import include_folder
from tests.support.compose import ROOT

REQUIREMENTS = ROOT / "deploy" / "requirements.txt"
#: By page, where its platform has the plugins, and what is appended to `sys.path` for a DAG file.
LAYOUTS = {
    "mwaa.md": ("plugins/include", "plugins", "dags"),
    "astro.md": ("include", "plugins", "dags"),
    "composer.md": ("dags/include", "plugins", "dags"),
}


def _page(name: str) -> str:
    return (ROOT / "docs" / name).read_text()


def _declared() -> dict[str, Requirement]:
    """What both packages need, but for Airflow and each other; of two bounds the higher."""
    requirements: dict[str, Requirement] = {}
    for package, extra in (("airflow_personalize", "postgres"), ("encore", None)):
        project = tomllib.loads((ROOT / "plugins" / package / "pyproject.toml").read_text())["project"]
        extras = project["optional-dependencies"][extra] if extra else []
        for line in (*project["dependencies"], *extras):
            requirement = Requirement(line)
            earlier = requirements.get(requirement.name)
            if not earlier or _bound(requirement) > _bound(earlier):
                requirements[requirement.name] = requirement
    return {
        n: r for n, r in requirements.items() if n not in ("apache-airflow", "airflow-provider-personalize")
    }


def _bound(requirement: Requirement) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", str(requirement.specifier))]


def test_the_requirements_are_what_the_packages_declare():
    lines = [line for line in REQUIREMENTS.read_text().splitlines() if not line.startswith("#")]
    assert {r.name: r for r in map(Requirement, lines)} == _declared()


@pytest.mark.parametrize("page", LAYOUTS)
def test_a_page_names_them(page: str):
    assert "deploy/requirements.txt" in _page(page)


@pytest.mark.parametrize("page", LAYOUTS)
def test_include_is_found_where_a_page_puts_it(page: str, tmp_path: Path):
    include, plugins, dags = LAYOUTS[page]
    assert f"`{include}`" in _page(page) or f"`{Path(include).name}/` | beside" in _page(page)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "plugins", tmp_path / plugins, ignore=ignored)
    shutil.copytree(ROOT / "include", tmp_path / include, dirs_exist_ok=True)
    (tmp_path / dags).mkdir(exist_ok=True)
    assert _include_folder(tmp_path / plugins, tmp_path / dags) == tmp_path / include


def test_the_setting_of_composers_page_names_the_folder(monkeypatch):
    name, value = re.findall(r"`(ENCORE_\w+)=(\S+)`", _page("composer.md"))[0]
    monkeypatch.setenv(name, value)
    assert include_folder() == Path(value)


def test_mwaas_archive_of_plugins_holds_include(tmp_path: Path):
    """The page's own commands."""
    commands = [line.strip() for line in _page("mwaa.md").splitlines() if line.startswith("    ")]
    local = [command for command in commands if not command.startswith("aws ")]
    for name in ("plugins", "include", "deploy"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for command in local:
        command = re.sub(r"^python ", f"{sys.executable} ", command)
        subprocess.run(["bash", "-ec", command], cwd=tmp_path, check=True)
    shutil.rmtree(tmp_path / "plugins")
    shutil.rmtree(tmp_path / "include")
    with zipfile.ZipFile(tmp_path / "plugins.zip") as archive:
        archive.extractall(tmp_path / "plugins")
    assert _include_folder(tmp_path / "plugins", tmp_path / "dags") == tmp_path / "plugins" / "include"
    first, *rest = (tmp_path / "requirements.mwaa.txt").read_text().splitlines()
    constraint = re.findall(r'^--constraint "/usr/local/airflow/(.+)"$', first)
    assert f"s3://BUCKET/{constraint[0]}" in _page("mwaa.md")
    assert rest == REQUIREMENTS.read_text().splitlines()


@pytest.mark.long
def test_the_requirements_resolve_to_the_lock():
    """As pip does it under MWAA's `--constraint`, with our lock as the constraints."""
    uv, lock = Path(sys.executable).with_name("uv"), ROOT / "requirements" / "airflow.txt"
    if not uv.exists():
        pytest.skip("uv isn't in the environment")
    command = [
        uv,
        "pip",
        "compile",
        "--quiet",
        "--universal",
        "--python-version",
        "3.11",
        "-c",
        lock,
        REQUIREMENTS,
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    pins = [line for line in done.stdout.splitlines() if re.match(r"[\w.-]+==", line)]
    assert len(pins) > 100
    assert set(pins) <= {line for line in lock.read_text().splitlines() if "==" in line}


def _include_folder(plugins: Path, dags: Path) -> Path:
    code = f"import sys; sys.path.append({str(dags)!r})\nfrom encore.config import include_folder as f; print(f())"
    env = {**os.environ, "PYTHONPATH": str(plugins)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, cwd="/", capture_output=True, text=True, check=True
    )
    return Path(done.stdout.strip())
