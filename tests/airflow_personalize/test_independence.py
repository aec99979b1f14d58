"""The provider is of use to any DAG: it imports no application, and speaks of none."""

from __future__ import annotations

import re
from pathlib import Path

import airflow_personalize
from tests.support.packages import ROOT

PACKAGE = Path(airflow_personalize.__file__).parent
DAG_IDS = [file.stem for file in (ROOT / "dags").glob("*.py")]
# The application, its pipeline file, and words of its runs.
WORDS = [
    r"\bencore\b",
    r"\b(?:from|import) dags\b",
    r"\b(?:dags|include)/",
    r"\bpipeline(?: file|\.yaml)",
    r"\b(?:data_gate|read_form|validate_parameters|choose_days|select_partitions)\b",
    *DAG_IDS,
]
APPLICATION = re.compile("|".join(WORDS), re.IGNORECASE)


def test_no_file_speaks_of_the_application_or_its_dags():
    files = [file for file in PACKAGE.rglob("*") if file.suffix in {".py", ".json", ".md", ".toml"}]
    assert len(files) > 90
    results = [
        f"{file.relative_to(PACKAGE)}:{number}: {line}"
        for file in files
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if APPLICATION.search(line)
    ]
    assert results == []


def test_the_dags_are_found():
    assert "retrain_recommenders" in DAG_IDS
