"""Names that have given way to the field's word do not come back; only tables are laid out by hand."""

from __future__ import annotations

import io
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.support.packages import ROOT

SOURCES = ["dags", "plugins", "localpersonalize", "demo"]

# Classes, functions and constants: what was said -> what is said.
IDENTIFIERS = {
    "Asked": "Probe",
    "Asking": "BatchInputEncoder",
    "COPIED": "say of what",
    "Cure": "Remedy",
    "Described": "HyperparameterSpec",
    "Fitted": "FitResult",
    "KeptObjects": "ObjectStore",
    "Lanes": "SequenceBatches",
    "Memory": "JobState",
    "Mirror": "PersistenceMiddleware",
    "News": "Message",
    "OnDisk": "FileBuffer",
    "Place": "DatasetLocation",
    "PersonalizeAskOperator": "ApprovalOperator",
    "PersonalizeChooseDaysOperator": "SelectPartitionsOperator",
    "PersonalizeHeldOperator": "HoldOperator",
    "PersonalizeRecordNightOperator": "RecordRunOperator",
    "PersonalizeTellOperator": "NotifyOperator",
    "StandIn": "MotoProcess",
    "Tally": "MatchCounts",
    "Together": "RequestBatcher",
    "UsersWithTwo": "ActiveUserCounter",
    "asking_once": "non_retrying_client",
    "is_occupied": "is_quota_or_in_use",
    "is_passing": "is_transient",
    "look_through": "import_profile",
    "take_in": "add_unseen_items",
    "until_done": "wait",
    "wait_for_a_place": "wait_for_quota",
    "worth_exploring": "exploration_candidates",
}
# Files of the packages.
MODULES = {
    "answering": "requests",
    "answers": "campaign_check, output",
    "asking": "input",
    "choosing": "selection",
    "csv_blocks": "csv_chunks",
    "deletion_in_order": "delete_dataset_group",
    "explaining": "describe",
    "exploring": "exploration",
    "failures": "exceptions",
    "fitting": "trainer",
    "heap_at_rest": "startup",
    "kept_objects": "object_files",
    "look_through": "import_profile",
    "mirror": "persistence",
    "mistakes": "problems",
    "nights": "record_run, notify, dry_run",
    "once": "idempotency",
    "other_services": "xml_errors",
    "read_ahead": "prefetch",
    "shown": "formatting",
    "standin": "moto_server",
    "streamed": "events",
    "together": "microbatch",
    "waiting": "waiter",
    "without_pandas": "startup",
}
# Files with rows of data that a reader compares column by column, aligned by hand.
TABLES = {
    "plugins/airflow_personalize/export/read/sessions.py",
    "tests/airflow_personalize/export/databases/test_types.py",
}


@pytest.mark.parametrize(("old", "new"), IDENTIFIERS.items())
def test_no_identifier_of_before(old: str, new: str):
    found = [str(file.relative_to(ROOT)) for file, names in _names().items() if old in names]
    assert not found, f"{old} is called {new}"


def test_no_module_of_before():
    found = {str(file.relative_to(ROOT)): MODULES[file.stem] for file in _files() if file.stem in MODULES}
    assert not found


def test_only_tables_are_laid_out_by_hand():
    marker = "# fmt: " + "skip"
    files = {file for folder in [*SOURCES, "tests", "benchmarks"] for file in (ROOT / folder).rglob("*.py")}
    assert {str(file.relative_to(ROOT)) for file in files if marker in file.read_text()} == TABLES


@cache
def _names() -> dict[Path, frozenset[str]]:
    """The identifiers of each source file."""
    return {file: frozenset(_tokens(file.read_text())) for file in _files()}


def _tokens(text: str) -> Iterator[str]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.NAME:
            yield token.string


def _files() -> list[Path]:
    return [file for folder in SOURCES for file in sorted((ROOT / folder).rglob("*.py"))]
