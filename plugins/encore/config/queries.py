"""The query files that the pipeline file names: parsed, in the SQL of the product database, before anything runs.

Kept out of `load_pipeline`, which every DAG file calls: parsing SQL takes longer than all the rest of it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from airflow_personalize.export.read.dialects import dialect_of_environment
from airflow_personalize.export.read.query_check import Findings, check_query
from airflow_personalize.export.read.query_template import QueryProblem
from encore.config.batch import EVERYBODY
from encore.config.models import Dataset, DatasetGroup, Pipeline

#: A day of interactions; users and items are exported whole.
_DAY = ("start", "end")
_SLICE = ("low", "high")


@dataclass(frozen=True)
class QueryUse:
    """A query file and the markers that it is run with.

    :param needed: it must have these
    :param allowed: it may have these as well
    """

    file: Path
    needed: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()


def query_problems(
    pipeline: Pipeline, include: Path, environment: Mapping[str, str] | None = None
) -> tuple[list[str], list[str]]:
    """What is wrong with the query files, and what could not be looked at; each with the file and the line.

    :param environment: defines the connections of product databases (default: the process's own), which say what
        SQL a query is in
    """
    problems: list[str] = []
    warnings: list[str] = []
    known = os.environ if environment is None else environment
    for group in pipeline.dataset_groups:
        dialect = dialect_of_environment(group.product_db, known)
        for use in dict.fromkeys(uses(group, include)):
            if not use.file.is_file():  # named by the pipeline file's own check
                continue
            findings = _checked(use, dialect)
            problems += [f"{use.file}:{finding.line}: {finding.message}" for finding in findings.problems]
            warnings += [f"{use.file}:{finding.line}: {finding.message}" for finding in findings.warnings]
    return list(dict.fromkeys(problems)), list(dict.fromkeys(warnings))


def uses(group: DatasetGroup, include: Path) -> Iterator[QueryUse]:
    """The group's queries: of datasets, of their bounds, and of batch jobs that have a file of their own."""
    for kind, dataset in group.datasets.items():
        yield from _of_dataset(kind, dataset, include)
    for job in group.batch_jobs:
        recipe = group.recipe_of(job)
        source = job.input_for(recipe) if recipe else None
        if source and source not in EVERYBODY:
            yield QueryUse(include / source)


def _of_dataset(kind: str, dataset: Dataset, include: Path) -> Iterator[QueryUse]:
    if dataset.titles_sql:
        yield QueryUse(include / dataset.titles_sql)
    if kind != "interactions":
        yield QueryUse(include / dataset.sql)
        return
    sliced = dataset.bounds_sql is not None and dataset.splits > 1
    yield QueryUse(include / dataset.sql, (*_DAY, *_SLICE) if sliced else _DAY)
    if dataset.bounds_sql:
        yield QueryUse(include / dataset.bounds_sql, (), _DAY)


def _checked(use: QueryUse, dialect: str | None) -> Findings:
    try:
        text = use.file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        return Findings([QueryProblem(1, f"is not UTF-8: {error}")])
    return check_query(text, dialect, use.needed, use.allowed)
