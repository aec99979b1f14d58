"""The end of a run: what came of it is recorded, and the report drawn anew."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from airflow.sdk.exceptions import AirflowException
from airflow.sdk.observability import stats
from botocore.exceptions import BotoCoreError, ClientError

from airflow_personalize import solution_versions
from encore import cost, history
from encore.config.models import DatasetGroup
from encore.deployment.spending import unused_of_group
from encore.deployment.surroundings import NotAllowedError
from encore.mlflow_runs import log_versions
from encore.operators.base import DatasetGroupOperator
from encore.operators.wait_for_turn import PersonalizeWaitForTurnOperator
from encore.report.draw import draw_report
from encore.report.page import drawings
from encore.runs.failed_tasks import fail_beside
from encore.runs.failure_reasons import Failure, failures, of_solution
from encore.runs.history_row import history_row, recommender_row, row_without_version
from encore.runs.outcomes import SolutionResult, results_of

if TYPE_CHECKING:
    from airflow.sdk import Context

INPUTS = (
    "plan",
    "data_gate",
    "versions",
    "decisions",
    "answers",
    "checks",
    "rollbacks",
    "recommenders",
    "imports",
    "exports",
    "history",
)


class PersonalizeRecordRunOperator(DatasetGroupOperator):
    """
    Append the run to the history, and draw the report anew.

    Works however the run went: each input is what a task has returned, or None. What comes from a mapped task may be
    one value or several, in any order. A selected solution that has no new version is recorded as failed, with the task
    that was in its way.

    :param plan: the run's plan (templated)
    :param data_gate: what `PersonalizeDataGateOperator` has returned (templated)
    :param versions: ARNs of the new solution versions (templated)
    :param decisions: the gate's decisions (templated)
    :param answers: what people have answered (templated)
    :param checks: what `PersonalizeVerifyCampaignOperator` has returned (templated)
    :param rollbacks: what it has pushed as ``rolled_back`` (templated)
    :param recommenders: by name, the `arn` of one that is as the file says, and the `tasks` that keep it (templated)
    :param imports: by dataset, the ARN of its import job (templated)
    :param exports: by dataset, the summary of its export (templated)
    :param history: what `PersonalizeSelectHistoryOperator` has returned (templated)
    :return: what became of each solution, and of each recommender that was made or has failed; and the cost
    """

    template_fields: Sequence[str] = aws_template_fields(*INPUTS)

    def __init__(
        self,
        *,
        plan: Mapping[str, Any] | None,
        data_gate: Mapping[str, Any] | None,
        versions: Any,
        decisions: Any,
        answers: Any,
        checks: Any,
        rollbacks: Any,
        imports: Mapping[str, str | None],
        exports: Mapping[str, Mapping[str, Any] | None],
        history: Sequence[Sequence[Mapping[str, Any]]] | None = None,
        recommenders: Mapping[str, Mapping[str, Any]] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.plan, self.data_gate = plan, data_gate
        self.versions, self.decisions, self.answers = versions, decisions, answers
        self.checks, self.rollbacks = checks, rollbacks
        self.imports, self.exports, self.history = imports, exports, history
        self.recommenders = recommenders or {}

    def execute(self, context: Context) -> dict[str, Any] | None:
        failed = failures(context)
        if (self.plan or context["params"]).get("dry_run"):
            self.log.info("Nothing was done, so nothing is recorded.")
            recorded = None
        else:
            recorded = self._record(context, failed)
        if failed:
            context["ti"].xcom_push(key="return_value", value=recorded)
            fail_beside([failure.task for failure in failed])
        return recorded

    def _record(self, context: Context, failed: Sequence[Failure]) -> dict[str, Any]:
        group = self.settings
        results = results_of(group, self.versions, self.decisions, self.answers, self.checks, self.rollbacks)
        selected = (self.plan or context["params"]).get("solutions") or ()
        names = [solution.name for solution in group.solutions if solution.name in selected]
        versions = [self._row(context, group, results[name], failed) for name in names if name in results]
        without = [
            row_without_version(
                context, group, name, group.solution(name).recipe, _failures_of(group, name, failed)
            )
            for name in names
            if name not in results and not _is_superfluous(context)
        ]
        recommenders, new = self._recommender_rows(context, group, failed)
        rows = [*versions, *without, *recommenders]
        unused = self._unused(group)
        for row in rows:
            row["unused"] = json.dumps(unused)
        estimate = self._add_cost(
            group, versions, [row for row in recommenders if row["outcome"] != "failed"]
        )
        self.log.info("Cost:\n%s", estimate.as_text())
        if rows:
            location = history.append(self.s3, group.bucket, group.prefix, context["ti"].run_id, rows)
            self.log.info("Recorded %d solutions in %s", len(rows), location)
        self._count(group, rows, estimate.usd)
        draw_report(self.s3, group, self.log)
        log_versions(rows, self._drawings, self.log)
        return {
            "solutions": {
                row["solution"]: {"outcome": row["outcome"], "reason": row["reason"]}
                for row in [*versions, *without, *new]
            },
            "cost": estimate.as_json(),
            "unused": unused,
            "report": f"s3://{group.bucket}/{group.prefix}/{history.REPORT_KEY}",
        }

    def _drawings(self) -> dict[str, str]:
        return drawings(history.read(self.s3, self.settings.bucket, self.settings.prefix))

    def _count(self, group: DatasetGroup, rows: Sequence[Mapping[str, Any]], usd: float) -> None:
        """Metrics, through whatever Airflow sends its own by."""
        stats.gauge("encore.cost_usd", usd, tags={"group": group.name})
        for row in rows:
            tags = {"group": group.name, "solution": row["solution"]}
            stats.incr("encore.versions", tags={**tags, "outcome": row["outcome"]})
            for name, value in (row.get("metrics") or {}).items():
                stats.gauge("encore.metric", value, tags={**tags, "metric": name})

    def _unused(self, group: DatasetGroup) -> list[str]:
        """What is paid for and not used, a sentence each; nothing is stopped, and no run fails by it."""
        try:
            entries = unused_of_group(self.aws_conn_id, group.name)
        except (NotAllowedError, BotoCoreError, ClientError, AirflowException) as error:
            self.log.warning("What is paid for and not used was not looked at: %s", error)
            return []
        for entry in entries:
            self.log.warning("Paid for and not used: %s", entry)
        return [str(entry) for entry in entries]

    def _row(
        self, context: Context, group: DatasetGroup, result: SolutionResult, failed: Sequence[Failure]
    ) -> dict[str, Any]:
        version = solution_versions.trained(self.client, result.version_arn)
        decision = result.decision
        columns = {
            **self._data_columns(),
            "live_version_arn": decision.get("live"),
            "verdict": decision.get("verdict"),
            "seconds": {"train": _duration(version.description), **self._seconds()},
            **{name: decision.get(name) for name in ("live_metrics", "popularity_metrics")},
            "comparison": _comparison(decision),
        }
        outcome, reason = result.outcome()
        if outcome == "failed" and (own := _failures_of(group, result.solution, failed)):
            reason = " ".join([reason, *(failure.as_text() for failure in own)])
            columns |= {"failed_task": own[0].task, "link": own[0].link}
        return history_row(context, group, version, (outcome, reason), columns)

    def _recommender_rows(
        self, context: Context, group: DatasetGroup, failed: Sequence[Failure]
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The rows of recommenders, and of those the ones that have news: made by this run, or failed."""
        rows, new = [], []
        for recommender in group.recommenders:
            result = self.recommenders.get(recommender.name) or {}
            arn = result.get("arn")
            description = self.describe("recommender", recommenderArn=arn) if arn else None
            if description is not None:
                columns = {**self._data_columns(), "seconds": self._seconds()}
                row = recommender_row(context, group, recommender, description, columns)
                begun = context["dag_run"].start_date
                is_new = begun is not None and description["creationDateTime"] >= begun
            elif not _is_superfluous(context):
                own = [failure for failure in failed if failure.task in result.get("tasks", ())]
                shared = [failure for failure in failed if failure.label is None]
                row = row_without_version(context, group, recommender.name, recommender.recipe, own or shared)
                is_new = True
            else:
                continue
            rows.append(row)
            new += [row] if is_new else []
        return rows, new

    def _data_columns(self) -> dict[str, Any]:
        """What all rows of a run have in common: the data."""
        gate, plan = self.data_gate or {}, self.plan or {}
        return {
            "history_days": sum(len(task) for task in self.history or ()),
            **{
                name: gate.get(name)
                for name in ("rows", "bytes", "held_out_users", "fingerprint", "data_until")
            },
            **{name: plan.get(name) for name in ("import_mode", "as_of")},
            **{name: json.dumps(gate[name]) for name in ("profiles", "insights") if gate.get(name)},
        }

    def _seconds(self) -> dict[str, float]:
        """How long exports and imports took, by the service's clock where it worked."""
        seconds: dict[str, float] = {}
        for dataset in self.settings.datasets:
            arn, export = self.imports.get(dataset), self.exports.get(dataset)
            job = self.describe("dataset_import_job", datasetImportJobArn=arn) if arn else None
            seconds |= {f"import {dataset}": _duration(job)} if job else {}
            seconds |= {f"export {dataset}": float(export["seconds"])} if export else {}
        return seconds

    def _add_cost(
        self, group: DatasetGroup, versions: Sequence[dict[str, Any]], recommenders: Sequence[dict[str, Any]]
    ) -> cost.Estimate:
        """The cost of the run, which is put into its rows: each has its share, and a day of what it serves by itself.

        :param recommenders: the rows of recommenders
        """
        prices, gate = cost.Prices.load(), self.data_gate or {}
        trainings = [
            cost.Training(
                row["solution"],
                row["recipe"],
                row["training_hours"],
                group.solution(row["solution"]).campaign.min_provisioned_tps,
                _compared_lines(row),
            )
            for row in versions
        ]
        interactions = (gate.get("rows") or {}).get("interactions", 0)
        estimate = cost.estimate(prices, gate.get("bytes") or 0, interactions, trainings)
        days: list[float | None] = [cost.campaign_day(prices, training).usd for training in trainings]
        provisioned = {entry.name: entry.min_requests_per_second for entry in group.recommenders}
        active = [row for row in recommenders if row["outcome"] == "promoted"]
        served = {
            row["solution"]: cost.recommender_day(prices, row["solution"], provisioned[row["solution"]])
            for row in active
        }
        of_run = estimate.usd - sum(usd or 0.0 for usd in days)
        days += [served[name].usd if (name := row["solution"]) in served else 0.0 for row in recommenders]
        rows = [*versions, *recommenders]
        for row, usd in zip(rows, days, strict=True):
            row["cost_usd"] = of_run / len(rows)
            row["campaign_usd_a_day"] = usd
        return cost.Estimate([*estimate.items, *served.values()], prices.as_of)


def _is_superfluous(context: Context) -> bool:
    """Whether the run gave its turn away: another scheduled one does what it would have done."""
    ti: Any = context["ti"]
    if str(getattr(context["dag_run"].run_type, "value", context["dag_run"].run_type)) != "scheduled":
        return False
    turns = [
        task.task_id for task in context["dag"].tasks if isinstance(task, PersonalizeWaitForTurnOperator)
    ]
    states = ti.get_task_states(dag_id=ti.dag_id, run_ids=[ti.run_id]).get(ti.run_id, {})
    return any(states.get(turn) == "skipped" for turn in turns)


def _comparison(decision: Mapping[str, Any]) -> str | None:
    """The figures alone: the tables are drawn from them."""
    compared = decision.get("comparison")
    if compared is None:
        return None
    return json.dumps({name: value for name, value in compared.items() if name not in {"text", "markdown"}})


def _compared_lines(row: Mapping[str, Any]) -> int:
    if not row["comparison"]:
        return 0
    users = json.loads(row["comparison"])["lines"][0]["users"]
    return cost.compared_lines(row["recipe"], users, 2 if row["live_version_arn"] else 1)


def _failures_of(group: DatasetGroup, name: str, failed: Sequence[Failure]) -> list[Failure]:
    return of_solution(failed, (name, group.solution(name).campaign_name))


def _duration(resource: Mapping[str, Any]) -> float:
    seconds: float = (resource["lastUpdatedDateTime"] - resource["creationDateTime"]).total_seconds()
    return seconds
