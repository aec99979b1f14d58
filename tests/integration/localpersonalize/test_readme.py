"""The README's table is the one that the tests make."""

from __future__ import annotations

from tests.support.localpersonalize.calls import CALLS
from tests.support.localpersonalize.table import DOES, README, inserted


def test_every_operation_is_described_once() -> None:
    assert sorted(DOES) == sorted(CALLS)


def test_the_readme_has_the_table_of_the_tests() -> None:
    text = README.read_text()
    assert text == inserted(text), "Run python -m tests.support.localpersonalize.table"
