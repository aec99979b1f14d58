"""What is paid for and not used is found and priced; what is used, or new, is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws
from typer.testing import CliRunner

from encore.commands import app
from encore.config import INCLUDE
from encore.cost import Prices
from encore.deployment import stop_command
from encore.deployment.inventory import Inventory
from encore.deployment.spending import NAMESPACE, CloudWatchUse, Unused, Use, stop, unused
from encore.deployment.surroundings import NotAllowedError

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
PRICES = Prices.load(INCLUDE / "prices.json")
ARN = "arn:aws:personalize:us-east-1:123456789012:"
BUSY = Use(10_000, 4.2)


def campaign(name: str, tps: int, days: int = 90, **more):
    made = NOW - timedelta(days=days)
    return {
        "name": name,
        "campaignArn": f"{ARN}campaign/{name}",
        "status": "ACTIVE",
        "minProvisionedTPS": tps,
        "creationDateTime": made,
        **more,
    }


def entries(uses: dict[str, Use], hours: float | None = None, **parts) -> list[Unused]:
    solution = {
        "solutionArn": f"{ARN}solution/you",
        "recipeArn": "arn:aws:personalize:::recipe/aws-sims",
        "performAutoTraining": parts.pop("trains", False),
    }
    existing = Inventory({"datasetGroupArn": ARN}, solutions={"you": solution}, **parts)
    return list(unused(existing, PRICES, lambda arn: uses[arn.split("/")[1]], lambda _: hours, NOW))


def test_a_campaign_that_nobody_asks_is_priced_by_its_throughput():
    (idle,) = entries({"front": Use(0, 0)}, campaigns={"you": [campaign("front", 3)]})
    assert idle.usd_a_month == pytest.approx(3 * 24 * 30 * PRICES.campaign_tps_hour)
    assert "nobody has asked it for 14 days" in str(idle)
    assert "432.00 USD a month" in str(idle)


def test_throughput_far_over_the_use_is_priced_by_what_is_too_much():
    (wide,) = entries({"front": BUSY}, campaigns={"you": [campaign("front", 20)]})
    assert wide.usd_a_month == pytest.approx(15 * 24 * 30 * PRICES.campaign_tps_hour)
    assert "min_provisioned_tps 5 is enough" in str(wide)


@pytest.mark.parametrize(
    ("use", "entry"),
    [
        (BUSY, campaign("front", 8)),
        (Use(5, 0.01), campaign("front", 1)),
        (Use(0, 0), campaign("front", 3, days=2)),
        (Use(0, 0), campaign("front", 3, status="CREATE FAILED")),
    ],
    ids=["used", "the least there is", "new", "never served"],
)
def test_what_is_used_or_new_is_not_named(use, entry):
    assert entries({"front": use}, campaigns={"you": [entry]}) == []


def test_what_a_campaign_is_on_its_way_to_counts():
    update = {"status": "UPDATE IN_PROGRESS", "minProvisionedTPS": 20, "solutionVersionArn": "x"}
    assert entries({"front": BUSY}, campaigns={"you": [campaign("front", 1, latestCampaignUpdate=update)]})


def test_a_solution_that_trains_by_itself_is_priced_by_its_last_training():
    (trains,) = entries({}, hours=7.0, trains=True)
    assert trains.usd_a_month == pytest.approx(30 * PRICES.training_hour)
    (unknown,) = entries({}, trains=True)
    assert str(unknown).endswith("(price unknown)")


def test_an_idle_recommender_is_named():
    entry = {
        "recommenderArn": f"{ARN}recommender/top",
        "status": "ACTIVE",
        "creationDateTime": NOW - timedelta(days=30),
    }
    (idle,) = entries({"top": Use(0, 0)}, recommenders={"top": entry})
    assert "recommender top: nobody has asked it" in str(idle)
    assert entries({"top": Use(1, 0.1)}, recommenders={"top": entry}) == []


def test_cloudwatch_counts_both_kinds_of_requests_of_the_campaign_alone():
    with mock_aws():
        cloudwatch = boto3.client(
            "cloudwatch", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
        )
        with pytest.raises(NotAllowedError, match="no metrics of Personalize"):
            CloudWatchUse(cloudwatch, NOW)
        now = datetime.now(UTC).replace(minute=2, second=0, microsecond=0)
        for name, arn, value in (
            ("GetRecommendations", f"{ARN}campaign/front", 600),
            ("GetPersonalizedRanking", f"{ARN}campaign/front", 300),
            ("GetRecommendations", f"{ARN}campaign/other", 9_000),
        ):
            datum = {
                "MetricName": name,
                "Dimensions": [{"Name": "CampaignArn", "Value": arn}],
                "Timestamp": now - timedelta(hours=1),
                "Value": value,
            }
            cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=[datum])
        use = CloudWatchUse(cloudwatch, now)
        assert use(f"{ARN}campaign/front") == Use(900, 3.0)
        assert use(f"{ARN}campaign/nobody") == Use(0, 0)


RECOMMENDER = {
    "recommenderArn": f"{ARN}recommender/top",
    "status": "ACTIVE",
    "creationDateTime": NOW - timedelta(days=30),
}
#: One of each kind, and what stops it.
STOPPED = {
    "delete_campaign": lambda: entries({"front": Use(0, 0)}, campaigns={"you": [campaign("front", 3)]}),
    "update_campaign": lambda: entries({"front": BUSY}, campaigns={"you": [campaign("front", 20)]}),
    "stop_recommender": lambda: entries({"top": Use(0, 0)}, recommenders={"top": RECOMMENDER}),
    "update_solution": lambda: entries({}, trains=True),
}


@pytest.mark.parametrize("operation", STOPPED)
def test_each_kind_is_stopped_by_one_request_that_the_service_takes(operation: str):
    client = boto3.client(
        "personalize", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    (entry,) = STOPPED[operation]()
    with Stubber(client) as stubber:
        stubber.add_response(operation, {}, entry.arguments)
        stop(SimpleNamespace(client=lambda service: client), entry)
        stubber.assert_no_pending_responses()


@pytest.fixture
def stopped(monkeypatch, tmp_path):
    """`encore stop` in an account with one of each kind; the operations that it asked for."""
    monkeypatch.setattr(stop_command, "Account", lambda conn_id: None)
    monkeypatch.setattr(stop_command, "_entries", lambda *_: [(STOPPED[name]()[0], None) for name in STOPPED])
    operations: list[str] = []
    monkeypatch.setattr(stop_command, "stop_one", lambda account, entry: operations.append(entry.operation))

    def run(*arguments: str, answer: str = ""):
        result = CliRunner().invoke(app, ["stop", *arguments], input=answer)
        return result, operations

    return run


def test_without_a_name_what_is_unused_is_listed_with_its_price_and_nothing_is_stopped(stopped):
    result, operations = stopped()
    assert (result.exit_code, operations) == (0, [])
    assert "campaign front: nobody has asked it for 14 days" in result.output
    assert "432.00 USD a month" in result.output


def test_only_what_is_named_and_confirmed_is_stopped(stopped):
    assert stopped("solution you", answer="n\n")[1] == []
    result, operations = stopped("solution you", answer="y\n")
    assert (result.exit_code, operations) == (0, ["update_solution"])
    result, operations = stopped("recommender top", "campaign nothing", "--yes")
    assert operations == ["update_solution", "stop_recommender"]
    assert result.exit_code == 1
    assert "not stopped: campaign nothing" in result.output
