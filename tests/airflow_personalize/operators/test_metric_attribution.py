"""Metric attributions on a live service: made once, and brought to what is asked for."""

from __future__ import annotations

import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_personalize.operators.metric_attribution import PersonalizeCreateMetricAttributionOperator
from tests.support.operator_runs import BUCKET, ROLE, Task, connection
from tests.support.resources import WAIT, DatasetGroupResources
from tests.support.views import views_schema

CLICKS = {"metricName": "clicks", "eventType": "click", "expression": "SAMPLECOUNT()"}
SALES = {"metricName": "sales", "eventType": "buy", "expression": "SAMPLECOUNT()"}


@pytest.fixture(scope="module")
def resources(service_address):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_CONN_AWS_DEFAULT", connection(service_address))
        resources = DatasetGroupResources("attributed", views_schema())
        resources.dataset()
        yield resources


def attribute(resources, metrics, folder="reports"):
    operator = PersonalizeCreateMetricAttributionOperator(
        task_id="attribution",
        metric_attribution_name="attributed",
        dataset_group_arn=resources.group(),
        metrics=metrics,
        role_arn=ROLE,
        output_location=f"s3://{BUCKET}/{folder}/",
        **WAIT,
    )
    return Task("attribution").run(operator)


def state(service, arn):
    client = service.client("personalize")
    metrics = client.list_metric_attribution_metrics(metricAttributionArn=arn)["metrics"]
    description = client.describe_metric_attribution(metricAttributionArn=arn)["metricAttribution"]
    assert description["status"] == "ACTIVE"
    return sorted(metric["metricName"] for metric in metrics), description


def test_an_attribution_follows_what_is_asked_for_and_is_left_alone_where_it_has_it(service, resources):
    arn = attribute(resources, [CLICKS])
    assert state(service, arn)[0] == ["clicks"]
    assert attribute(resources, [CLICKS, SALES]) == arn
    assert state(service, arn)[0] == ["clicks", "sales"]
    updated = state(service, arn)[1]["lastUpdatedDateTime"]
    attribute(resources, [SALES, CLICKS])
    assert state(service, arn)[1]["lastUpdatedDateTime"] == updated, "nothing was asked of it"
    attribute(resources, [SALES], folder="others")
    names, description = state(service, arn)
    assert names == ["sales"]
    assert description["metricsOutputConfig"]["s3DataDestination"]["path"] == f"s3://{BUCKET}/others/"


def test_a_metric_of_another_meaning_replaces_the_one_of_its_name(service, resources):
    arn = attribute(resources, [SALES])
    attribute(resources, [{**SALES, "eventType": "purchase"}])
    client = service.client("personalize")
    (metric,) = client.list_metric_attribution_metrics(metricAttributionArn=arn)["metrics"]
    assert metric["eventType"] == "purchase"


def test_an_expression_that_cannot_be_summed_is_not_tried_again(service, resources):
    with pytest.raises(AirflowFailException, match="attributed"):
        attribute(resources, [{**SALES, "expression": "SUM(Items.NOTHING)"}])
