"""The provider is of use to any DAG: it imports no application, and speaks of none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import airflow_personalize
from tests.support.packages import ROOT

PACKAGE = Path(airflow_personalize.__file__).parent
DAG_IDS = [file.stem for file in (ROOT / "dags").glob("*.py")]
FILES = [file for file in sorted(PACKAGE.rglob("*")) if file.suffix in {".py", ".json", ".md", ".toml"}]
APPLICATION = re.compile(
    rf"\bencore\b|\b(?:from|import) dags\b|\bdags/|\bpipeline(?: file|\.yaml)|\binclude/|\bdata_gate\b|\bread_form\b|\bvalidate_parameters\b"
    rf"|\b(?:{'|'.join(DAG_IDS)})\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_no_file_speaks_of_the_application_or_its_dags(file: Path):
    lines = enumerate(file.read_text().splitlines(), 1)
    assert [f"{number}: {line}" for number, line in lines if APPLICATION.search(line)] == []


def test_the_dags_are_found():
    assert "retrain_recommenders" in DAG_IDS
