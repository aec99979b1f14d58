"""`python -m localpersonalize.sdk.resources_file FILE`: dataset groups as a JSON file describes them, with their data.

What is there already, by name, is left as it is, so that a file may be applied at each start.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import orjson
from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from localpersonalize.sdk.accounts import Account
from localpersonalize.sdk.dataset_groups import DatasetGroup, JobFailedError


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class DatasetSpec(_Strict):
    """Data of one dataset: a CSV file beside the JSON file, and the Avro schema if it is not to be made from that."""

    data: str
    schema_: dict[str, Any] | None = Field(None, alias="schema")


class SolutionSpec(_Strict):
    """What is trained and served; `campaign` is its name if it is to be another than the solution's."""

    recipe: str
    hyperparameters: dict[str, Any] = {}
    solutionConfig: dict[str, Any] = {}  # as CreateSolution calls it
    campaign: str | None = None


class GroupSpec(_Strict):
    """A dataset group."""

    name: str
    domain: str | None = None
    datasets: dict[str, str | DatasetSpec] = {}
    eventTracker: str | None = None  # as Personalize calls it
    filters: dict[str, str] = {}
    solutions: dict[str, SolutionSpec] = {}


class ResourcesFile(_Strict):
    """The whole file."""

    datasetGroups: list[GroupSpec]  # as Personalize calls them


class ResourcesFileError(Exception):
    """A file can't be applied; the text names file and field."""


def read(file: Path) -> ResourcesFile:
    """
    :raises ResourcesFileError: naming each field that is not as it must be.
    """
    try:
        return ResourcesFile.model_validate(orjson.loads(file.read_bytes()))
    except orjson.JSONDecodeError as error:
        raise ResourcesFileError(f"{file} is no JSON: {error}.") from None
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, entry['loc']))}: {entry['msg']}" for entry in error.errors())
        raise ResourcesFileError(f"{file}: {'; '.join(problems)}.") from None


def apply(account: Account, file: Path) -> None:
    """Make what a file describes.

    :raises ResourcesFileError: if it can't be made, with the resource and the reason.
    """
    for spec in read(file).datasetGroups:
        group = DatasetGroup(account, spec.name, spec.domain)
        try:
            _apply(group, spec, file.parent)
        except (JobFailedError, ClientError, OSError, ValueError) as error:
            raise ResourcesFileError(f"{file}, dataset group {spec.name}: {error}") from None


def _apply(group: DatasetGroup, spec: GroupSpec, folder: Path) -> None:
    for dataset_type, entry in spec.datasets.items():
        dataset = DatasetSpec(data=entry) if isinstance(entry, str) else entry
        if not group.has_data(dataset_type):
            schema = orjson.dumps(dataset.schema_).decode() if dataset.schema_ else None
            group.import_data(dataset_type, folder / dataset.data, schema)
    if spec.eventTracker:
        group.event_tracker(spec.eventTracker)
    for name, expression in spec.filters.items():
        group.filter(name, expression)
    for name, solution in spec.solutions.items():
        if not group.has_solution(name):
            config = solution.solutionConfig
            group.train(solution.recipe, name, solution.hyperparameters, config, solution.campaign)


def main() -> None:
    try:
        apply(Account.of_environment(), Path(sys.argv[1]))
    except ResourcesFileError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
