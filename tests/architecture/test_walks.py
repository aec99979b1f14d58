"""`docs/architecture.md`: every file that it names exists, stands once in its walk, and is bound to one before it."""

from __future__ import annotations

import ast
import re

import pytest

from tests.support.packages import ROOT

TEXT = (ROOT / "docs" / "architecture.md").read_text()
WALKS = dict(re.findall(r"<!-- walk: (\w+) -->\n(.*?)<!-- end -->", TEXT, flags=re.S))

# What no import leads to from an earlier file of the walk -> what does.
HANDED_OVER = {
    "dags/retrain_recommenders.py": "partitions in S3, and their asset",
    "localpersonalize/http/server.py": "a request over HTTP",
    "localpersonalize/resources/dataset_import_jobs.py": "the operation's name, in resources/operations.py",
    "localpersonalize/resources/solution_versions.py": "the operation's name, in resources/operations.py",
    "localpersonalize/jobs/queue.py": "an interface of resources/context.py, filled by application.py",
    "localpersonalize/jobs/dataset_import.py": "the type of the job's row, in jobs/job_types.py",
    "localpersonalize/jobs/training.py": "the type of the job's row, in jobs/job_types.py",
    "localpersonalize/jobs/worker.py": "a process that is started",
}


def _files(text: str) -> list[str]:
    return re.findall(r"`([\w/]+/[\w/.]+\.\w+)`", text)


def test_there_are_three_walks_each_with_its_diagram():
    assert set(WALKS) == {"row", "event", "training"}
    assert TEXT.count("```mermaid") >= len(WALKS)


@pytest.mark.parametrize("walk", WALKS)
def test_no_file_is_entered_twice(walk: str):
    files = _files(WALKS[walk])
    assert len(files) > 10
    assert [file for file in files if files.count(file) > 1] == []


@pytest.mark.parametrize("walk", WALKS)
def test_a_walk_is_numbered_without_gaps(walk: str):
    numbers = [int(number) for number in re.findall(r"^(\d+)\. ", WALKS[walk], flags=re.M)]
    assert numbers == list(range(1, len(_files(WALKS[walk])) + 1))


def test_every_file_that_is_named_exists():
    assert [file for file in _files(TEXT) if not (ROOT / file).exists()] == []


@pytest.mark.parametrize("walk", WALKS)
def test_each_file_is_bound_to_one_before_it(walk: str):
    files = _files(WALKS[walk])
    imported = {file: _imported(file) for file in files}
    loose = [
        file
        for number, file in enumerate(files)
        if number and not any(_joined(file, earlier, imported) for earlier in files[:number])
    ]
    assert [file for file in loose if file not in HANDED_OVER] == []


def test_every_exception_is_needed():
    walked = {file for walk in WALKS.values() for file in _files(walk)}
    assert HANDED_OVER.keys() - walked == set()


def _joined(file: str, other: str, imported: dict[str, set[str]]) -> bool:
    return _module(file) in imported[other] or _module(other) in imported[file]


def _module(file: str) -> str:
    return file.removeprefix("plugins/").removesuffix(".py").replace("/", ".")


def _imported(file: str) -> set[str]:
    """The dotted names that a file imports, also within functions; each name of a `from` import may be a module."""
    names: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / file).read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names
