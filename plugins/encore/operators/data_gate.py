"""The gate of the data, before its import."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from airflow.sdk.exceptions import AirflowFailException

from airflow_personalize.operators.base import PersonalizeBaseOperator
from encore import history
from encore.config.policies import DataGate
from encore.gates.data_quality import DataGateError, DatasetFacts, judge
from encore.gates.import_profile import look_through
from encore.gates.promotion import HELD_OUT
from encore.operators.gate import NIGHTS, plan_of

if TYPE_CHECKING:
    from airflow.sdk import Context


class PersonalizeDataGateOperator(PersonalizeBaseOperator):
    """
    Stop a run whose data does not look like data, before the import replaces what the service has.

    :param gate: the group's `data_gate`
    :param bucket: where the history and the snapshots are
    :param prefix: the group's prefix in it
    :param datasets: the kinds; the snapshot of each is the XCom of ``snapshot_<kind>``
    :return: the table, rows and bytes by dataset, and the number of held-out users to expect
    """

    template_fields: Sequence[str] = aws_template_fields()

    def __init__(
        self, *, gate: Mapping[str, Any], bucket: str, prefix: str, datasets: Sequence[str], **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.gate, self.bucket, self.prefix, self.datasets = gate, bucket, prefix, list(datasets)

    def execute(self, context: Context) -> dict[str, Any]:
        gate = DataGate.model_validate(self.gate)
        ti = context["ti"]
        snapshots = {kind: ti.xcom_pull(task_ids=f"snapshot_{kind}") for kind in self.datasets}
        past = history.read(self.s3, self.bucket, self.prefix, newest=NIGHTS)
        incremental = plan_of(context).get("import_mode") == "INCREMENTAL"
        facts = [
            DatasetFacts(
                kind,
                snapshot["rows"],
                [] if incremental else history.usual_rows(past, kind),
                _rejected(context, kind),
                [(each["key"], each["rows"]) for each in snapshot["partitions"]]
                if kind == "interactions"
                else [],
            )
            for kind, snapshot in snapshots.items()
        ]
        places = {kind: snapshot["location"] for kind, snapshot in snapshots.items()}
        seen = look_through(
            self.s3, places["interactions"], places.get("users"), places.get("items"),
            limit=gate.scan_rows, newest=snapshots["interactions"]["max_timestamp"],
        )  # fmt: skip
        verdict = judge(gate, facts, seen, datetime.now(UTC))
        self.log.info("Data gate:\n%s", verdict.as_text())
        self._act(verdict, gate.on_failure, plan_of(context).get("data_gate", "file"))
        return {
            **verdict.as_json(),
            "rows": {fact.dataset: fact.rows for fact in facts},
            "bytes": sum(snapshot["bytes"] for snapshot in snapshots.values()),
            "fingerprint": snapshots["interactions"]["fingerprint"],
            "held_out_users": round((seen.distinct_users or 0) * HELD_OUT) or None,
        }

    def _act(self, verdict: Any, on_failure: str, chosen: str) -> None:
        try:
            verdict.refuse()
        except DataGateError as closed:
            if (on_failure if chosen == "file" else chosen) == "stop":
                raise AirflowFailException(str(closed)) from closed
            self.log.warning("The import goes on all the same. %s", closed)


def _rejected(context: Context, kind: str) -> float | None:
    """The share that the last export rejected: of this run's own export, or of the asset's last event."""
    summary = context["ti"].xcom_pull(task_ids=f"export_{kind}")
    if not isinstance(summary, Mapping):
        summary = next((event.extra for asset in context["task"].inlets
                        for event in list(context["inlet_events"][asset])[-1:]), None)  # fmt: skip
    read = (summary or {}).get("rows_read")
    return (summary or {})["rows_rejected"] / read if read else None
