"""`docs/architecture.md`: every file that it names exists, and stands once in its walk."""

from __future__ import annotations

import re

import pytest

from tests.support.packages import ROOT

TEXT = (ROOT / "docs" / "architecture.md").read_text()
WALKS = dict(re.findall(r"<!-- walk: (\w+) -->\n(.*?)<!-- end -->", TEXT, flags=re.S))


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
