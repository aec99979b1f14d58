"""A task's log shows an error once: what only changes an error's class or adds to its words replaces it."""

from __future__ import annotations

import ast

import pytest

from tests.support.packages import ROOT

FOLDERS = (
    "plugins/encore/operators",
    "plugins/airflow_personalize/operators",
    "plugins/airflow_personalize/transfers",
)
FILES = [file for folder in FOLDERS for file in sorted((ROOT / folder).glob("*.py"))]


def _names(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def _shown_twice(source: str) -> list[int]:
    """Lines that raise an error with the words of another, and that one as its cause."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Raise) and node.exc and isinstance(node.cause, ast.Name)
        if node.cause.id in _names(node.exc)
    ]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_an_operator_raises_no_error_with_the_words_of_its_cause(file):
    assert _shown_twice(file.read_text()) == []


def test_such_an_error_would_be_noticed():
    source = "try:\n    f()\nexcept KeyError as error:\n    raise ValueError(f'no {error}') from error"
    assert _shown_twice(source) == [4]
    assert _shown_twice(source.replace("from error", "from None")) == []
