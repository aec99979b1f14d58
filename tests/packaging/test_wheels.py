"""What is in the wheels, and what they say of themselves."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

from tests.support.packages import ENCORE, LOCALPERSONALIZE, PACKAGES, PROVIDER, ROOT, Package

DATA = {
    "localpersonalize": [
        "runtime/filters/grammar.lark",
        "page/templates/base.html.jinja",
        "page/static/page.css",
        "page/static/page.js",
        "page/static/icon.svg",
    ],
    "airflow_personalize": ["waiters/personalize.json"],
    "encore": ["pools.json", "report/page.html.jinja", "report/static/charts.css", "page/static/page.css"],
}


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, zipfile.ZipFile]:
    return {package.import_name: _build(package, tmp_path_factory.mktemp("wheels")) for package in PACKAGES}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.import_name)
def test_every_module_and_every_data_file_is_in_the_wheel(wheels, package: Package):
    files = [str(file.relative_to(package.folder)) for file in package.sources]
    wanted = {f"{package.import_name}/{file}" for file in [*files, *DATA[package.import_name], "py.typed"]}
    assert wanted <= set(wheels[package.import_name].namelist())


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.import_name)
def test_nothing_else_is_in_the_wheel(wheels, package: Package):
    own = f"{package.import_name}/"
    names = wheels[package.import_name].namelist()
    assert not [name for name in names if not name.startswith(own) and ".dist-info/" not in name]
    assert not [name for name in names if name.endswith((".pyc", "pyproject.toml", ".gitignore"))]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.import_name)
def test_all_have_the_one_version_and_the_licence(wheels, package: Package):
    assert _metadata(wheels[package.import_name])["Version"] == (ROOT / "VERSION").read_text().strip()
    assert (package.folder / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()


def test_entry_points(wheels):
    expected = {
        LOCALPERSONALIZE: "localpersonalize = localpersonalize.__main__:main",
        PROVIDER: "provider_info = airflow_personalize.get_provider_info:get_provider_info",
        ENCORE: "encore = encore.plugin:EncorePlugin",
    }
    for package, line in expected.items():
        wheel = wheels[package.import_name]
        assert line in _dist_info(wheel, "entry_points.txt").splitlines()
        module = line.partition(" = ")[2].partition(":")[0]
        assert f"{module.replace('.', '/')}.py" in wheel.namelist()


def test_pytest_finds_the_fixtures(wheels):
    wheel = wheels[LOCALPERSONALIZE.import_name]
    line = "localpersonalize = localpersonalize.testing.pytest_plugin"
    assert line in _dist_info(wheel, "entry_points.txt").partition("[pytest11]")[2].splitlines()
    assert "localpersonalize/testing/pytest_plugin.py" in wheel.namelist()


def _build(package: Package, folder: Path) -> zipfile.ZipFile:
    command = [
        sys.executable,
        "-P",
        "-m",
        "hatchling",
        "build",
        "--target",
        "wheel",
        "--directory",
        str(folder),
    ]
    built = subprocess.run(command, cwd=package.folder, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    return zipfile.ZipFile(next(folder.glob("*.whl")))


def _metadata(wheel: zipfile.ZipFile) -> Message:
    return Parser().parsestr(_dist_info(wheel, "METADATA"))


def _dist_info(wheel: zipfile.ZipFile, name: str) -> str:
    return wheel.read(next(path for path in wheel.namelist() if path.endswith(f".dist-info/{name}"))).decode()
