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
from encore.csv_rows import files
from encore.runs.import_days import UnknownImportsError, days_until, hold_back, not_imported
from encore.task_inputs import require_inputs

if TYPE_CHECKING:
    from airflow.sdk import Context


class PersonalizeSelectPartitionsOperator(PersonalizeBaseOperator):
    """
    The partitions that a run asks for: all (None), those up to a day, or those not imported yet.

    Where versions are compared on the same users, the newest days are held back: no version is trained on what it is
    judged by. A day that a person has chosen is imported, and so is what an incremental import adds.

    :param dataset_arn: the interactions dataset (templated)
    :param bucket: where the partitions are
    :param prefix: the group's prefix in it
    :param import_mode: FULL, or INCREMENTAL for the days that were not imported yet (templated)
    :param as_of: the last day to import, YYYY-MM-DD; None for all (templated)
    :param held_back_days: newest days that are not imported
    """

    template_fields: Sequence[str] = aws_template_fields("dataset_arn", "import_mode", "as_of")

    def __init__(
        self,
        *,
        dataset_arn: str,
        bucket: str,
        prefix: str,
        import_mode: str,
        as_of: str | None = None,
        held_back_days: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.held_back_days = held_back_days
        self.dataset_arn, self.bucket, self.prefix = dataset_arn, bucket, prefix
        self.import_mode, self.as_of = import_mode, as_of

    def execute(self, context: Context) -> list[str] | None:
        require_inputs(self.task_id, dataset_arn=self.dataset_arn, import_mode=self.import_mode)
        location = DatasetLocation(self.bucket, self.prefix, "interactions")
        if not self.as_of and self.import_mode != "INCREMENTAL":
            return self._but_held_back(location) if self.held_back_days else None
        exported = manifests.directories(self.s3, location)
        if self.as_of:
            return manifests.days(days_until(exported, self.as_of))
        try:
            selected = not_imported(manifests.days(exported), self._imported_files())
        except UnknownImportsError as error:
            raise AirflowFailException(str(error)) from None
        if not selected:
            raise AirflowFailException("import_mode=INCREMENTAL: the service has every exported day already.")
        self.log.info("Adding %s", ", ".join(selected))
        return selected

    def _but_held_back(self, location: DatasetLocation) -> list[str] | None:
        """All days but the newest; None, for all, where so few would be left that they are needed."""
        selected, held_back = hold_back(
            manifests.days(manifests.finished(self.s3, location)), self.held_back_days
        )
        if not held_back:
            self.log.info("No day is held back for a comparison: there are only a few.")
            return None
        self.log.info("Held back for the comparison: %s", ", ".join(held_back))
        return selected

    def _imported_files(self) -> list[str]:
        """The files of the imports since the last FULL one, with that one's."""
        jobs = list_all(self.client, "list_dataset_import_jobs", datasetArn=self.dataset_arn)
        active = [job for job in jobs if job["status"] == "ACTIVE"]
        keys: list[str] = []
        for entry in sorted(active, key=lambda job: job["creationDateTime"], reverse=True):
            job = self.describe("dataset_import_job", datasetImportJobArn=entry["datasetImportJobArn"]) or {}
            keys += files(self.s3, job["dataSource"]["dataLocation"])[1]
            if job.get("importMode", "FULL") == "FULL":
                break
        return keys
