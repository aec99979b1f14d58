"""Imports of localpersonalize go one way: no circles of files or folders, each folder imports only those below it."""

from __future__ import annotations

from pathlib import Path

import localpersonalize
from tests.support import import_graph

PACKAGE = Path(localpersonalize.__file__).parent

# From the top down; a folder, or a file that stands directly in the package, imports only what stands below it.
ORDER = (
    "__main__",
    "testing",
    "status",
    "application",
    "http",
    "initialisation",
    "sdk",
    "state",
    "check",
    "page",
    "jobs",
    "resources",
    "training",
    "evaluation",
    "runtime",
    "recipes",
    "data_directory",
    "datasets",
    "database",
    "aws",
    "credentials",
    "fault_injection",
    "quotas",
    "logging",
    "disk",
    "private_files",
    "resource_types",
    "protocol",
)


def test_no_circles_of_files() -> None:
    assert import_graph.file_cycles(PACKAGE) == []


def test_no_circles_of_folders() -> None:
    assert import_graph.folder_cycles(PACKAGE) == []


def test_imports_point_downwards() -> None:
    graph = import_graph.folder_graph(import_graph.module_graph(PACKAGE))
    names = {folder: folder.rpartition(".")[2] for folder in graph if folder != PACKAGE.name}
    assert set(names.values()) == set(ORDER)
    upwards = [
        f"{names[folder]} imports {names[other]}"
        for folder in names
        for other in graph[folder]
        if ORDER.index(names[other]) < ORDER.index(names[folder])
    ]
    assert upwards == []


def test_circles_are_found() -> None:
    assert import_graph.cycles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]
    assert import_graph.cycles({"a": {"b"}, "b": set()}) == []


def test_every_form_of_import_counts(tmp_path: Path) -> None:
    package = tmp_path / "shop"
    (package / "till").mkdir(parents=True)
    for name, text in {
        "__init__.py": "",
        "stock.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from shop.till import drawer\n",
        "till/__init__.py": "",
        "till/drawer.py": "def open():\n    from .. import stock\n",
    }.items():
        (package / name).write_text(text)
    assert import_graph.file_cycles(package) == [["shop.stock", "shop.till.drawer"]]
    assert import_graph.folder_cycles(package) == [["shop.stock", "shop.till"]]
