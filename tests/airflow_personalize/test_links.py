"""Links lead to the closest page that the console has."""

from __future__ import annotations

import pytest

from airflow_personalize.links import console_url

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
