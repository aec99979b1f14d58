"""What only `make check` looks at: the files that the pipeline file names, and what takes long to look at.

Every DAG file loads the pipeline file, so what is checked on loading must take no time.
"""

from __future__ import annotations

from pathlib import Path

from encore.config.check_queries import check_problems
from encore.config.loader import INCLUDE, compose, located
from encore.config.models import Pipeline
from encore.config.queries import query_problems


def thorough(file: Path, pipeline: Pipeline) -> tuple[list[str], list[str]]:
    """Problems and warnings, each a line with its file and line."""
    node = compose(file)
    problems, warnings = query_problems(pipeline, INCLUDE)
    of_checks, unread = check_problems(pipeline)
    problems += located(file, node, of_checks)
    warnings += located(file, node, unread)
    return problems, warnings
