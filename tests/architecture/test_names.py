"""Names that have given way to the field's word do not come back; only tables are laid out by hand."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.support.packages import ROOT

SOURCES = ["dags", "plugins", "localpersonalize", "demo", "benchmarks", "tests/support"]

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
    "NEWEST": "say of what",
    "News": "Message",
    "OnDisk": "FileBuffer",
    "Place": "DatasetLocation",
    "PersonalizeAskOperator": "ApprovalOperator",
    "PersonalizeChooseDaysOperator": "SelectPartitionsOperator",
    "PersonalizeHeldOperator": "HoldOperator",
    "PersonalizeRecordNightOperator": "RecordRunOperator",
    "PersonalizeTellOperator": "NotifyOperator",
    "SOON": "say of what",
    "STRETCH": "say of what",
    "StandIn": "MotoProcess",
    "Tally": "MatchCounts",
    "Together": "RequestBatcher",
    "UsersWithTwo": "ActiveUserCounter",
    "asking_once": "non_retrying_client",
    "heap_at_rest": "frozen_heap",
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
# Words that say nothing of what a function does or a value holds: the noun itself is the name, or a verb of the field.
VAGUE = re.compile(
    r"again|ask(ed|ing)?|between|chosen|described|each|fitted|found|given|keep|kept|looks?|mine|nights?|places?|reckon|"
    r"refuse|repeatable|saw|settled|several|shown|soon|taken|tally|tell|told|there|worth"
)
# (file, word): why it is the field's own word there.
OF_THE_FIELD = {
    ("localpersonalize/recipes/actions/next_best_action.py", "taken"): "the service's event type of actions",
}
# What texts no longer say -> what they say.
PHRASES = {
    r"nights?|nightly": "run",
    r"reckon(s|ed|ing)?": "estimate, compute",
    r"sat out": "waited in the worker",
    r"stands? nowhere": "are in no dataset",
    r"told": "notified, called with, configured",
    r"looks? through": "search",
}
TEXTS = [*SOURCES, "docs", "include"]
# Files with rows of data that a reader compares column by column, aligned by hand.
TABLES = {
    "plugins/airflow_personalize/export/read/sessions.py",
    "tests/airflow_personalize/export/databases/test_types.py",
}


@pytest.mark.parametrize(("old", "new"), IDENTIFIERS.items())
def test_no_identifier_of_before(old: str, new: str):
    files = [str(file.relative_to(ROOT)) for file, names in _names().items() if old in names]
    assert not files, f"{old} is called {new}"


def test_no_module_of_before():
    files = {str(file.relative_to(ROOT)): MODULES[file.stem] for file in _files() if file.stem in MODULES}
    assert not files


def test_no_vague_identifier():
    assert sorted(_vague_identifiers().keys() - OF_THE_FIELD.keys()) == []


def test_every_exception_is_needed():
    assert OF_THE_FIELD.keys() - _vague_identifiers().keys() == set()


@pytest.mark.parametrize(
    "source",
    [
        "def found(): ...",
        "class Found: ...",
        "def f(found): ...",
        "lambda *found: None",
        "found = 1",
        "found: int",
        "row.found = 1",
        "f(found=1)",
        "[0 for found, _ in rows]",
        "with opened() as (_, _found): ...",
        "try: ...\nexcept ValueError as found: ...",
        "if (found := f()): ...",
        "import json as found",
        "match row:\n    case [*found]: ...",
        "match row:\n    case {**found}: ...",
        "match row:\n    case found: ...",
    ],
)
def test_a_vague_identifier_is_seen_wherever_a_name_is_made(source: str):
    assert "found" in {name.strip("_").lower() for name in _made(ast.parse(source))}


@pytest.mark.parametrize(("old", "new"), PHRASES.items())
def test_no_text_of_before(old: str, new: str):
    phrase = re.compile(rf"\b({old})\b", re.IGNORECASE)
    lines = [
        f"{file.relative_to(ROOT)}:{number}"
        for file in _texts()
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if phrase.search(line)
    ]
    assert not lines, new


def test_only_tables_are_laid_out_by_hand():
    marker = "# fmt: " + "skip"
    files = {file for folder in [*SOURCES, "tests"] for file in (ROOT / folder).rglob("*.py")}
    assert {str(file.relative_to(ROOT)) for file in files if marker in file.read_text()} == TABLES


@cache
def _names() -> dict[Path, frozenset[str]]:
    """The identifiers of each source file."""
    return {file: frozenset(_tokens(file.read_text())) for file in _files()}


@cache
def _vague_identifiers() -> dict[tuple[str, str], set[str]]:
    """The vague names that are made in each source file and test, by file and word."""
    vague: dict[tuple[str, str], set[str]] = {}
    for file in [
        *_files(),
        *sorted((ROOT / "tests").rglob("test_*.py")),
        *(ROOT / "tests").rglob("conftest.py"),
    ]:
        for name in _made(ast.parse(file.read_text())):
            if VAGUE.fullmatch(word := name.strip("_").lower()):
                vague.setdefault((str(file.relative_to(ROOT)), word), set()).add(name)
    return vague


def _made(tree: ast.AST) -> Iterator[str]:
    """The names that a file makes: of definitions, parameters, variables, attributes and keywords."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr
        elif isinstance(node, ast.arg | ast.keyword):
            yield node.arg or ""
        elif isinstance(node, ast.alias):
            yield node.asname or ""
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar):
            yield node.name or ""
        elif isinstance(node, ast.MatchMapping):
            yield node.rest or ""


def _texts() -> list[Path]:
    """Sources and pages; `docs/hyperparameters.md` is made from the sources."""
    files = [
        file
        for folder in TEXTS
        for file in sorted((ROOT / folder).rglob("*"))
        if file.suffix in (".py", ".md", ".yaml", ".toml", ".json")
    ]
    return [*files, *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "Makefile"))]


def _tokens(text: str) -> Iterator[str]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.NAME:
            yield token.string


def _files() -> list[Path]:
    return [file for folder in SOURCES for file in sorted((ROOT / folder).rglob("*.py"))]
