"""Campaigns: created once, then moved when an earlier change has ended, and the recommendations they give."""

from __future__ import annotations

import pytest
from airflow.sdk.exceptions import AirflowFailException, TaskDeferred

from airflow_personalize.operators.campaign import PersonalizeCreateOrUpdateCampaignOperator
from airflow_personalize.operators.recommendations import PersonalizeGetRecommendationsOperator
from airflow_personalize.operators.solution_version import PersonalizeGetSolutionMetricsOperator
from tests.support.operator_runs import Task
from tests.support.resources import DatasetGroupResources, requests
from tests.support.stub_client import ARN, client

__all__ = ["client"]


def test_a_campaign_that_is_being_changed_is_waited_for_before_it_is_changed_again(client):
    version = f"{ARN}solution/s/2"
    update = {
        "solutionVersionArn": f"{ARN}solution/s/1",
        "minProvisionedTPS": 1,
        "status": "CREATE IN_PROGRESS",
    }
    campaign = {"campaignArn": f"{ARN}campaign/c", "status": "ACTIVE", "latestCampaignUpdate": update}
    client.describe_campaign.return_value = {"campaign": campaign}
    operator = PersonalizeCreateOrUpdateCampaignOperator(
        task_id="t", campaign_name="c", solution_version_arn=version, deferrable=True
    )
    with pytest.raises(TaskDeferred) as deferred:
        operator.execute(Task("t").context)
    assert deferred.value.method_name == "execute"
    client.update_campaign.assert_not_called()
    update["status"] = "ACTIVE"
    change = {"solutionVersionArn": version, "status": "CREATE IN_PROGRESS"}
    client.update_campaign.side_effect = lambda **_: update.update(change)
    with pytest.raises(TaskDeferred):
        operator.execute(Task("t").context, event={"status": "success"})
    client.update_campaign.assert_called_once()


def test_a_campaign_that_was_never_made_is_not_updated_but_explained(client):
    client.describe_campaign.return_value = {
        "campaign": {
            "campaignArn": f"{ARN}campaign/c",
            "solutionVersionArn": f"{ARN}solution/s/1",
            "minProvisionedTPS": 1,
            "status": "CREATE FAILED",
            "failureReason": "out of sorts.",
        }
    }
    operator = PersonalizeCreateOrUpdateCampaignOperator(
        task_id="t", campaign_name="c", solution_version_arn=f"{ARN}solution/s/2"
    )
    with pytest.raises(
        AirflowFailException, match=r"campaign/c is CREATE FAILED\. out of sorts\. .* delete it"
    ):
        operator.execute(Task("t").context)
    client.update_campaign.assert_not_called()


def test_a_run_from_nothing_to_recommendations(service, schema):
    resources = DatasetGroupResources("nothing", schema)
    imported = Task("import").run(resources.import_())
    assert imported.split("/")[1].startswith("import-scheduled-20260301T030000-")
    version = Task("train").run(resources.version())
    metrics = Task().run(
        PersonalizeGetSolutionMetricsOperator(task_id="metrics", solution_version_arn=version)
    )
    assert metrics["coverage"] > 0
    campaign = Task().run(resources.campaign(version))
    items = Task().run(
        PersonalizeGetRecommendationsOperator(
            task_id="ask", campaign_arn=campaign, user_id="u1", num_results=5
        )
    )
    assert len(items) == 5


def test_a_campaign_is_created_then_updated_and_never_asked_twice(service, trained):
    one, two = (Task("train", map_index=index).run(trained.version()) for index in (20, 21))
    Task().run(trained.campaign(one))
    before = requests(service)
    Task().run(trained.campaign(one))
    assert requests(service)["UpdateCampaign"] == before["UpdateCampaign"]
    arn = Task().run(trained.campaign(two))
    Task().run(trained.campaign(two))
    assert requests(service)["UpdateCampaign"] == before["UpdateCampaign"] + 1
    live = service.client("personalize").describe_campaign(campaignArn=arn)["campaign"]
    assert live["solutionVersionArn"] == two


def test_a_campaign_follows_a_changed_throughput(service, trained):
    version = Task("train", map_index=22).run(trained.version())
    arn = Task().run(trained.campaign(version))
    Task().run(trained.campaign(version, min_provisioned_tps=3))
    assert (
        service.client("personalize").describe_campaign(campaignArn=arn)["campaign"]["minProvisionedTPS"] == 3
    )
