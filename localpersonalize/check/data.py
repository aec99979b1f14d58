"""Versions of datasets, and models: whether they are what was written, and can be read."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from localpersonalize.check.findings import Aside, Finding
from localpersonalize.data_directory import DATASETS, MODELS
from localpersonalize.database import Database
from localpersonalize.datasets.tables import Tables
from localpersonalize.disk import folders
from localpersonalize.disk.sealed import DamagedError
from localpersonalize.recipes.registry import load_model
from localpersonalize.resource_types import ACTIVE, CAMPAIGN, DATASET, INACTIVE, RECOMMENDER, SOLUTION_VERSION
from localpersonalize.resources.damage import DamageReports
from localpersonalize.resources.repository import Repository
from localpersonalize.runtime.adapters import model_folder


class DataCheck:
    """Searches the folders that resources name."""

    def __init__(self, data_dir: Path, database: Database, tables: Tables, aside: Aside) -> None:
        self._data_dir, self._database, self._tables, self._aside = data_dir, database, tables, aside
        self._resources = Repository(database)
        self._reports = DamageReports(database, tables, data_dir)

    def findings(self) -> Iterator[Finding]:
        yield from self._datasets()
        yield from self._models()
        for folder in (*self._data_dir.glob(f"{DATASETS}/*"), self._data_dir / MODELS):
            for partial_folder in folder.glob(f"*{folders.PARTIAL}"):
                remove = partial(_remove, partial_folder)
                yield Finding(partial_folder, "was cut off by a kill", "nothing", remove)

    def _datasets(self) -> Iterator[Finding]:
        for dataset in self._resources.all(DATASET):
            arn = dataset["datasetArn"]
            for name in dataset.get("_versions", []):
                read = partial(self._tables.version, arn, name)
                error = _damage(read, self._tables.version_folder(arn, name))
                if error is not None:
                    lost = f"what {name} imported into {arn}: import it again, with importMode FULL"
                    yield self._finding(error, lost, partial(self._drop_version, arn, name, error), read)

    def _models(self) -> Iterator[Finding]:
        bodies = [*self._resources.all(SOLUTION_VERSION), *self._resources.all(RECOMMENDER)]
        for body in bodies:
            arn = str(body.get("solutionVersionArn") or body.get("recommenderArn"))
            folder = model_folder(self._data_dir, arn)
            if body["status"] not in (ACTIVE, INACTIVE) and not folder.exists():
                continue  # it never had one, or says already that it is lost
            read = partial(load_model, folder)
            error = _damage(read, folder)
            if error is not None:
                lost = f"the model of {arn}: train it again"
                yield self._finding(error, lost, partial(self._fail_model, arn, error), read)

    def _finding(
        self, error: DamagedError, lost: str, repair: Callable[[], str], read: Callable[[], object]
    ) -> Finding:
        """A list of checksums that alone is damaged is made anew."""
        if folders.MANIFEST in str(error) and _reads_without_checksums(error.path, read):
            made = partial(_new_manifest, error.path)
            return Finding(error.path, str(error), "nothing: the files beside it can be read", made)
        return Finding(error.path, str(error), lost, repair)

    def _drop_version(self, arn: str, name: str, error: DamagedError) -> str:
        self._reports.of_file(error)
        dataset = self._resources.require(DATASET, arn)
        left = [version for version in dataset.get("_versions", []) if version != name]
        self._resources.change(DATASET, arn, _versions=left)
        return f"{self._aside.move(error.path)}; the dataset goes on without it, its job says so"

    def _fail_model(self, arn: str, error: DamagedError) -> str:
        self._reports.of_file(error)
        for campaign in self._resources.all(CAMPAIGN):
            if campaign["solutionVersionArn"] == arn and campaign["status"] == ACTIVE:
                self._reports.of_campaign(campaign["campaignArn"], error)
        return f"{self._aside.move(error.path)}; what was made of it is CREATE FAILED, and says so"


def _damage(read: Callable[[], object], folder: Path) -> DamagedError | None:
    try:
        if read() is None:
            return DamagedError(folder, f"{folder} is missing")
    except DamagedError as error:
        return error
    except ValueError:  # of another format: not damaged
        return None
    return None


def _reads_without_checksums(folder: Path, read: Callable[[], object]) -> bool:
    manifest = folder / folders.MANIFEST
    aside = manifest.with_name(manifest.name + ".damaged")
    manifest.rename(aside)
    try:
        return _damage(read, folder) is None
    finally:
        aside.rename(manifest)


def _new_manifest(folder: Path) -> str:
    folders.write_manifest(folder)
    return "its checksums were taken anew"


def _remove(folder: Path) -> str:
    shutil.rmtree(folder)
    return "removed"
