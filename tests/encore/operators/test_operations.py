"""Gate, rollback and clean-up against a real service."""

from __future__ import annotations

import pytest
from airflow.sdk.exceptions import AirflowFailException

from encore.config.models import DatasetGroup
from encore.config.policies import Retention
from encore.operators.cleanup import PersonalizeCleanUpOperator
from encore.operators.gate import PersonalizeGateOperator
from encore.operators.rollback import PersonalizeSelectRollbackVersionOperator
from encore.retention import tags
from tests.support.operator_runs import BUCKET, Task, connection
from tests.support.resources import Night

NDCG = "normalized_discounted_cumulative_gain_at_25"


@pytest.fixture(scope="module")
def night(service_address, schema_of_module):
    """A dataset group with two versions of one solution; the older one is live."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_CONN_AWS_DEFAULT", connection(service_address))
        night = Night("operated", schema_of_module)
        Task("import").run(night.import_())
        night.solution(create_kwargs={"tags": tags("operated")})
        night.versions = [Task("train", run_id=f"manual__{number}").run(night.version()) for number in (1, 2)]
        Task("campaign").run(night.campaign(night.versions[0], create_kwargs={"tags": tags("operated")}))
    return night


@pytest.fixture(scope="module")
def schema_of_module():
    from tests.support.personalize_service import SCHEMA

    return SCHEMA


class Gating(Task):
    """A task of a run with a plan, and a data gate that counted users; no more."""

    def __init__(self, promote: str = "gate") -> None:
        super().__init__("gate")
        there = {"plan": {"promote": promote}, "return_value": {"held_out_users": 50}}
        self.ti.xcom_pull = lambda task_ids, key="return_value", map_indexes=None: there.get(key)


def gate(night, rule, promote="gate"):
    operator = PersonalizeGateOperator(
        task_id="gate", solution_version_arn=night.versions[1], campaign_name="operated", bucket=BUCKET, prefix="gated",
        gates={"operated": {"metrics": {NDCG: rule}, "baseline": None}},
    )  # fmt: skip
    task = Gating(promote)
    return task.run(operator), task.xcoms["decision"]


def test_the_gate_compares_with_what_the_campaign_serves_and_decides(service, night):
    verdict, decision = gate(night, {"tolerance": 0})
    assert verdict == "promote", decision
    assert decision["live"] == night.versions[0]
    assert decision["live_metrics"][NDCG] == pytest.approx(decision["rows"][0]["new"])
    assert gate(night, {"floor": 1})[0] == "hold"
    assert gate(night, {"floor": 1}, promote="ask")[0] == "ask"


def test_the_version_to_go_back_to_is_found_or_named(service, night):
    def choose(version: str = "", group: str = "operated", campaign: str = "operated"):
        return Task().run(PersonalizeSelectRollbackVersionOperator(
            task_id="choose", dataset_group_name=group, campaign_name=campaign, version=version,
        ))  # fmt: skip

    newer = night.versions[1]
    assert choose(newer)["solution_version_arn"] == newer
    assert choose(newer.split("/")[-1])["live"] == night.versions[0]
    with pytest.raises(AirflowFailException, match="no older version"):
        choose()
    with pytest.raises(AirflowFailException, match="nope is not a version"):
        choose("nope")
    with pytest.raises(AirflowFailException, match="belongs to dataset group operated"):
        choose(group="other")
    with pytest.raises(AirflowFailException, match="no campaign never-made"):
        choose(campaign="never-made")


def test_the_clean_up_says_first_and_then_removes_only_what_it_may(service, night):
    s3, personalize = service.client("s3"), service.client("personalize")
    s3.put_object(Bucket=BUCKET, Key="cleaned/interactions/dt=2020-01-01/x/part-00000.csv", Body=b"user_id\n")
    s3.put_object(Bucket=BUCKET, Key="cleaned/history/solution_versions/x.parquet", Body=b"")
    theirs = personalize.create_solution(
        name="theirs",
        datasetGroupArn=night.group(),
        recipeArn="arn:aws:personalize:::recipe/aws-popularity-count",
    )["solutionArn"]
    unused = personalize.create_schema(name="operated-users-0123456789ab", schema=SCHEMA_OF_USERS)[
        "schemaArn"
    ]

    def clean(**choices):
        group = {
            "name": "operated", "role": "R", "bucket": BUCKET, "prefix": "cleaned",
            "datasets": {kind: {"schema": "x", "sql": "x"} for kind in ("interactions", "users")},
            "solutions": [{"name": "another", "recipe": "aws-sims"}], "retention": {"partitions": 30},
        }  # fmt: skip
        operator = PersonalizeCleanUpOperator(task_id="clean_up", group=group, waiter_delay=0.3, **choices)
        return {why: entry["count"] for why, entry in Task().run(operator).items()}

    expected = {"a day more than 30 days ago": 1, "a schema that no dataset uses": 1}
    unlisted = {"made by Encore, and no longer in the pipeline file": 2}
    assert clean(dry_run=True, remove_unlisted=True) == {**expected, **unlisted}
    assert clean(dry_run=True) == expected
    assert clean(remove_unlisted=True) == {**expected, **unlisted}
    left = [each["Key"] for each in s3.list_objects_v2(Bucket=BUCKET, Prefix="cleaned/")["Contents"]]
    assert left == ["cleaned/history/solution_versions/x.parquet"]
    solutions = personalize.list_solutions(datasetGroupArn=night.group())["solutions"]
    assert [each["solutionArn"] for each in solutions] == [theirs]
    assert unused not in [each["schemaArn"] for each in personalize.list_schemas()["schemas"]]


def test_what_a_running_batch_job_reads_and_a_jobs_own_solution_stay(service, night, monkeypatch):
    personalize = service.client("personalize")
    group = {
        "name": "operated", "role": "R", "bucket": BUCKET, "prefix": "cleaned",
        "datasets": {"interactions": {"schema": "x", "sql": "x"}},
        "solutions": [{"name": "another", "recipe": "aws-sims"}],
        "batch": {"jobs": [{"name": "mine", "recipe": "aws-sims"}]},
    }  # fmt: skip
    personalize.create_solution(
        name="mine", datasetGroupArn=night.group(), recipeArn="arn:aws:personalize:::recipe/aws-sims",
        tags=tags("operated"),
    )  # fmt: skip
    operator = PersonalizeCleanUpOperator(
        task_id="clean_up", group=group, dry_run=True, remove_unlisted=True, waiter_delay=0.3
    )
    location = f"s3://{BUCKET}/cleaned/batch/mail/1"
    monkeypatch.setattr(operator, "_list", lambda plural, **_: {
        "batch_inference_jobs": [{"status": "CREATE IN_PROGRESS", "batchInferenceJobArn": "arn"},
                                 {"status": "ACTIVE", "batchInferenceJobArn": "done"}],
    }.get(plural, []))  # fmt: skip
    described = {"jobInput": {"s3DataSource": {"path": f"{location}/input/"}},
                 "jobOutput": {"s3DataDestination": {"path": f"{location}/output/"}}}  # fmt: skip
    monkeypatch.setattr(
        operator, "describe", lambda kind, batchInferenceJobArn: {"arn": described}[batchInferenceJobArn]
    )
    assert operator._being_read("group", f"s3://{BUCKET}/cleaned/") == [
        "batch/mail/1/input/",
        "batch/mail/1/output/",
    ]
    monkeypatch.undo()
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", connection(service.address))
    gone = operator._resources(
        DatasetGroup.model_validate(group), Retention(remove_unlisted=True), night.group()
    )
    assert not [each for each in gone if each.what.endswith("/mine")]


SCHEMA_OF_USERS = (
    '{"type": "record", "name": "Users", "namespace": "com.amazonaws.personalize.schema", "version": "1.0",'
    ' "fields": [{"name": "user_id", "type": "string"}, {"name": "segment", "type": "string", "categorical": true}]}'
)
