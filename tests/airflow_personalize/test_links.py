"""Links lead to the closest page that the console has."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from airflow_personalize.links import PersonalizeResourceLink, console_url
from tests.support.operator_runs import Task
from tests.support.stub_client import client, refusal

__all__ = ["client"]

ARN = "arn:aws:personalize:us-east-1:123456789012:"
HOME = "https://us-east-1.console.aws.amazon.com/personalize/home?region=us-east-1#"
GROUP = f"{ARN}dataset-group/shop"


@pytest.mark.parametrize(
    ("resource", "group", "page"),
    [
        ("dataset-group/shop", None, f"{ARN}dataset-group$shop/setup"),
        ("dataset/shop/INTERACTIONS", None, f"{ARN}dataset-group$shop/setup"),
        (
            "solution/sims",
            GROUP,
            f"{ARN}dataset-group$shop/solutionsAndRecipes/solutionDetail/{ARN}solution$sims",
        ),
        (
            "solution/sims/1a2b",
            GROUP,
            f"{ARN}dataset-group$shop/solutionsAndRecipes/solutionDetail/{ARN}solution$sims",
        ),
        ("campaign/sims", GROUP, f"{ARN}dataset-group$shop/campaigns/campaignDetail/{ARN}campaign$sims"),
        ("filter/unseen", GROUP, f"{ARN}dataset-group$shop/setup"),
        ("campaign/sims", None, "datasetGroups"),
    ],
)
def test_page_of(resource, group, page):
    assert console_url(ARN + resource, group) == HOME + page


def test_other_partitions_have_their_own_console():
    url = console_url("arn:aws-cn:personalize:cn-north-1:1:dataset-group/shop")
    assert url.startswith("https://cn-north-1.console.amazonaws.cn/personalize/home?region=cn-north-1#")


LOCAL = "http://127.0.0.1:8001"


@pytest.mark.parametrize(
    ("resource", "group", "page"),
    [
        ("campaign/sims", GROUP, "/_page/groups/shop"),
        ("dataset/shop/ITEMS", None, "/_page/groups/shop"),
        ("schema/s", None, "/"),
    ],
)
def test_a_service_of_ones_own_has_its_own_page(resource, group, page):
    link = PersonalizeResourceLink().format_link(arn=ARN + resource, dataset_group_arn=group, endpoint=LOCAL)
    assert link == LOCAL + page


def test_a_task_without_a_resource_has_no_link():
    assert PersonalizeResourceLink().format_link() == ""


class Operator:
    """What a link needs of an operator."""

    do_xcom_push = True

    def __init__(self, client) -> None:
        self.hook = SimpleNamespace(conn=client, non_retrying_client=client)


def remembered(client, arn: str) -> dict:
    task = Task()
    PersonalizeResourceLink.persist(task.context, Operator(client), arn)
    return task.xcoms[PersonalizeResourceLink.key]


@pytest.mark.parametrize(
    "resource", ["solution/sims", "solution/sims/1a2b", "campaign/sims", "dataset-import-job/j", "filter/f"]
)
def test_the_dataset_group_is_looked_up_where_nobody_gave_it(client, resource):
    client.describe_solution.return_value = {"solution": {"datasetGroupArn": GROUP}}
    client.describe_campaign.return_value = {"campaign": {"solutionVersionArn": f"{ARN}solution/sims/1a2b"}}
    client.describe_dataset_import_job.return_value = {
        "datasetImportJob": {"datasetArn": f"{ARN}dataset/shop/ITEMS"}
    }
    client.describe_filter.return_value = {"filter": {"datasetGroupArn": GROUP}}
    assert remembered(client, ARN + resource)["dataset_group_arn"] == GROUP


def test_a_group_that_can_not_be_looked_up_fails_nothing(client):
    client.describe_solution.side_effect = refusal("AccessDeniedException")
    assert remembered(client, f"{ARN}solution/sims")["dataset_group_arn"] is None


@pytest.mark.parametrize(
    ("address", "remembered_as"),
    [
        ("https://personalize.eu-west-3.amazonaws.com", None),
        ("https://personalize.cn-north-1.amazonaws.com.cn", None),
        (LOCAL, LOCAL),
        ("https://amazonaws.com.example.org", "https://amazonaws.com.example.org"),
    ],
)
def test_only_a_service_that_is_not_of_aws_is_remembered(client, address, remembered_as):
    client.meta.endpoint_url = address
    assert remembered(client, GROUP)["endpoint"] == remembered_as
