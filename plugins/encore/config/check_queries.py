"""The SQL of the pipeline file's own checks, parsed in the SQL of the product database before anything runs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from airflow_personalize.export.read.dialects import dialect_of_environment
from airflow_personalize.export.read.query_check import check_query
from encore.config.models import Dataset, Pipeline
from encore.config.problems import Location, Problem
from encore.config.sql_checks import TableCheck

#: How a part of a check stands in its query.
_QUERIES = {"statement": "SELECT {} AS passed FROM t", "where": "SELECT 1 FROM t WHERE {}"}


def check_problems(
    pipeline: Pipeline, environment: Mapping[str, str] | None = None
) -> tuple[list[Problem], list[Problem]]:
    """What is wrong with the checks' conditions and statements, and what could not be looked at.

    :param environment: defines the connections of product databases (default: the process's own)
    """
    problems: list[Problem] = []
    warnings: list[Problem] = []
    for number, group in enumerate(pipeline.dataset_groups):
        dialect = dialect_of_environment(group.product_db, os.environ if environment is None else environment)
        for kind, dataset in group.datasets.items():
            allowed = ("start", "end") if kind == "interactions" else ()
            for location, key, text in _parts(("dataset_groups", number, "datasets", kind), dataset):
                findings = check_query(_QUERIES[key].format(text), dialect, (), allowed)
                problems += [Problem((*location, key), finding.message) for finding in findings.problems]
                warnings += [Problem((*location, key), finding.message) for finding in findings.warnings]
    return problems, warnings


def _parts(at: Location, dataset: Dataset) -> Iterator[tuple[Location, str, str]]:
    """Each piece of SQL with the place of its check and its key."""
    for key, checks in (("table_checks", dataset.table_checks), ("column_checks", dataset.column_checks)):
        for position, check in enumerate(checks):
            here: Location = (*at, key, position)
            if isinstance(check, TableCheck):
                yield here, "statement", check.statement
            if check.where:
                yield here, "where", check.where
