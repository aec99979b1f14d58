"""Each field of the pipeline file has a check that sees it honoured; a new field needs one too."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
import yaml

from airflow_personalize.export.manifest import DatasetLocation
from encore import retention
from encore.comparison.compare import compare
from encore.config import INCLUDE, load_pipeline
from encore.config.experiment import Experiment
from encore.config.json_schema import json_schema
from encore.config.models import DatasetGroup
from encore.config.policies import DataGate, Gate, Retention
from encore.config.sql_checks import ColumnCheck
from encore.config.validation import problems
from encore.experiments import record
from encore.experiments.judge import Analysis, analysis
from encore.experiments.outcomes import outcomes
from encore.gates.data_quality import DatasetFacts, InteractionFacts, judge
from encore.gates.drift import Drift
from encore.gates.drift import checks as drift_checks
from encore.gates.promotion import Decision, SameUsers, Version, decide
from encore.notifications import channels_for
from encore.operators.sql_checks import PersonalizeSqlChecksOperator
from encore.page.titles import Titles
from tests.dags.conftest import load_dags
from tests.support.comparisons import lists, shop
from tests.support.every_setting import COLUMN_CHECK, PIPELINE, TOPIC
from tests.support.planted_exports import PlantedExports
from tests.support.shop_days import Shop

NDCG = "normalized_discounted_cumulative_gain_at_25"
NOW = datetime(2026, 3, 1, tzinfo=UTC)
RETRAIN, EXPORT, BATCH = "retrain_recommenders_b", "export_interactions_b", "batch_recommendations_b"


class Built:
    """The pipeline file as loaded, and what its DAGs are made of."""

    def __init__(self, group: DatasetGroup, dags: dict[str, Any]) -> None:
        self.group, self.dags = group, dags
        self.you = group.solution_arguments(["you"])[0]
        self.notifiers = {
            event: channels_for(event, group.notify, "subject", "text") for event in ("asked", "late", "held")
        }

    def task(self, dag: str, task: str) -> Any:
        return self.dags[dag].get_task(task)

    def mapped(self, task: str) -> dict[str, Any]:
        return dict(self.task(EXPORT, task).partial_kwargs)


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Built:
    file = tmp_path_factory.mktemp("settings") / "pipeline.yaml"
    file.write_text(yaml.safe_dump(PIPELINE))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ENCORE_PIPELINE", str(file))
        return Built(load_pipeline(file).dataset_groups[0], load_dags())


def failed(
    rows: int = 100, usual: int = 100, rejected: float = 0.0, days=(), facts=None, **gate: Any
) -> bool:
    """Whether data fails the gate when one limit alone is set."""
    limits = (
        "max_drop",
        "max_jump",
        "max_day_drop",
        "max_rejected",
        "max_age_hours",
        "max_null_change",
        "max_mix_change",
        "max_repeated_change",
        "max_unknown_users",
        "max_unknown_items",
    )
    settings = DataGate.model_validate({**dict.fromkeys(limits), **gate})
    datasets = [DatasetFacts("interactions", rows, [1000, usual], rejected, days)]
    return bool(judge(settings, datasets, facts or InteractionFacts(), NOW).failed)


def drifted(what: str, **gate: Any) -> bool:
    """Whether a day with that fault fails the gate when one limit alone is set, and no longer when that is wide."""
    shop = Shop(2)
    earlier = [shop.day(number) for number in range(8)]
    now = shop.day(8, DAY_FAULTS[what])
    limits = dict.fromkeys(("max_null_change", "max_mix_change", "max_repeated_change"))

    def fails(**settings: Any) -> bool:
        facts = Drift("interactions", now, earlier)
        checks = drift_checks(DataGate.model_validate({**limits, **settings}), facts)
        return any(not check.passed for check in checks)

    return fails(**gate) and not fails(**dict.fromkeys(gate, 0.99))


DAY_FAULTS: dict[str, Any] = {
    "nulls": lambda columns, draw: {
        **columns,
        "EVENT_VALUE": pa.nulls(len(columns["USER_ID"]), pa.float32()),
    },
    "mix": lambda columns, draw: {
        **columns,
        "EVENT_VALUE": pc.multiply(columns["EVENT_VALUE"], pa.scalar(100, pa.float32())),
    },
    "repeated": lambda columns, draw: {
        name: pa.concat_arrays([values, values]) for name, values in columns.items()
    },
}


def verdict(
    new: float, live: float | None = None, popular: float | None = None, users: int = 100, **gate: Any
) -> str:
    """What the gate decides on NDCG alone."""
    settings = Gate.model_validate({"metrics": {NDCG: {"tolerance": 0}}, **gate})
    versions = [None if value is None else Version("v", {NDCG: value}) for value in (live, popular)]
    return decide("you", settings, Version("new", {NDCG: new}, users), *versions).verdict


def same_users(noise: float, **rule: Any) -> Decision:
    """What the gate decides on a shop where the live version errs by half, and the new one by `noise`."""
    gate = Gate.model_validate({"same_users": rule})
    sample, scores = shop()
    settings = gate.same_users
    compared = compare(
        sample,
        lists(scores, noise),
        lists(scores, 0.5, seed=2),
        metric=settings.metric,
        confidence=settings.confidence,
    )
    return decide("you", gate, Version("new", {}), Version("live", {}), None, same_users=SameUsers(compared))


def removed(key: str, **settings: Any) -> bool:
    """Whether the clean-up removes an object that is ten days old."""
    policy = Retention.model_validate(
        {**dict.fromkeys(("replaced", "rejected", "imports", "batch")), **settings}
    )
    stored = [retention.Stored(key, 1, NOW - timedelta(days=10))]
    return bool(retention.objects_to_remove(policy, stored, {"users/full": "now"}, NOW))


def over_quota(group: DatasetGroup, key: str, quota: int) -> bool:
    """Whether the file is refused with that quota."""
    pipeline = load_pipeline().model_validate(
        {
            "dataset_groups": [group.model_dump(by_alias=True)]
            if key != "dataset_groups"
            else [
                group.model_copy(update={"name": name, "dag_suffix": None}).model_dump(by_alias=True)
                for name in ("a", "b")
            ],
            "quotas": {"solutions": 50, "campaigns": 50, "filters": 50, "dataset_groups": 50, key: quota},
        }
    )
    return any(f"`quotas.{key}`" in problem.message for problem in problems(pipeline, INCLUDE))


def _unused_schema(**settings: Any) -> bool:
    schemas = [retention.Schema("arn", "books-users-0123456789ab", NOW - timedelta(days=9))]
    policy = Retention.model_validate(settings)
    return bool(retention.schemas_to_remove(policy, schemas, set(), {"books-users"}, NOW))


def made(b: Built, kind: str = "TableCheck") -> Any:
    """The operator of common-sql that makes a check, as the export's task builds it."""
    task = b.task(EXPORT, "check_tables")
    task.__dict__["_dialect"] = "postgres"
    (check,) = (check for check in task.checks if ("statement" in check) == (kind == "TableCheck"))
    return task._operator(check, None)


def within(value: float, **limits: Any) -> bool:
    """Whether a column's figure passes with these limits alone."""
    values = {name: limit for name, limit in COLUMN_CHECK.items() if name not in {"leq_to", "tolerance"}}
    check = ColumnCheck.model_validate({**values, **limits})
    task = PersonalizeSqlChecksOperator(task_id="check", checks=[])
    task.__dict__["_dialect"] = None
    operator = task._operator(
        {**check.model_dump(exclude={"where"}), "where": None, "limits": check.limits}, None
    )
    return operator._get_match(check.limits, value, check.tolerance)


def checked(b: Built, name: str, key: str) -> Any:
    """What the export's task is told of a check."""
    return next(check for check in b.task(EXPORT, "check_tables").checks if check["name"] == name)[key]


def attributed(b: Built) -> dict[str, str]:
    """What the service is asked to count."""
    (metric,) = b.task(RETRAIN, "metric_attribution").metrics
    return dict(metric)


JUDGE = "judge_experiment_b"
WON, LOST = ({"state": "ended", "winner": winner} for winner in ("challenger", "champion"))


def at_home(b: Built, **changed: Any) -> Experiment:
    """The experiment, with settings changed."""
    return b.group.experiment.model_copy(update=changed)


def judged(b: Built, **changed: Any) -> Analysis:
    """A look at a thousand users, of whom every third does it once."""
    return analysis(
        at_home(b, **changed), "2026-02-04", {str(user): float(user % 3 == 0) for user in range(1000)}
    )


def counted(b: Built, **changed: Any) -> dict[str, float]:
    """What is counted of a day on which one user buys twice and another looks."""
    planted = PlantedExports()
    events = [("1", "buy"), ("1", "Buy"), ("2", "view")]
    rows = [{"user_id": user, "item_id": "i", "event_type": kind, "timestamp": "1"} for user, kind in events]
    planted.plant("interactions", "dt=2026-02-02", rows, "books/a")
    location = DatasetLocation("books-bucket", "books/a", "interactions")
    return outcomes(planted, location, None, ["2026-02-02"], at_home(b, **changed))


STALE = InteractionFacts(newest=int((NOW - timedelta(hours=9)).timestamp()))
CHECKS: dict[str, Callable[[Built], bool]] = {
    "Pipeline.dataset_groups": lambda b: set(b.group.dag_ids) == set(b.dags),
    "Pipeline.quotas": lambda b: over_quota(b.group, "campaigns", 1),
    "Quotas.dataset_groups": lambda b: (
        over_quota(b.group, "dataset_groups", 1) and not over_quota(b.group, "dataset_groups", 2)
    ),
    "Quotas.solutions": lambda b: (
        over_quota(b.group, "solutions", 3) and not over_quota(b.group, "solutions", 4)
    ),
    "Quotas.campaigns": lambda b: (
        over_quota(b.group, "campaigns", 2) and not over_quota(b.group, "campaigns", 3)
    ),
    "Quotas.filters": lambda b: over_quota(
        b.group.model_copy(update={"filters": b.group.filters * 2}), "filters", 1
    ),
    "Quotas.provisioned_tps": lambda b: (
        over_quota(b.group, "provisioned_tps", 2) and not over_quota(b.group, "provisioned_tps", 3)
    ),
    # a group, and its datasets
    "DatasetGroup.name": lambda b: b.task(RETRAIN, "dataset_group").dataset_group_name == "books",
    "DatasetGroup.dag_suffix": lambda b: RETRAIN in b.dags,
    "DatasetGroup.domain": lambda b: (
        b.task(RETRAIN, "dataset_group").domain == b.task(RETRAIN, "users_dataset").domain == "ECOMMERCE"
    ),
    "DatasetGroup.monthly_budget_usd": lambda b: (
        b.task(RETRAIN, "budget").group["monthly_budget_usd"] == 70
        and "budget" in b.task(RETRAIN, "import_users").upstream_task_ids
    ),
    "DatasetGroup.product_db": lambda b: (
        b.task(RETRAIN, "export_users").conn_id == b.mapped("export")["conn_id"] == "books_db"
    ),
    "DatasetGroup.aws_conn_id": lambda b: (
        {getattr(task, "aws_conn_id", "books_aws") for task in b.dags[RETRAIN].tasks} == {"books_aws"}
    ),
    "DatasetGroup.role": lambda b: (
        b.task(RETRAIN, "import_users").role_arn == b.task(BATCH, "batch_mail.job").role_arn == "BooksRole"
    ),
    "DatasetGroup.bucket": lambda b: (
        b.task(RETRAIN, "data_gate").bucket == b.mapped("export")["bucket"] == "books-bucket"
    ),
    "DatasetGroup.prefix": lambda b: (
        b.task(RETRAIN, "data_gate").prefix == b.mapped("export")["prefix"] == "books/a"
    ),
    "DatasetGroup.history_start": lambda b: (
        b.dags[EXPORT].start_date.isoformat().startswith("2026-01-02") and b.dags[EXPORT].catchup
    ),
    "DatasetGroup.schedule": lambda b: b.dags[RETRAIN].timetable.summary == "1 2 * * *",
    "DatasetGroup.approval_hours": lambda b: (
        b.group.solution_arguments(["popular"])[0]["approval_hours"] == 5
    ),
    "DatasetGroup.deadline_hours": lambda b: b.dags[RETRAIN].deadline[0].interval == timedelta(hours=6),
    "DatasetGroup.datasets": lambda b: (
        {"import_interactions", "import_users", "import_items"} <= set(b.dags[RETRAIN].task_ids)
    ),
    "DatasetGroup.solutions": lambda b: b.dags[RETRAIN].params["solutions"] == ["popular", "other", "you"],
    "DatasetGroup.filters": lambda b: "filter_fresh" in b.dags[RETRAIN].task_ids,
    "DatasetGroup.data_gate": lambda b: b.task(RETRAIN, "data_gate").gate["max_drop"] == 0.4,
    "DatasetGroup.retention": lambda b: b.dags["clean_up_b"].params["remove_unlisted"] is True,
    "DatasetGroup.notify": lambda b: len(b.task(RETRAIN, "notify").settings.notify) == 3,
    "DatasetGroup.batch": lambda b: BATCH in b.dags,
    "Dataset.schema": lambda b: "user_id" in str(b.task(RETRAIN, "users_dataset").schema),
    "Dataset.sql": lambda b: (
        "SELECT" in b.task(RETRAIN, "export_users").sql
        and b.mapped("export")["sql"] == "sql/interactions.sql"
    ),
    "Dataset.contract": lambda b: b.mapped("export")["contract"] is b.group.datasets["interactions"].contract,
    "Dataset.rejected_limit": lambda b: (
        b.mapped("export")["rejected_limit"] == b.task(EXPORT, "commit").rejected_limit == 0.2
    ),
    "Dataset.row_id": lambda b: b.mapped("export")["row_id"] == "event_id",
    "Dataset.splits": lambda b: b.task(EXPORT, "plan").shards == 3,
    "Dataset.bounds_sql": lambda b: (
        b.task(EXPORT, "plan").bounds_sql == (INCLUDE / "sql" / "items.sql").read_text()
    ),
    "Dataset.titles_sql": lambda b: (
        Titles.of_group(b.group, "item").query == (INCLUDE / "sql/item_titles.sql").read_text().strip()
    ),
    "Dataset.settle_minutes": lambda b: b.task(EXPORT, "select_days").settle_minutes == 20,
    "Dataset.reexport_days": lambda b: b.task(EXPORT, "select_days").reexport_days == 2,
    "Dataset.table_checks": lambda b: checked(b, "enough", "table") == "shop.events",
    "Dataset.column_checks": lambda b: checked(b, "known", "table") == "events",
    "TableCheck.name": lambda b: set(made(b).checks) == {"enough"},
    "TableCheck.table": lambda b: made(b).table == "shop.events",
    "TableCheck.where": lambda b: checked(b, "enough", "where") == "at >= {{ start }}",
    "TableCheck.severity": lambda b: checked(b, "enough", "severity") == "warn",
    "TableCheck.statement": lambda b: "CASE WHEN COUNT(*) > 5 THEN" in made(b).sql,
    "ColumnCheck.name": lambda b: made(b, "ColumnCheck").task_id == "known",
    "ColumnCheck.table": lambda b: made(b, "ColumnCheck").table == "events",
    "ColumnCheck.where": lambda b: made(b, "ColumnCheck").partition_clause == "at < {{ end }}",
    "ColumnCheck.severity": lambda b: checked(b, "known", "severity") == "stop",
    "ColumnCheck.column": lambda b: set(made(b, "ColumnCheck").column_mapping) == {"item"},
    "ColumnCheck.test": lambda b: "item IS NULL" in made(b, "ColumnCheck").sql,
    "ColumnCheck.equal_to": lambda b: within(2, equal_to=2) and not within(3, equal_to=2),
    "ColumnCheck.greater_than": lambda b: within(3, greater_than=2) and not within(2, greater_than=2),
    "ColumnCheck.geq_to": lambda b: within(2, geq_to=2) and not within(1, geq_to=2),
    "ColumnCheck.less_than": lambda b: within(1, less_than=2) and not within(2, less_than=2),
    "ColumnCheck.leq_to": lambda b: within(2, leq_to=2) and not within(3, leq_to=2),
    "ColumnCheck.tolerance": lambda b: within(3, leq_to=2, tolerance=0.5),
    "Contract.default": lambda b: b.mapped("export")["contract"].default == "stop",
    "Contract.rules": lambda b: b.mapped("export")["contract"].rules == {"not_finite": "drop_value"},
    "Filter.name": lambda b: b.task(RETRAIN, "filter_fresh").filter_name == "fresh",
    "Filter.expression": lambda b: b.task(RETRAIN, "filter_fresh").filter_expression.startswith(
        "INCLUDE ItemID"
    ),
    # solutions and campaigns
    "Solution.name": lambda b: b.you["name"] == "you",
    "Solution.recipe": lambda b: b.you["recipe_arn"].endswith("/aws-user-personalization"),
    "Solution.hyperparameters": lambda b: (
        b.you["solution_config"]["algorithmHyperParameters"] == {"bptt": "2"}
    ),
    "Solution.event_type": lambda b: b.you["event_type"] == "buy",
    "Solution.event_value_threshold": lambda b: b.you["solution_config"]["eventValueThreshold"] == "0.5",
    "Solution.perform_hpo": lambda b: (
        b.you["perform_hpo"] and "perform_hpo" in b.task(RETRAIN, "solution.create").template_fields
    ),
    "Solution.solution_config": lambda b: "hpoConfig" in b.you["solution_config"],
    "Solution.campaign": lambda b: b.you["campaign_name"] == "for-you",
    "Solution.gate": lambda b: set(b.task(RETRAIN, "solution.gate").gates) == {"popular", "other", "you"},
    "Campaign.name": lambda b: b.you["campaign_name"] == "for-you",
    "Campaign.min_provisioned_tps": lambda b: b.you["min_provisioned_tps"] == 3,
    "Campaign.config": lambda b: b.you["campaign_config"] == {"enableMetadataWithRecommendations": True},
    "Campaign.check": lambda b: (
        set(b.task(RETRAIN, "solution.verify").checks) == {"popular", "other", "for-you"}
    ),
    "AnswerCheck.questions": lambda b: b.task(RETRAIN, "solution.verify").checks["for-you"]["questions"] == 7,
    "AnswerCheck.results": lambda b: b.task(RETRAIN, "solution.verify").checks["for-you"]["results"] == 8,
    "AnswerCheck.max_milliseconds": lambda b: (
        b.task(RETRAIN, "solution.verify").checks["for-you"]["max_milliseconds"] == 9
    ),
    # the gates
    "Gate.metrics": lambda b: list(b.task(RETRAIN, "solution.gate").gates["you"]["metrics"]) == ["coverage"],
    "Gate.worse_than_live": lambda b: verdict(0.1, live=0.2, worse_than_live="ask") == "ask",
    "Gate.worse_than_popularity": lambda b: verdict(0.1, popular=0.2, worse_than_popularity="hold") == "hold",
    "Gate.below_floor": lambda b: verdict(0.1, metrics={NDCG: {"floor": 0.2}}, below_floor="ask") == "ask",
    "Gate.baseline": lambda b: b.task(RETRAIN, "solution.gate").gates["you"]["baseline"] == "other",
    "Gate.confidence": lambda b: (
        [verdict(0.2, live=0.28, metrics={NDCG: {}}, confidence=confidence) for confidence in (0.6, 0.99)]
        == ["hold", "promote"]
    ),
    "Gate.approval_hours": lambda b: b.you["approval_hours"] == 4,
    "Gate.same_users": lambda b: (
        b.task(RETRAIN, "solution.compare").solutions["you"]["rule"]["metric"] == "recall_at_25"
    ),
    "DatasetGroup.comparison": lambda b: (
        {"hold_back", "solution.ask_new", "solution.ask_live"} <= set(b.dags[RETRAIN].task_ids)
    ),
    "DatasetGroup.recommenders": lambda b: "recommender_for-you" in b.dags[RETRAIN].task_ids,
    "Recommender.name": lambda b: b.task(RETRAIN, "recommender_for-you").recommender_name == "for-you",
    "Recommender.recipe": lambda b: b.task(RETRAIN, "recommender_for-you").recipe_arn.endswith(
        "/aws-ecomm-recommended-for-you"
    ),
    "Recommender.min_requests_per_second": lambda b: (
        b.task(RETRAIN, "recommender_for-you").recommender_config["minRecommendationRequestsPerSecond"] == 4
    ),
    "Recommender.state": lambda b: (
        b.task(RETRAIN, "start_for-you").upstream_task_ids == {"recommender_for-you"}
        and b.task(RETRAIN, "update_for-you").upstream_task_ids >= {"start_for-you"}
    ),
    "Recommender.config": lambda b: (
        b.task(RETRAIN, "recommender_for-you").recommender_config["enableMetadataWithRecommendations"] is True
    ),
    "DatasetGroup.event_tracker": lambda b: "event_tracker" in b.dags[RETRAIN].task_ids,
    "DatasetGroup.metric_attribution": lambda b: "metric_attribution" in b.dags[RETRAIN].task_ids,
    "EventTracker.name": lambda b: b.task(RETRAIN, "event_tracker").tracker_name == "clicks",
    "MetricAttribution.name": lambda b: (
        b.task(RETRAIN, "metric_attribution").metric_attribution_name == "sales"
    ),
    "MetricAttribution.metrics": lambda b: len(b.task(RETRAIN, "metric_attribution").metrics) == 1,
    "MetricAttribution.reports": lambda b: b.task(RETRAIN, "metric_attribution").output_location is None,
    "AttributedMetric.name": lambda b: attributed(b)["metricName"] == "clicks",
    "AttributedMetric.event_type": lambda b: attributed(b)["eventType"] == "click",
    "AttributedMetric.expression": lambda b: attributed(b)["expression"] == "SAMPLECOUNT()",
    "Comparison.held_back_days": lambda b: (
        b.task(RETRAIN, "select_partitions").held_back_days
        == b.task(RETRAIN, "hold_back").settings.comparison.held_back_days
        == 2
        and b.task(RETRAIN, "data_gate").gate["max_age_hours"] == 72 + 48
    ),
    "DatasetGroup.experiment": lambda b: b.task(JUDGE, "judge").experiment.name == "home",
    "Experiment.name": lambda b: judged(b, name="other").users != judged(b).users,
    "Experiment.champion": lambda b: (
        b.task(JUDGE, "remove_loser").settings.experiment.champion == record.loser(at_home(b), WON)
    ),
    "Experiment.challenger": lambda b: (
        b.task(JUDGE, "judge").settings.experiment.challenger == record.loser(at_home(b), LOST)
    ),
    "Experiment.share": lambda b: 190 < judged(b).users[1] < 310 < judged(b, share=0.5).users[1],
    "Experiment.begin": lambda b: str(at_home(b).analysis_days[0]) == "2026-02-04",
    "Experiment.days": lambda b: str(at_home(b).analysis_days[-1]) == "2026-02-10",
    "Experiment.analyses": lambda b: len(at_home(b).analysis_days) == 3,
    "Experiment.event_type": lambda b: counted(b, event_type="BUY") == {"1": 2.0, "2": 0.0},
    "Experiment.measure": lambda b: counted(b, measure="users") == {"1": 1.0, "2": 0.0},
    "Experiment.error": lambda b: judged(b, error=0.3).high < judged(b).high,
    "Experiment.winner": lambda b: b.task(JUDGE, "judge").settings.experiment.winner == "promote",
    "Experiment.keep_loser_days": lambda b: "6 days from now" in b.task(JUDGE, "end")._what_is_next(),
    "Experiment.schedule": lambda b: b.dags[JUDGE].timetable.summary == "4 5 * * *",
    "Comparison.users": lambda b: b.task(RETRAIN, "hold_back").settings.comparison.users == 300,
    "Comparison.attribute": lambda b: b.task(RETRAIN, "hold_back").settings.comparison.attribute == "gender",
    "Comparison.scan_rows": lambda b: b.task(RETRAIN, "hold_back").settings.comparison.scan_rows == 5000,
    "SameUsersRule.metric": lambda b: same_users(3.0, metric="recall_at_25").headline.count("recall@25") > 0,
    "SameUsersRule.require": lambda b: same_users(0.5, require="better").verdict == "ask",
    "SameUsersRule.not_worse_by": lambda b: (
        [same_users(3.0, not_worse_by=share).verdict for share in (0.9, 0.05)] == ["promote", "hold"]
    ),
    "SameUsersRule.undecided": lambda b: (
        same_users(0.5, require="better", undecided="hold").verdict == "hold"
    ),
    "SameUsersRule.confidence": lambda b: "60% interval" in same_users(0.5, confidence=0.6).headline,
    "MetricRule.tolerance": lambda b: (
        verdict(0.1, live=0.2, metrics={NDCG: {"tolerance": 0.15}}) == "promote"
    ),
    "MetricRule.floor": lambda b: verdict(0.1, metrics={NDCG: {"floor": 0.2}}) == "hold",
    "DataGate.on_failure": lambda b: b.task(RETRAIN, "data_gate").gate["on_failure"] == "warn",
    "DataGate.compare_runs": lambda b: (
        failed(rows=400, max_drop=0.1, compare_runs=2) and not failed(rows=100, max_drop=0.1, compare_runs=1)
    ),
    "DataGate.max_drop": lambda b: failed(rows=50, max_drop=0.4, compare_runs=1),
    "DataGate.max_jump": lambda b: failed(rows=300, max_jump=2, compare_runs=1),
    "DataGate.max_day_drop": lambda b: failed(
        days=[("a", 10), ("b", 9), ("c", 10), ("d", 4)], max_day_drop=0.5
    ),
    "DataGate.max_rejected": lambda b: failed(rejected=0.2, max_rejected=0.1),
    "DataGate.max_age_hours": lambda b: (
        failed(facts=STALE, max_age_hours=8) and not failed(facts=STALE, max_age_hours=10)
    ),
    "DataGate.max_null_change": lambda b: drifted("nulls", max_null_change=0.3),
    "DataGate.max_mix_change": lambda b: drifted("mix", max_mix_change=0.3),
    "DataGate.max_repeated_change": lambda b: drifted("repeated", max_repeated_change=0.3),
    "DataGate.max_unknown_users": lambda b: failed(
        facts=InteractionFacts(unknown_users=0.2), max_unknown_users=0.1
    ),
    "DataGate.max_unknown_items": lambda b: failed(
        facts=InteractionFacts(unknown_items=0.2), max_unknown_items=0.1
    ),
    "DataGate.scan_rows": lambda b: b.task(RETRAIN, "data_gate").gate["scan_rows"] == 2_000_000,
    # the clean-up
    "Retention.partitions": lambda b: removed("interactions/dt=2026-01-01/now/a.csv", partitions=30),
    "Retention.replaced": lambda b: (
        removed("users/full/before/a.csv", replaced=9) and not removed("users/full/before/a.csv", replaced=11)
    ),
    "Retention.rejected": lambda b: (
        removed("rejected/a.csv", rejected=9) and not removed("rejected/a.csv", rejected=11)
    ),
    "Retention.imports": lambda b: (
        removed("imports/a.csv", imports=9) and not removed("imports/a.csv", imports=11)
    ),
    "Retention.batch": lambda b: removed("batch/a.json", batch=9) and not removed("batch/a.json", batch=11),
    "Retention.unused_schemas": lambda b: _unused_schema() and not _unused_schema(unused_schemas=False),
    "Retention.remove_unlisted": lambda b: b.dags["clean_up_b"].params["remove_unlisted"] is True,
    # the channels
    "SlackChannel.type": lambda b: type(b.notifiers["asked"][0]).__name__ == "SlackWebhookNotifier",
    "SlackChannel.conn_id": lambda b: b.notifiers["asked"][0].slack_webhook_conn_id == "slack_books",
    "SlackChannel.on": lambda b: (
        len(b.task(RETRAIN, "solution.approve").notifiers) == len(b.notifiers["asked"]) == 1
    ),
    "MailChannel.type": lambda b: type(b.notifiers["late"][0]).__name__ == "SmtpNotifier",
    "MailChannel.to": lambda b: b.notifiers["late"][0].to == ["a@example.com"],
    "MailChannel.sender": lambda b: b.notifiers["late"][0].from_email == "b@example.com",
    "MailChannel.conn_id": lambda b: b.notifiers["late"][0].smtp_conn_id == "mail_books",
    "MailChannel.on": lambda b: len(b.notifiers["late"]) == 1,
    "SnsChannel.type": lambda b: type(b.notifiers["held"][0]).__name__ == "SnsNotifier",
    "SnsChannel.topic_arn": lambda b: b.notifiers["held"][0].target_arn == TOPIC,
    "SnsChannel.conn_id": lambda b: b.notifiers["held"][0].aws_conn_id == "sns_books",
    "SnsChannel.on": lambda b: len(b.notifiers["held"]) == 1,
    # the batch jobs
    "Batch.schedule": lambda b: b.dags[BATCH].timetable.summary == "3 4 * * 1",
    "Batch.jobs": lambda b: b.dags[BATCH].params["batches"] == ["mail", "fans"],
    "BatchJob.name": lambda b: "batch_mail.job" in b.dags[BATCH].task_ids,
    "BatchJob.kind": lambda b: (
        b.task(BATCH, "batch_fans.job").task_type == "PersonalizeCreateBatchSegmentJobOperator"
    ),
    "BatchJob.solution": lambda b: b.task(BATCH, "batch_mail.version").solution_name == "you",
    "BatchJob.recipe": lambda b: b.task(BATCH, "batch_fans.solution").recipe_arn.endswith(
        "/aws-item-affinity"
    ),
    "BatchJob.input": lambda b: (
        b.task(BATCH, "batch_mail.input").sql == (INCLUDE / "sql" / "users.sql").read_text()
    ),
    "BatchJob.num_results": lambda b: b.task(BATCH, "batch_mail.job").num_results == 6,
    "BatchJob.filter": lambda b: b.task(BATCH, "batch_mail.version").filter_name == "fresh",
    "BatchJob.output": lambda b: b.task(BATCH, "batch_mail.input").folder == "books/a/batch/letters",
    "BatchJob.table": lambda b: b.task(BATCH, "batch_mail.answers").table == "for_you",
    "BatchJob.error_limit": lambda b: b.task(BATCH, "batch_mail.answers").error_limit == 0.3,
}


def test_every_field_has_a_check():
    schema = json.loads(json_schema())
    sections = {**schema["$defs"], "Pipeline": schema}
    fields = {
        f"{name}.{field}" for name, section in sections.items() for field in section.get("properties", {})
    }
    assert fields == set(CHECKS)


@pytest.mark.parametrize("field", CHECKS)
def test_a_setting_is_honoured(built, field):
    assert CHECKS[field](built)


def test_a_search_for_hyperparameters_is_asked_of_the_service():
    from unittest.mock import MagicMock

    from airflow_personalize.operators.solution import PersonalizeCreateSolutionOperator

    operator = PersonalizeCreateSolutionOperator(
        task_id="create",
        solution_name="you",
        dataset_group_arn="g",
        recipe_arn="r",
        perform_hpo=True,
        solution_config={"hpoConfig": {"hpoResourceConfig": {}}},
    )
    operator.__dict__["hook"] = MagicMock()
    operator._create()
    (request,) = [call.kwargs for call in operator.non_retrying_client.create_solution.call_args_list]
    assert request["performHPO"] is True
    assert request["solutionConfig"] == {"hpoConfig": {"hpoResourceConfig": {}}}
