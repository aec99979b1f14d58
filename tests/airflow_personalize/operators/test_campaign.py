"""Campaigns: created once, then moved, and the recommendations they give."""

from __future__ import annotations

from airflow_personalize.operators.recommendations import PersonalizeGetRecommendationsOperator
from airflow_personalize.operators.solution_version import PersonalizeGetSolutionMetricsOperator
from tests.support.operator_runs import Task
from tests.support.resources import DatasetGroupResources, requests


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
