"""Which days of interactions a run imports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from airflow.sdk.exceptions import AirflowFailException

from airflow_personalize.export import manifest as manifests
from airflow_personalize.export.manifest import DatasetLocation
from airflow_personalize.operators.base import PersonalizeBaseOperator
from airflow_personalize.pagination import list_all
from encore.gates.import_profile import files
from encore.operators.gate import plan_of
from encore.runs.import_days import UnknownImportsError, days, not_imported, until

if TYPE_CHECKING:
    from airflow.sdk import Context


class PersonalizeSelectPartitionsOperator(PersonalizeBaseOperator):
    """
    The partitions that the run's plan asks for: all (None), those up to a day, or those not imported yet.

    :param dataset_arn: the interactions dataset (templated)
    :param bucket: where the partitions are
    :param prefix: the group's prefix in it
    """

    template_fields: Sequence[str] = aws_template_fields("dataset_arn")

    def __init__(self, *, dataset_arn: str, bucket: str, prefix: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dataset_arn, self.bucket, self.prefix = dataset_arn, bucket, prefix

    def execute(self, context: Context) -> list[str] | None:
        plan = plan_of(context)
        if not plan.get("as_of") and plan.get("import_mode") != "INCREMENTAL":
            return None
        there = manifests.directories(self.s3, DatasetLocation(self.bucket, self.prefix, "interactions"))
        if plan.get("as_of"):
            return days(until(there, plan["as_of"]))
        try:
            chosen = not_imported(days(there), self._imported_files())
        except UnknownImportsError as error:
            raise AirflowFailException(str(error)) from error
        if not chosen:
            raise AirflowFailException("import_mode=INCREMENTAL: the service has every exported day already.")
        self.log.info("Adding %s", ", ".join(chosen))
        return chosen

    def _imported_files(self) -> list[str]:
        """The files of the imports since the last FULL one, with that one's."""
        listed = list_all(self.client, "list_dataset_import_jobs", datasetArn=self.dataset_arn)
        jobs = [job for job in listed if job["status"] == "ACTIVE"]
        keys: list[str] = []
        for entry in sorted(jobs, key=lambda job: job["creationDateTime"], reverse=True):
            job = self.describe("dataset_import_job", datasetImportJobArn=entry["datasetImportJobArn"]) or {}
            keys += files(self.s3, job["dataSource"]["dataLocation"])[1]
            if job.get("importMode", "FULL") == "FULL":
                break
        return keys
