"""The files that an import job reads: a consistent set of exported partitions under one prefix."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from airflow.sdk.exceptions import AirflowFailException

from airflow_personalize.export.exceptions import ExportError
from airflow_personalize.export.snapshot import Snapshot, create_snapshot
from airflow_personalize.transfers.base import PersonalizeDatasetTransferOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class PersonalizeDatasetSnapshotOperator(PersonalizeDatasetTransferOperator):
    """Copies the current files of a dataset's partitions to a prefix of their own, for an import to read.

    Exports that run at the same time don't disturb it: it holds whole partitions only, each once.

    :param run_id: names the folder below `imports/` (templated)
    :param partitions: keys of the partitions; default: all that were exported (templated)
    :param minimum: fail when the interactions are too few for the service to train on
    :param on_gap: what to do when a day between the first and the last was never exported
    :param on_duplicates: what to do when a row (by the dataset's `row_id`) is there more than once
    :return: `location` for the import job, `fingerprint` of the content, rows, bytes, files, partitions, gaps
    """

    template_fields: Sequence[str] = aws_template_fields(
        "dataset", "bucket", "prefix", "run_id", "partitions"
    )

    def __init__(
        self,
        *,
        run_id: str = "{{ run_id }}",
        partitions: Sequence[str] | None = None,
        minimum: bool = True,
        on_gap: Literal["warn", "stop"] = "warn",
        on_duplicates: Literal["warn", "stop"] = "warn",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.run_id = run_id
        self.partitions = partitions
        self.minimum = minimum
        self.on_gap = on_gap
        self.on_duplicates = on_duplicates

    def execute(self, context: Context) -> dict[str, Any]:
        try:
            snapshot = create_snapshot(
                self.s3,
                self.location,
                re.sub(r"[^A-Za-z0-9_-]+", "-", self.run_id).strip("-"),
                keys=self.partitions,
                progress=self.log.info,
            )
            self._judge(snapshot)
        except ExportError as error:
            raise AirflowFailException(str(error)) from None
        return snapshot.to_dict()

    def _judge(self, snapshot: Snapshot) -> None:
        if snapshot.shortfall and self.minimum:
            raise ExportError(f"dataset {self.dataset!r} holds only {snapshot.shortfall}. Export more days")
        self._judge_duplicates(snapshot)
        if snapshot.gaps:
            message = f"nothing was exported for {'; '.join(snapshot.gaps)}. Backfill these days"
            if self.on_gap == "stop":
                raise ExportError(f"dataset {self.dataset!r}: {message}")
            self.log.warning("%s; the import goes on without them", message)

    def _judge_duplicates(self, snapshot: Snapshot) -> None:
        repeats = snapshot.duplicates
        if repeats is None:
            return
        if repeats.unknown:
            self.log.warning(
                "partitions %s were exported without row ids: rows of theirs are not compared. Backfill them",
                ", ".join(repeats.unknown),
            )
        if not repeats.rows:
            return
        message = (
            f"{repeats.rows:,} rows are there more than once, by their row_id: {'; '.join(repeats.examples)}. Mend the "
            "query (a join that multiplies rows, a timestamp that changes) and backfill these partitions"
        )
        if self.on_duplicates == "stop":
            raise ExportError(f"dataset {self.dataset!r}: {message}")
        self.log.warning("%s; the import goes on with them", message)
