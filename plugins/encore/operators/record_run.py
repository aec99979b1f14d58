"""The end of a night: what came of it is recorded, drawn, and told; and the night that only looks."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from airflow_personalize import solution_versions
from airflow_personalize.operators.base import PersonalizeBaseOperator
from encore import cost, history
from encore.config import INCLUDE
from encore.config.models import DatasetGroup
from encore.operators.gate import plan_of

if TYPE_CHECKING:
    from airflow.sdk import Context

PRICES = INCLUDE / "prices.json"
REPORT = "history/report.html"


class _NightOperator(PersonalizeBaseOperator):
    """What the tasks at the end of a night share.

    :param group: the dataset group, as its section of the pipeline file
    """

    template_fields: Sequence[str] = aws_template_fields()

    def __init__(self, *, group: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.group = group

    @property
    def settings(self) -> DatasetGroup:
        return DatasetGroup.model_validate(self.group)


class PersonalizeRecordRunOperator(_NightOperator):
    """
    Append the night to the history, and draw the report anew.

    Runs however the night went. Returns what became of each solution, and the cost.
    """

    def execute(self, context: Context) -> dict[str, Any] | None:
        plan = plan_of(context)
        if not plan or plan.get("dry_run"):
            self.log.info("Nothing was done, so nothing is recorded.")
            return None
        group, s3 = self.settings, self.s3
        gate = context["ti"].xcom_pull(task_ids="data_gate") or {}
        found = [
            self._row(context, group, gate, number, name) for number, name in enumerate(plan["solutions"])
        ]
        rows = [row for row in found if row is not None]
        estimate = self._cost(group, gate, rows)
        self.log.info("Cost:\n%s", estimate.as_text())
        for row in rows:
            row["cost_usd"] = estimate.usd / len(rows)
        if rows:
            where = history.append(s3, group.bucket, group.prefix, context["ti"].run_id, rows)
            self.log.info("Recorded %d solution versions in %s", len(rows), where)
        self._draw(s3, group)
        return {
            "solutions": {
                row["solution"]: {"outcome": row["outcome"], "reason": row["reason"]} for row in rows
            },
            "cost": estimate.as_json(),
            "report": f"s3://{group.bucket}/{group.prefix}/{REPORT}",
        }

    def _row(
        self, context: Context, group: DatasetGroup, gate: Mapping[str, Any], number: int, name: str
    ) -> dict[str, Any] | None:
        """A solution's row; None if no version came of it."""

        def pulled(task: str, key: str = "return_value") -> Any:
            return context["ti"].xcom_pull(task_ids=f"refresh.{task}", map_indexes=number, key=key)

        arn = pulled("train")
        if not arn:
            return None
        version, decision = solution_versions.trained(self.client, arn), pulled("gate", "decision") or {}
        outcome, reason = _outcome(decision, pulled)
        run = context["dag_run"]
        described = version.described
        return {
            "recorded_at": run.run_after, "dataset_group": group.name, "dag_id": context["ti"].dag_id,
            "run_id": context["ti"].run_id, "run_type": str(run.run_type), "solution": name,
            "recipe": group.solution(name).recipe, "solution_version_arn": arn,
            "trained_by": described.get("trainingType"), "training_mode": described.get("trainingMode"),
            "training_hours": described.get("trainingHours"),
            "hyperparameters": json.dumps(group.solution(name).request(), sort_keys=True),
            "metrics": version.metrics or None, "live_version_arn": decision.get("live"),
            "live_metrics": decision.get("live_metrics"), "popularity_metrics": decision.get("popularity_metrics"),
            "verdict": decision.get("verdict"), "outcome": outcome, "reason": reason,
            "rows": gate.get("rows"), "bytes": gate.get("bytes"), "held_out_users": gate.get("held_out_users"),
            "fingerprint": gate.get("fingerprint"), "seconds": self._seconds(context, described),
            "code_version": _code_version(context), "import_mode": plan_of(context).get("import_mode"),
            "as_of": plan_of(context).get("as_of"),
        }  # fmt: skip

    def _seconds(self, context: Context, described: Mapping[str, Any]) -> dict[str, float]:
        """How long the steps took, by the service's clock where it worked."""
        seconds = {"train": _between(described)}
        for kind in self.settings.datasets:
            arn = context["ti"].xcom_pull(task_ids=f"import_{kind}")
            job = self.describe("dataset_import_job", datasetImportJobArn=arn) if arn else None
            exported = context["ti"].xcom_pull(task_ids=f"export_{kind}")
            seconds |= {f"import {kind}": _between(job)} if job else {}
            seconds |= {f"export {kind}": float(exported["seconds"])} if exported else {}
        return seconds

    def _cost(
        self, group: DatasetGroup, gate: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]
    ) -> cost.Estimate:
        trained = [
            cost.Trained(row["solution"], row["recipe"], row["training_hours"],
                         group.solution(row["solution"]).campaign.min_provisioned_tps)
            for row in rows
        ]  # fmt: skip
        interactions = (gate.get("rows") or {}).get("interactions", 0)
        return cost.estimate(cost.Prices.load(PRICES), gate.get("bytes") or 0, interactions, trained)

    def _draw(self, s3: Any, group: DatasetGroup) -> None:
        """The report of all nights; a night is not spoiled by a picture that fails."""
        try:
            from encore.report.page import page

            html = page(history.read(s3, group.bucket, group.prefix), group.name)
            key = f"{group.prefix}/{REPORT}"
            s3.put_object(
                Bucket=group.bucket, Key=key, Body=html.encode(), ContentType="text/html; charset=utf-8"
            )
        except Exception:
            self.log.exception("The report could not be drawn; python -m encore.report does it by hand.")


def _outcome(decision: Mapping[str, Any], pulled: Any) -> tuple[str, str]:
    """What became of a version, and why."""
    reason = " ".join(decision.get("reasons", ())) or None
    if back := pulled("verify", "rolled_back"):
        return "failed", f"Rolled back: {back}"
    if pulled("verify"):
        return "promoted", reason or ""
    if not decision:
        return "failed", "The gate was not reached."
    if decision["verdict"] == "hold":
        return "held", reason or ""
    if answer := pulled("approve"):
        who = (answer.get("responded_by_user") or {}).get("name")
        answered = f"{', '.join(answer['chosen_options'])}" + (f" by {who}" if who else " by default")
        if "Approve" not in answer["chosen_options"]:
            return "held", f"{answered}. {reason}"
        return "failed", f"{answered}, but the campaign could not be moved and checked. {reason}"
    return "failed", "The campaign could not be moved and checked, or nobody has answered yet."


def _failed_tasks(context: Context) -> list[str]:
    ti = context["ti"]
    states = ti.get_task_states(dag_id=ti.dag_id, run_ids=[ti.run_id]).get(ti.run_id, {})
    return sorted(task for task, state in states.items() if state == "failed")


def _between(described: Mapping[str, Any]) -> float:
    return (described["lastUpdatedDateTime"] - described["creationDateTime"]).total_seconds()


def _code_version(context: Context) -> str | None:
    """The version of the DAG bundle, or what the deployment says in `ENCORE_CODE_VERSION`, or the commit."""
    bundle = getattr(context["dag_run"], "bundle_version", None)
    return bundle or os.environ.get("ENCORE_CODE_VERSION") or _git_head(INCLUDE.parent)


def _git_head(folder: Path) -> str | None:
    """The checked-out commit, read from the files: workers need no git."""
    try:
        head = (folder / ".git" / "HEAD").read_text().strip()
        return (
            (folder / ".git" / head.removeprefix("ref: ")).read_text().strip()
            if head.startswith("ref: ")
            else head
        )
    except OSError:
        return None
