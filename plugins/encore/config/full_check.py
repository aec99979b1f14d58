"""What only `make check` looks at: the files that the pipeline file names, and what takes long to look at.

Every DAG file loads the pipeline file, so what is checked on loading must take no time.
"""

from __future__ import annotations

from pathlib import Path

from encore.config.check_queries import check_problems
from encore.config.columns import column_problems
from encore.config.filters import filter_problems
from encore.config.loader import compose, include_folder, located
from encore.config.models import Pipeline
from encore.config.queries import query_problems
from encore.config.requests import request_problems
from encore.config.schemas import schema_problems


def full_check(file: Path, pipeline: Pipeline) -> tuple[list[str], list[str]]:
    """Problems and warnings, each a line with its file and line."""
    node, include = compose(file), include_folder()
    of_queries, warnings = query_problems(pipeline, include)
    of_checks, unread = check_problems(pipeline)
    in_file = [*of_checks, *request_problems(pipeline), *filter_problems(pipeline, include)]
    in_others = [*schema_problems(pipeline, include), *of_queries, *column_problems(pipeline, include)]
    return [*located(file, node, in_file), *in_others], [*warnings, *located(file, node, unread)]
