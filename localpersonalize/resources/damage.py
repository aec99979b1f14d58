"""What is said of a resource whose files are damaged: a FAILED state, the reason, and the way out."""

from __future__ import annotations

import logging
from pathlib import Path

from localpersonalize.database import Database
from localpersonalize.datasets import deletions
from localpersonalize.datasets.tables import Tables
from localpersonalize.disk.sealed import DamagedError
from localpersonalize.resource_types import (
    ACTIVE,
    CAMPAIGN,
    CREATE_FAILED,
    DATA_DELETION_JOB,
    DATASET,
    DATASET_IMPORT_JOB,
    RECOMMENDER,
    SOLUTION_VERSION,
)
from localpersonalize.resources.latest_version import show_in_solution
from localpersonalize.resources.repository import Repository
from localpersonalize.runtime.adapters import model_folder

log = logging.getLogger(__name__)


class DamageReports:
    """Takes down in resources what the files of a data directory turn out to be."""

    def __init__(self, database: Database, tables: Tables, data_dir: Path) -> None:
        self._database, self._tables, self._data_dir = database, tables, data_dir
        self._resources = Repository(database)

    def of_file(self, error: DamagedError) -> None:
        """An import's data, or a model, can't be read."""
        log.error("%s", error)
        try:
            with self._database.transaction():
                self._fail_jobs(error)
                self._fail_models(error)
        except Exception:  # on a full disk, say; who asked gets the error of the file all the same
            log.exception("that %s is damaged could not be taken down", error.path)

    def of_campaign(self, arn: str, error: DamagedError) -> None:
        """The model of a campaign or recommender can't be loaded, and none is in memory."""
        self.of_file(error)
        campaign = self._resources.find(CAMPAIGN, arn)
        if campaign and error.path == model_folder(self._data_dir, campaign["solutionVersionArn"]):
            reason = f"{error}. Update the campaign to another solution version."
            self._resources.change(CAMPAIGN, arn, status=CREATE_FAILED, failureReason=reason, _lostModel=True)

    def _fail_jobs(self, error: DamagedError) -> None:
        """The job that wrote a version of a dataset: datasets show no reasons, and must stay open for an import."""
        reason = f"{error}. Import the data again, with importMode FULL."
        for job in self._resources.all(DATASET_IMPORT_JOB):
            arn = job["datasetImportJobArn"]
            is_it = error.path == self._tables.version_folder(job["datasetArn"], arn.split("/")[-1])
            if is_it and job["status"] == ACTIVE:
                self._resources.change(DATASET_IMPORT_JOB, arn, status=CREATE_FAILED, failureReason=reason)
        for deletion in self._resources.all(DATA_DELETION_JOB):
            arn = deletion["dataDeletionJobArn"]
            datasets = self._resources.all(DATASET, deletion["datasetGroupArn"])
            written = [
                self._tables.version_folder(d["datasetArn"], deletions.version_name(arn)) for d in datasets
            ]
            if error.path in written and deletion["status"] == "COMPLETED":
                self._resources.change(DATA_DELETION_JOB, arn, status="FAILED", failureReason=reason)

    def _fail_models(self, error: DamagedError) -> None:
        for version in self._resources.all(SOLUTION_VERSION):
            arn = version["solutionVersionArn"]
            if error.path == model_folder(self._data_dir, arn) and version["status"] == ACTIVE:
                reason = f"{error}. Train a new solution version."
                changed = self._resources.change(
                    SOLUTION_VERSION, arn, status=CREATE_FAILED, failureReason=reason
                )
                if changed:
                    show_in_solution(self._resources, changed)
        for recommender in self._resources.all(RECOMMENDER):
            arn = recommender["recommenderArn"]
            if error.path == model_folder(self._data_dir, arn) and recommender["status"] == ACTIVE:
                reason = f"{error}. Delete the recommender and create it again."
                self._resources.change(RECOMMENDER, arn, status=CREATE_FAILED, failureReason=reason)
