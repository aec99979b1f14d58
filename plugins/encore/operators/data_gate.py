"""The gate of the data, before its import."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from airflow.sdk.exceptions import AirflowFailException

from airflow_personalize.export.partitions import FULL
from airflow_personalize.operators.base import PersonalizeBaseOperator
from encore import history
from encore.config.policies import DataGate
from encore.gates.data_quality import DataGateError, DatasetFacts, Verdict, judge, reference_time
from encore.gates.import_profile import profile
from encore.gates.profiled_data import of_snapshots
from encore.gates.promotion import HELD_OUT_SHARE
from encore.task_inputs import require_inputs

if TYPE_CHECKING:
    from airflow.sdk import Context


class PersonalizeDataGateOperator(PersonalizeBaseOperator):
    """
    Stop a run whose data does not look like data, before the import replaces what the service has.

    :param gate: the group's `data_gate`
    :param bucket: where the history and the snapshots are
    :param prefix: the group's prefix in it
    :param snapshots: the snapshot of each dataset, as `PersonalizeDatasetSnapshotOperator` returns it (templated)
    :param exports: the summary of each dataset's export, where the run has exported it; of the others the last event
        of the task's inlet counts (templated)
    :param import_mode: how the snapshots will be imported, FULL or INCREMENTAL (templated)
    :param as_of: the day up to which interactions are imported, where a person has chosen one (templated)
    :param on_failure: what the run wants, `stop` or `warn`; `file`: as the gate says (templated)
    :return: the table, rows and bytes by dataset, the number of held-out users to expect, profiles and insights
    """

    template_fields: Sequence[str] = aws_template_fields(
        "snapshots", "exports", "import_mode", "on_failure", "as_of"
    )

    def __init__(
        self,
        *,
        gate: Mapping[str, Any],
        bucket: str,
        prefix: str,
        snapshots: Mapping[str, Any],
        exports: Mapping[str, Any],
        import_mode: str,
        on_failure: str,
        as_of: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.gate, self.bucket, self.prefix = gate, bucket, prefix
        self.snapshots, self.exports = snapshots, exports
        self.import_mode, self.on_failure, self.as_of = import_mode, on_failure, as_of

    def execute(self, context: Context) -> dict[str, Any]:
        self._require_inputs()
        gate = DataGate.model_validate(self.gate)
        past = history.read(self.s3, self.bucket, self.prefix, newest=history.COMPARED_RUNS)
        facts = [self._facts(context, dataset, past) for dataset in self.snapshots]
        locations = {dataset: snapshot["location"] for dataset, snapshot in self.snapshots.items()}
        interactions = profile(
            self.s3,
            locations["interactions"],
            locations.get("users"),
            locations.get("items"),
            limit=gate.scan_rows,
            newest=self.snapshots["interactions"]["max_timestamp"],
        )
        profiled = of_snapshots(self.s3, self.bucket, self.prefix, self.snapshots, past, gate.compare_runs)
        # An incremental import's rows are not all that is trained on.
        insights = [] if self.import_mode == "INCREMENTAL" else profiled.insights
        self.log.info("Insights before the import:\n%s", "\n".join(insights) or "none")
        verdict = judge(gate, facts, interactions, reference_time(self.as_of), profiled.drifts)
        self.log.info("Data gate:\n%s", verdict.as_text())
        self._enforce(verdict, gate.on_failure if self.on_failure == "file" else self.on_failure)
        return {
            **verdict.as_json(),
            "rows": {fact.dataset: fact.rows for fact in facts},
            "bytes": sum(snapshot["bytes"] for snapshot in self.snapshots.values()),
            "data_until": _last_day(self.snapshots["interactions"]["partitions"]),
            "fingerprint": self.snapshots["interactions"]["fingerprint"],
            "profiles": profiled.newest(),
            "insights": insights,
            "held_out_users": round((interactions.distinct_users or 0) * HELD_OUT_SHARE) or None,
        }

    def _require_inputs(self) -> None:
        named = {
            **{f"snapshots[{dataset!r}]": snapshot for dataset, snapshot in self.snapshots.items()},
            **{f"exports[{dataset!r}]": export for dataset, export in self.exports.items()},
        }
        require_inputs(self.task_id, **named, import_mode=self.import_mode, on_failure=self.on_failure)

    def _facts(self, context: Context, dataset: str, past: Sequence[Mapping[str, Any]]) -> DatasetFacts:
        snapshot = self.snapshots[dataset]
        daily = snapshot["partitions"] if dataset == "interactions" else []
        return DatasetFacts(
            dataset,
            snapshot["rows"],
            [] if self.import_mode == "INCREMENTAL" else history.usual_rows(past, dataset),
            _rejected_share(self.exports.get(dataset) or _last_event(context)),
            [(partition["key"], partition["rows"]) for partition in daily],
        )

    def _enforce(self, verdict: Verdict, on_failure: str) -> None:
        try:
            verdict.raise_if_failed()
        except DataGateError as error:
            if on_failure == "stop":
                raise AirflowFailException(str(error)) from None
            self.log.warning("The import goes on all the same. %s", error)


def _last_day(partitions: Sequence[Mapping[str, Any]]) -> str | None:
    """The newest day that is imported, YYYY-MM-DD; None where interactions are one partition."""
    return max((partition["key"] for partition in partitions if partition["key"] != FULL), default=None)


def _last_event(context: Context) -> Mapping[str, Any]:
    """What the last event of the inlet assets says of the export behind it."""
    for asset in context["task"].inlets:
        for event in list(context["inlet_events"][asset])[-1:]:
            return dict(event.extra or {})
    return {}


def _rejected_share(export: Mapping[str, Any]) -> float | None:
    read = export.get("rows_read")
    return float(export["rows_rejected"]) / read if read else None
