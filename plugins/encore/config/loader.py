"""Loads the pipeline file. A problem is reported with the file, the line and the key, all problems at once:

include/pipeline.yaml:14: dataset_groups.0.solutions.1.recipe: Field required
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from yaml.constructor import ConstructorError, SafeConstructor

from encore.config.models import Pipeline
from encore.config.problems import Problem
from encore.config.validation import problems

_PLUGINS = Path(__file__).resolve().parents[2]
#: Beside the plugins' folder or, where nothing can lie there (MWAA's archive of plugins), in it.
INCLUDE = next(
    (folder for folder in (_PLUGINS.parent / "include", _PLUGINS / "include") if folder.is_dir()),
    _PLUGINS.parent / "include",
)
PIPELINE_FILE = INCLUDE / "pipeline.yaml"


class PipelineError(ValueError):
    """The pipeline file can't be used. The message lists every problem with its line."""


def include_folder() -> Path:
    """The folder that counts: `ENCORE_INCLUDE`; else that of the DAG bundle in work; else `INCLUDE`.

    Airflow appends a DAG file's bundle to `sys.path` in the process that parses it or runs one of its tasks. In there,
    or beside the bundle's folder, `include/` is of the bundle's version: a run keeps the queries that it began with.
    """
    if named := os.environ.get("ENCORE_INCLUDE"):
        return Path(named)
    parents = (parent for entry in reversed(sys.path) for parent in (Path(entry), Path(entry).parent))
    folders = (parent / "include" for parent in parents)
    return next((folder for folder in folders if (folder / "pipeline.yaml").is_file()), INCLUDE).resolve()


def pipeline_file(path: str | Path | None = None) -> Path:
    """The file that counts: the one given, else `ENCORE_PIPELINE`, else the folder's `pipeline.yaml`."""
    return Path(path or os.environ.get("ENCORE_PIPELINE") or include_folder() / PIPELINE_FILE.name)


def load_pipeline(path: str | Path | None = None) -> Pipeline:
    """Read and validate the pipeline file.

    :raises PipelineError: with every problem, each with its line.
    """
    file = pipeline_file(path)
    return _load(file, file.stat().st_mtime_ns if file.exists() else 0, include_folder())


@lru_cache(maxsize=8)
def _load(file: Path, _modified: int, include: Path) -> Pipeline:
    return read_pipeline(file, include)


def read_pipeline(file: Path, include: Path) -> Pipeline:
    """As `load_pipeline`, whatever was read before.

    :param include: the folder of the queries and schemas that the file names
    """
    node = compose(file)
    if repeated := list(_repeated_keys(node, set())):
        raise PipelineError("\n".join(f"{file}:{line}: {key}: is there twice" for line, key in repeated))
    try:
        pipeline = Pipeline.model_validate(_content(file, node))
    except ValidationError as error:
        invalid = [Problem(detail["loc"], detail["msg"]) for detail in error.errors()]
        raise PipelineError("\n".join(located(file, node, invalid))) from error
    if invalid := problems(pipeline, include):
        raise PipelineError("\n".join(located(file, node, invalid)))
    return pipeline


def compose(file: Path) -> yaml.Node | None:
    """The file's YAML with its line numbers.

    :raises PipelineError: if it can't be read, or is not YAML.
    """
    try:
        return yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except OSError as error:
        raise PipelineError(f"{file}: {error.strerror}. Set ENCORE_PIPELINE or create the file.") from error
    except UnicodeDecodeError as error:
        raise PipelineError(f"{file}:1: is not UTF-8: {error}") from error
    except yaml.reader.ReaderError as error:
        line = file.read_text(encoding="utf-8").count("\n", 0, error.position) + 1
        raise PipelineError(f"{file}:{line}: not YAML: {chr(error.character)!r}: {error.reason}") from error
    except yaml.MarkedYAMLError as error:
        raise _not_yaml(file, error) from error


class _Values(SafeConstructor):
    """Makes values of YAML's nodes; of one that is no value, e.g. 2026-02-30, it says where it is."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ValueError, OverflowError, AttributeError, LookupError, TypeError) as error:
            problem = f"{node.value} can't be read as {node.tag.rpartition(':')[2]}: {error}"
            raise ConstructorError(problem=problem, problem_mark=node.start_mark) from error


def _content(file: Path, node: yaml.Node | None) -> Any:
    """What the file says.

    :raises PipelineError: if something in it can't be read, e.g. an impossible date or an unknown tag.
    """
    try:
        return None if node is None else _Values().construct_document(node)
    except yaml.MarkedYAMLError as error:
        raise _not_yaml(file, error) from error


def _not_yaml(file: Path, error: yaml.MarkedYAMLError) -> PipelineError:
    line = error.problem_mark.line + 1 if error.problem_mark else 1
    return PipelineError(f"{file}:{line}: not YAML: {error.problem}")


def _repeated_keys(node: yaml.Node | None, visited: set[yaml.Node]) -> Iterator[tuple[int, str]]:
    """Line and name of each key that its mapping has twice: YAML would silently take the last one."""
    if node is None or node in visited:  # an alias stands for a node that is elsewhere, too
        return
    visited.add(node)
    if isinstance(node, yaml.SequenceNode):
        for entry in node.value:
            yield from _repeated_keys(entry, visited)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    yield key.start_mark.line + 1, key.value
                seen.add(key.value)
            yield from _repeated_keys(value, visited)


def located(file: Path, node: yaml.Node | None, entries: Iterable[Problem]) -> list[str]:
    """Each problem as a line of text, with the file, the line and the key."""
    return [
        f"{file}:{line_of(node, problem.location)}: {'.'.join(map(str, problem.location))}: {problem.message}"
        for problem in entries
    ]


def line_of(node: yaml.Node | None, location: Sequence[int | str]) -> int:
    """The line of the key that `location` names, or of the deepest parent that the file has."""
    line = 1
    for step in location:
        entry = None
        if isinstance(node, yaml.MappingNode):
            # From the end: what was merged into it comes before its own.
            entries = reversed(node.value)
            entry = next(((key, value) for key, value in entries if key.value == str(step)), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            entry = (node.value[step], node.value[step])
        if entry is None:  # a step that only pydantic knows, e.g. which kind of a union was tried
            continue
        line, node = entry[0].start_mark.line + 1, entry[1]
    return line
