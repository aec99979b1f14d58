"""A group made by hand is taken over: the plan shows no difference, and the next run moves its campaign."""

from __future__ import annotations

import json
import time
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from encore.commands import app
from encore.config.loader import load_pipeline
from encore.deployment.adopt import AdoptionError, adopt
from encore.deployment.inventory import Inventory, read_inventory
from encore.deployment.plan import differences
from tests.support.operator_runs import BUCKET, ROLE
from tests.support.permitted_run import SQL, PermittedRun, make_database
from tests.support.personalize_service import SCHEMA
from tests.support.resources import NOT_BOUGHT, POPULAR

USERS = {
    **SCHEMA,
    "name": "Users",
    "fields": [
        {"name": "user_id", "type": "string"},
        {"name": "segment", "type": "string", "categorical": True},
    ],
}


@pytest.fixture(scope="module")
def by_hand(service_address):
    """A group as somebody makes it with boto3, with names of their own; a campaign of one solution is live."""
    from tests.support.personalize_service import client as client_of

    client = client_of(service_address, "personalize")
    group = client.create_dataset_group(name="by-hand")["datasetGroupArn"]
    wait(lambda: client.describe_dataset_group(datasetGroupArn=group)["datasetGroup"])
    datasets = {}
    for kind, schema in (("Interactions", SCHEMA), ("Users", USERS)):
        arn = client.create_schema(name=f"our-{kind}", schema=json.dumps(schema))["schemaArn"]
        datasets[kind] = client.create_dataset(
            name=f"the-{kind}", datasetType=kind, datasetGroupArn=group, schemaArn=arn
        )["datasetArn"]
        wait(lambda arn=datasets[kind]: client.describe_dataset(datasetArn=arn)["dataset"])
    job = client.create_dataset_import_job(
        jobName="by-hand",
        datasetArn=datasets["Interactions"],
        dataSource={"dataLocation": f"s3://{BUCKET}/interactions/"},
        roleArn=f"arn:aws:iam::123456789012:role/{ROLE}",
    )["datasetImportJobArn"]
    wait(lambda: client.describe_dataset_import_job(datasetImportJobArn=job)["datasetImportJob"])
    solution = client.create_solution(
        name="what-sells", datasetGroupArn=group, recipeArn=POPULAR, performAutoTraining=False
    )["solutionArn"]
    client.create_solution(name="an-attempt", datasetGroupArn=group, recipeArn=POPULAR)
    wait(lambda: client.describe_solution(solutionArn=solution)["solution"])
    version = client.create_solution_version(solutionArn=solution)["solutionVersionArn"]
    wait(lambda: client.describe_solution_version(solutionVersionArn=version)["solutionVersion"])
    campaign = client.create_campaign(name="front-page", solutionVersionArn=version, minProvisionedTPS=2)[
        "campaignArn"
    ]
    client.create_filter(name="unbought", datasetGroupArn=group, filterExpression=NOT_BOUGHT)
    client.create_event_tracker(name="clicks", datasetGroupArn=group)
    wait(lambda: client.describe_campaign(campaignArn=campaign)["campaign"])
    return SimpleNamespace(client=client, group=group, campaign=campaign, version=version)


def wait(describe) -> None:
    deadline = time.monotonic() + 60
    while (status := describe()["status"]) != "ACTIVE":
        assert "FAILED" not in status, describe()
        assert time.monotonic() < deadline, status
        time.sleep(0.1)


@pytest.fixture
def command(service, by_hand, tmp_path, monkeypatch):
    """`encore` with an include folder of its own."""
    monkeypatch.setenv("ENCORE_INCLUDE", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    file = tmp_path / "pipeline.yaml"

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(app, list(arguments))

    return SimpleNamespace(run=run, file=file, folder=tmp_path)


def test_an_adopted_group_differs_in_nothing(command):
    adopted = command.run("adopt", "by-hand", "--out", str(command.file))
    assert adopted.exit_code == 0, adopted.output
    assert "no difference" in adopted.output
    assert "solution an-attempt has no campaign and stays as it is" in adopted.output
    plan = command.run("plan", "--file", str(command.file))
    assert (plan.exit_code, "no difference" in plan.output) == (0, True), plan.output
    assert "= solution an-attempt: left alone" in plan.output
    assert "? spending: CloudWatch has no metrics of Personalize in this account" in plan.output
    group = load_pipeline(command.file).dataset_groups[0]
    assert (group.bucket, group.role.rsplit("/", 1)[-1]) == (BUCKET, ROLE)
    assert group.solutions[0].campaign.model_dump(include={"name", "min_provisioned_tps"}) == {
        "name": "front-page",
        "min_provisioned_tps": 2,
    }
    assert [filter_.name for filter_ in group.filters] == ["unbought"]
    assert group.event_tracker is not None
    assert group.event_tracker.name == "clicks"


def test_what_is_there_is_not_written_over(command):
    command.file.write_text("dataset_groups: []")
    adopted = command.run("adopt", "by-hand", "--out", str(command.file))
    assert adopted.exit_code == 1
    assert "is there already" in adopted.output
    assert command.file.read_text() == "dataset_groups: []"


CHANGES = {
    "schema of users": (
        lambda group, folder: add_field(folder / group["datasets"]["users"]["schema"], ["string", "null"]),
        r"~ dataset users: schemas/by-hand-users.json adds region",
    ),
    "schema of interactions": (
        lambda group, folder: add_field(
            folder / group["datasets"]["interactions"]["schema"], ["string", "null"]
        ),
        "! blocked: dataset interactions: schemas/by-hand-interactions.json adds region",
    ),
    "recipe": (
        lambda group, _: group["solutions"][0].update(recipe="aws-sims"),
        "! blocked: solution what-sells: recipe: 'arn:aws:personalize:::recipe/aws-popularity-count' -> ",
    ),
    "event type": (
        lambda group, _: group["solutions"][0].update(event_type="buy"),
        "! blocked: solution what-sells: event type: none -> 'buy'",
    ),
    "new solution": (
        lambda group, _: group["solutions"].append(
            {"name": "for-you", "recipe": "aws-user-personalization-v2"}
        ),
        "+ campaign for-you: 1 TPS provisioned, which cost from then on",
    ),
    "automatic training": (
        lambda group, _: group["solutions"].append({"name": "an-attempt", "recipe": "aws-popularity-count"}),
        "~ solution an-attempt: performAutoTraining: True -> False",
    ),
    "throughput": (
        lambda group, _: group["solutions"][0]["campaign"].update(min_provisioned_tps=5),
        "~ campaign front-page: minProvisionedTPS: 2 -> 5",
    ),
    "filter": (
        lambda group, _: group["filters"][0].update(expression=NOT_BOUGHT.replace("buy", "view")),
        "! blocked: filter unbought: expression: ",
    ),
    "another tracker": (
        lambda group, _: group["event_tracker"].update(name="visits"),
        "! blocked: event tracker visits: a group has one, and this has clicks",
    ),
    "new filter": (
        lambda group, _: group["filters"].append({"name": "another", "expression": NOT_BOUGHT}),
        "+ filter another: EXCLUDE ItemID",
    ),
    "domain": (
        lambda group, _: group.update(domain="ECOMMERCE"),
        "! blocked: dataset group by-hand: domain: none -> 'ECOMMERCE'",
    ),
    "another group": (lambda group, _: group.update(name="elsewhere"), "+ dataset group elsewhere"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_plan_shows_what_a_run_would_do_about_a_change(command, change):
    command.run("adopt", "by-hand", "--out", str(command.file))
    document = yaml.safe_load(command.file.read_text())
    make, expected = CHANGES[change]
    make(document["dataset_groups"][0], command.folder)
    command.file.write_text(yaml.safe_dump(document))
    plan = command.run("plan", "--file", str(command.file))
    assert expected in plan.output, plan.output
    assert plan.exit_code == 2


def add_field(file, type_) -> None:
    schema = json.loads(file.read_text())
    schema["fields"].append({"name": "region", "type": type_, "categorical": True})
    file.write_text(json.dumps(schema))


@pytest.mark.long
def test_the_next_run_trains_on_the_adopted_group_and_moves_the_same_campaign(command, by_hand, monkeypatch):
    command.run("adopt", "by-hand", "--out", str(command.file))
    group = load_pipeline(command.file).dataset_groups[0]
    (command.folder / group.datasets["interactions"].sql).write_text(SQL)
    monkeypatch.setenv("AIRFLOW_CONN_PRODUCT_DB", make_database(command.folder / "shop.db"))
    before = read_inventory(by_hand.client, "by-hand")
    ran = PermittedRun(group)
    ran.load()
    ran.train()
    after = read_inventory(by_hand.client, "by-hand")
    assert ran.campaign == by_hand.campaign
    assert ran.version != by_hand.version
    served = by_hand.client.describe_campaign(campaignArn=by_hand.campaign)["campaign"]
    assert served["solutionVersionArn"] == ran.version
    for kind in ("datasets", "solutions", "campaigns", "filters", "event_trackers", "metric_attributions"):
        assert getattr(before, kind).keys() == getattr(after, kind).keys()
    assert before.datasets == after.datasets
    assert list(filter(lambda entry: entry.action != "left", differences(group, after, command.folder))) == []


def test_a_group_without_data_or_without_anything_live_is_refused_with_the_reason():
    group = {"name": "empty", "datasetGroupArn": "arn"}
    with pytest.raises(AdoptionError, match="give --bucket and --role"):
        adopt(Inventory(group))
    with pytest.raises(AdoptionError, match="no interactions dataset"):
        adopt(Inventory(group), "bucket", "Role")
