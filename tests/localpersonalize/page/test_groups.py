"""Dataset groups as the page reads them: from an empty one to one that serves, and while parts of it go."""

from __future__ import annotations

from pathlib import Path

import pytest

from localpersonalize.page import groups, try_it
from localpersonalize.page.forms import Form
from localpersonalize.page.groups import find_group, measured_in, next_step
from localpersonalize.page.service import Start
from localpersonalize.protocol.errors import NotFoundError
from tests.support.localpersonalize.page_shop import METRICS, PageShop
from tests.support.localpersonalize.shop import RECIPE


@pytest.fixture
def shop(tmp_path: Path) -> PageShop:
    return PageShop(tmp_path)


def test_each_step_towards_a_recommendation_is_named_with_its_command(shop: PageShop):
    def command() -> str:
        step = next_step(shop.page, shop.read())
        return step.commands[-1] if step else ""

    assert "create-dataset --name interactions" in command()
    shop.with_data()
    assert f"create-dataset-import-job --job-name first --dataset-arn {shop.dataset}" in command()
    shop.imported()
    assert "create-solution-version" in command()
    solution = shop.service.solution(shop.group_arn)
    assert command() == f"aws personalize create-solution-version --solution-arn {solution}"
    version = shop.service.version(solution, active=False)
    assert command() == ""
    shop.service.context.database.change(version, status="ACTIVE", _metrics=METRICS)
    assert command().endswith(f"create-campaign --name shop --solution-version-arn {version}")
    shop.service.create("Campaign", name="front", solutionVersionArn=version)
    assert command() == ""


def test_a_domain_group_needs_a_recommender(tmp_path: Path):
    shop = PageShop(tmp_path)
    shop.with_data().imported()
    shop.service.context.database.change(shop.group_arn, domain="ECOMMERCE")
    step = next_step(shop.page, shop.read())
    assert step is not None
    assert "create-recommender" in step.commands[0]
    assert f"{RECIPE}aws-ecomm-recommended-for-you" in step.commands[0]


def test_what_runs_comes_first_then_what_failed(shop: PageShop):
    version = shop.trained()
    database = shop.service.context.database
    failed = shop.service.version(shop.service.solution(shop.group_arn, "failing"))
    database.change(failed, status="CREATE FAILED", failureReason="There are too few interactions.")
    running = shop.service.version(shop.service.solution(shop.group_arn, "running"), active=False)
    shop.progress[running] = " 40% epoch 3"
    group = shop.read()
    assert [job.arn for job in group.jobs][:2] == [running, failed]
    assert (group.jobs[0].percent, group.jobs[0].doing) == (40, "epoch 3")
    assert group.jobs[1].reason == "There are too few interactions."
    assert version in [job.arn for job in group.jobs[2:]]
    assert (group.is_busy, group.count("failed")) == (True, 1)


def test_versions_and_campaigns_have_their_figures(shop: PageShop):
    group = shop.serving().read()
    (measured,) = measured_in(shop.page, group)
    assert (measured.solution, measured.values) == ("popular", METRICS)
    assert group.contents == ["1 dataset", "1 solution", "1 campaign"]
    (serving,) = group.servings
    assert (serving.key, serving.recipe) == ("campaign/front", "aws-popularity-count")


@pytest.mark.parametrize(
    "operation",
    ["DescribeCampaign", "DescribeDataset", "DescribeSchema", "DescribeFilter", "GetSolutionMetrics"],
)
def test_what_goes_while_it_is_read_is_left_out(shop: PageShop, operation: str):
    shop.serving()
    whole = shop.read()
    shop.gone = operation
    group = shop.read()
    assert len(group.servings) == (0 if operation == "DescribeCampaign" else 1)
    assert [measured.values for measured in measured_in(shop.page, group)] == (
        [{}] if operation == "GetSolutionMetrics" else [METRICS]
    )
    shop.load(whole.servings[0].arn)
    trial = try_it.trial(shop.page, whole, Form(), is_asked=False)
    assert trial.error is None
    assert len(trial.filters) == (0 if operation == "DescribeFilter" else 1)


def test_what_is_not_loaded_can_not_be_tried_and_says_why(shop: PageShop):
    trial = try_it.trial(shop.page, shop.serving().read(), Form(), is_asked=False)
    assert trial.error is not None
    assert "can't be served" in trial.error.message


@pytest.mark.parametrize(
    ("needs", "fields"),
    [
        ("user", {"user": "u"}),
        ("item", {"item": "i"}),
        ("user and item", {"user": "u", "item": "i"}),
        ("ranking", {"user": "u", "ranked": "i"}),
        ("actions", {"user": "u"}),
        ("none", {}),
    ],
)
def test_nothing_is_asked_before_the_form_says_what_the_recipe_needs(needs: str, fields: dict[str, str]):
    assert try_it.is_complete(Form(**fields), needs)
    for name in fields:
        assert not try_it.is_complete(Form(**{**fields, name: ""}), needs)


def test_a_group_that_is_not_there_is_an_error_that_names_it(shop: PageShop):
    with pytest.raises(NotFoundError, match="no dataset group other"):
        find_group(shop.page, "other")


def test_groups_are_listed_newest_first(shop: PageShop):
    shop.service.group("newer")
    assert [body["name"] for body in groups.group_bodies(shop.page)] == ["newer", "shop"]


@pytest.mark.parametrize(
    ("start", "keys"),
    [
        (
            Start("http://h", "r", "/my data/credentials"),
            "AWS_SHARED_CREDENTIALS_FILE='/my data/credentials'",
        ),
        (Start("http://h", "r", None), "AWS_ACCESS_KEY_ID=... AWS_SECRET_ACCESS_KEY=..."),
        (Start("http://h", "r", None, True), "AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any"),
    ],
)
def test_the_command_that_points_a_shell_at_the_service(start: Start, keys: str):
    assert start.exports == f"export AWS_ENDPOINT_URL=http://h AWS_REGION=r {keys}"
