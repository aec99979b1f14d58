"""What AWS's public examples do, written anew from the developer guide's text: boto3, only the endpoint is another.

Others of them have files of their own: `test_answers.py` (filters with parameters, batch inference, segments),
`test_attribution.py`, `test_examples_actions.py`, `test_examples_trending.py`, `test_managed_policies.py`.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.localpersonalize import shop as data
from tests.support.localpersonalize.live import BUCKET, Live, code, schema, snake, until
from tests.support.localpersonalize.shop import RECIPE, Shop

SMALL_NETWORK = {"algorithmHyperParameters": {"hidden_dimension": "32", "bptt": "8"}}


def recommended(live: Live, **params: Any) -> list[str]:
    answer = live.client("personalize-runtime").get_recommendations(**params)
    return [item["itemId"] for item in answer["itemList"]]


def test_getting_started(live: Live) -> None:
    """ "Getting started (SDK for Python)": a role, a schema, a dataset group, an import, a solution, a campaign."""
    personalize, iam = live.personalize, live.client("iam")
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "personalize.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName="started", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    iam.attach_role_policy(RoleName="started", PolicyArn="arn:aws:iam::aws:policy/AmazonS3FullAccess")
    live.upload("started/interactions.csv", data.interactions())
    text = schema("Interactions", ("USER_ID", "string"), ("ITEM_ID", "string"), ("TIMESTAMP", "long"))
    schema_arn = personalize.create_schema(name="started", schema=text)["schemaArn"]
    group = personalize.create_dataset_group(name="started")["datasetGroupArn"]
    live.wait("DatasetGroup", group)
    dataset = personalize.create_dataset(
        name="started", schemaArn=schema_arn, datasetGroupArn=group, datasetType="Interactions"
    )["datasetArn"]
    live.wait("Dataset", dataset)
    job = personalize.create_dataset_import_job(
        jobName="started",
        datasetArn=dataset,
        dataSource={"dataLocation": f"s3://{BUCKET}/started/interactions.csv"},
        roleArn=role,
    )["datasetImportJobArn"]
    live.wait("DatasetImportJob", job)
    solution = personalize.create_solution(
        name="started",
        recipeArn="arn:aws:personalize:::recipe/aws-sims",
        datasetGroupArn=group,
        performAutoTraining=False,
    )["solutionArn"]
    live.wait("Solution", solution)
    version = personalize.create_solution_version(solutionArn=solution)["solutionVersionArn"]
    live.wait("SolutionVersion", version)
    metrics = personalize.get_solution_metrics(solutionVersionArn=version)["metrics"]
    assert 0 < metrics["coverage"] <= 1
    campaign = personalize.create_campaign(name="started", solutionVersionArn=version, minProvisionedTPS=1)
    live.wait("Campaign", campaign["campaignArn"])
    near = recommended(live, campaignArn=campaign["campaignArn"], itemId="i4", numResults=10)
    assert len(near) == 10
    assert "i4" not in near


@pytest.fixture(scope="module")
def personal(shop: Shop) -> str:
    """A campaign of user personalization."""
    solution = shop.live.make(
        "Solution",
        name="personal",
        datasetGroupArn=shop["group"],
        recipeArn=RECIPE + "aws-user-personalization",
        performAutoTraining=False,
        solutionConfig=SMALL_NETWORK,
    )
    shop["personal version"] = shop.live.make("SolutionVersion", solutionArn=solution)
    config = {"itemExplorationConfig": {"explorationWeight": "0.3", "explorationItemAgeCutOff": "30"}}
    return shop.live.make(
        "Campaign", name="personal", solutionVersionArn=shop["personal version"], campaignConfig=config
    )


@pytest.mark.long
def test_user_personalization(shop: Shop, personal: str) -> None:
    """ "Getting recommendations": items for a user, each with a score; all scores of the catalogue add up to 1."""
    runtime = shop.live.client("personalize-runtime")
    listed = runtime.get_recommendations(campaignArn=personal, userId="u1", numResults=500)["itemList"]
    assert sum(item["score"] for item in listed) == pytest.approx(1, abs=1e-3)
    for user in ("u1", "somebody-new"):
        assert len(recommended(shop.live, campaignArn=personal, userId=user)) >= 20
    # The campaign can be told to follow new versions, or to explore nothing.
    shop.live.personalize.update_campaign(
        campaignArn=personal, campaignConfig={"itemExplorationConfig": {"explorationWeight": "0"}}
    )

    def explores_nothing() -> bool:
        body = shop.live.personalize.describe_campaign(campaignArn=personal)["campaign"]
        return bool(body["latestCampaignUpdate"]["status"] == "ACTIVE")

    until(explores_nothing, "the campaign's update")
    assert len({tuple(recommended(shop.live, campaignArn=personal, userId="u1")) for _ in range(5)}) == 1


@pytest.mark.long
def test_events_and_items_put(shop: Shop, personal: str) -> None:
    """ "Recording real-time events" and "Importing individual records": what a user did is known at once."""
    live, events = shop.live, shop.live.client("personalize-events")
    seen = live.make(
        "Filter",
        name="not-bought",
        datasetGroupArn=shop["group"],
        filterExpression='EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("purchase")',
    )
    everything = recommended(live, campaignArn=personal, userId="reader", filterArn=seen, numResults=500)
    bought = everything[:3]
    events.put_events(
        trackingId=shop["tracking id"],
        userId="reader",
        sessionId="today",
        eventList=[
            {"eventType": "Purchase", "itemId": item, "sentAt": datetime.now(UTC), "eventId": item}
            for item in bought
        ],
    )
    rest = recommended(live, campaignArn=personal, userId="reader", filterArn=seen, numResults=500)
    assert set(rest) == set(everything) - set(bought)
    events.put_items(
        datasetArn=shop["dataset Items"],
        items=[{"itemId": "novelty", "properties": json.dumps({"category": "red", "price": 3.5})}],
    )
    events.put_users(
        datasetArn=shop["dataset Users"],
        users=[{"userId": "reader", "properties": json.dumps({"segment": "new"})}],
    )
    until(
        lambda: "novelty" in recommended(live, campaignArn=personal, userId="reader", numResults=500),
        "the new item",
        30,
    )
    live.personalize.delete_filter(filterArn=seen)
    live.gone("Filter", seen)


def test_related_items(shop: Shop) -> None:
    """ "Similar-Items recipe", and a filter that compares with the item of the request."""
    live = shop.live
    solution = live.make(
        "Solution",
        name="related",
        datasetGroupArn=shop["group"],
        recipeArn=RECIPE + "aws-similar-items",
        performAutoTraining=False,
    )
    version = live.make("SolutionVersion", solutionArn=solution)
    campaign = live.make("Campaign", name="related", solutionVersionArn=version)
    cheaper = live.make(
        "Filter",
        name="cheaper-than-this",
        datasetGroupArn=shop["group"],
        filterExpression="INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE",
    )
    near = recommended(live, campaignArn=campaign, itemId="i9", numResults=5)
    assert len(near) == 5
    assert "i9" not in near
    below = recommended(live, campaignArn=campaign, itemId="i9", filterArn=cheaper)
    assert below
    # Other files put items of their own into this shop: those of its catalogue (i0 costs 0.5, i1 1.5, ...) tell.
    assert {f"i{n}" for n in range(9)} & set(below)
    assert not {f"i{n}" for n in range(9, 40)} & set(below)
    for kind, arn in (("Campaign", campaign), ("Filter", cheaper)):
        getattr(live.personalize, f"delete_{kind.lower()}")(**{f"{kind.lower()}Arn": arn})
        live.gone(kind, arn)


def test_a_personalized_ranking(shop: Shop) -> None:
    """ "Getting a personalized ranking": the input's items, best first; one of no training has the score 0."""
    candidates = ["i3", "never-heard-of", "i8", "i15"]
    answer = shop.live.client("personalize-runtime").get_personalized_ranking(
        campaignArn=shop.ranking_campaign(), userId="u2", inputList=candidates
    )
    ranking = answer["personalizedRanking"]
    assert sorted(item["itemId"] for item in ranking) == sorted(candidates)
    scores = [item["score"] for item in ranking]
    assert scores == sorted(scores, reverse=True)
    assert ranking[-1] == {"itemId": "never-heard-of", "score": 0.0}
    assert sum(scores) == pytest.approx(1, abs=1e-3)


VIDEO_SCHEMAS = {
    "Interactions": schema(
        "Interactions",
        ("USER_ID", "string"),
        ("ITEM_ID", "string"),
        ("EVENT_TYPE", "string"),
        ("TIMESTAMP", "long"),
    ),
    "Items": schema(
        "Items",
        ("ITEM_ID", "string"),
        {"name": "GENRES", "type": ["string"], "categorical": True},
        ("CREATION_TIMESTAMP", "long"),
    ),
}


def test_a_domain_group_for_video(shop: Shop) -> None:
    """ "Getting started with a Domain dataset group": VIDEO_ON_DEMAND, schemas of the domain, recommenders."""
    live = shop.live
    group = live.make("DatasetGroup", name="videos", domain="VIDEO_ON_DEMAND")
    for kind, text in VIDEO_SCHEMAS.items():
        made = live.personalize.create_schema(name=f"videos-{kind}", schema=text, domain="VIDEO_ON_DEMAND")
        shop[f"dataset videos {kind}"] = live.make(
            "Dataset", name=kind, datasetType=kind, datasetGroupArn=group, schemaArn=made["schemaArn"]
        )
    watched = data.interactions(event_type="Watch")
    shop.import_csv("videos Interactions", "videos", watched)
    rows = [f"i{n},{'drama|crime' if n % 2 else 'comedy'},{1_600_000_000 + n}" for n in range(20)]
    shop.import_csv("videos Items", "videos-items", "\n".join(["ITEM_ID,GENRES,CREATION_TIMESTAMP", *rows]))
    use_cases = {
        recipe["name"] for recipe in live.personalize.list_recipes(domain="VIDEO_ON_DEMAND")["recipes"]
    }
    assert {"aws-vod-most-popular", "aws-vod-because-you-watched-x", "aws-vod-top-picks"} <= use_cases
    popular = live.make(
        "Recommender", name="popular-videos", datasetGroupArn=group, recipeArn=RECIPE + "aws-vod-most-popular"
    )
    because = live.make(
        "Recommender",
        name="because",
        datasetGroupArn=group,
        recipeArn=RECIPE + "aws-vod-because-you-watched-x",
    )
    assert len(recommended(live, recommenderArn=popular, userId="u1")) == 20
    more = recommended(live, recommenderArn=because, userId="somebody", itemId="i4", numResults=5)
    assert len(more) == 5
    assert "i4" not in more
    live.personalize.stop_recommender(recommenderArn=popular)
    live.wait("Recommender", popular, "INACTIVE")
    refused = code(lambda: recommended(live, recommenderArn=popular, userId="u1"))
    assert refused == "ResourceNotFoundException"
    live.personalize.start_recommender(recommenderArn=popular)
    live.wait("Recommender", popular)
    assert recommended(live, recommenderArn=popular, userId="u1")


def test_a_domain_group_for_shops(shop: Shop) -> None:
    """The same for ECOMMERCE: what is bought together, and a filter with a parameter."""
    live, group = shop.live, shop.domain_group()
    together = live.make(
        "Recommender",
        name="together",
        datasetGroupArn=group,
        recipeArn=RECIPE + "aws-ecomm-frequently-bought-together",
    )
    reds = live.make(
        "Filter",
        name="of-a-category",
        datasetGroupArn=group,
        filterExpression="INCLUDE ItemID WHERE Items.CATEGORY_L1 IN ($CATEGORY)",
    )
    items = recommended(
        live, recommenderArn=together, itemId="i4", filterArn=reds, filterValues={"CATEGORY": '"red"'}
    )
    assert items
    assert all(int(item[1:]) % 2 for item in items)
    live.personalize.delete_recommender(recommenderArn=together)
    live.gone("Recommender", together)


def states_until_gone(live: Live, kind: str, arn: str) -> set[str]:
    """The states that a clean-up sees, until there is nothing to describe."""
    describe = getattr(live.personalize, f"describe_{snake(kind)}")
    states: set[str] = set()
    while (error := code(lambda: states.add(describe(**{f"{kind}Arn": arn})[kind]["status"]))) == "":
        time.sleep(0.05)
    assert error == "ResourceNotFoundException"
    return states


def test_deletion_and_clean_up(shop: Shop) -> None:
    """ "Cleaning up resources": in this order, each with a wait; then the same names can be given again."""
    live, personalize = shop.live, shop.live.personalize

    def build() -> dict[str, str]:
        made = {"schema": personalize.create_schema(name="passing", schema=data.INTERACTIONS)["schemaArn"]}
        made["datasetGroup"] = live.make("DatasetGroup", name="passing")
        made["dataset"] = live.make(
            "Dataset",
            name="passing",
            datasetType="Interactions",
            datasetGroupArn=made["datasetGroup"],
            schemaArn=made["schema"],
        )
        shop["dataset passing"] = made["dataset"]
        shop.import_csv("passing", "passing", data.interactions())
        made["eventTracker"] = live.make("EventTracker", name="passing", datasetGroupArn=made["datasetGroup"])
        made["filter"] = live.make(
            "Filter",
            name="passing",
            datasetGroupArn=made["datasetGroup"],
            filterExpression='EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")',
        )
        made["solution"] = live.make(
            "Solution",
            name="passing",
            datasetGroupArn=made["datasetGroup"],
            recipeArn=RECIPE + "aws-popularity-count",
            performAutoTraining=False,
        )
        version = live.make("SolutionVersion", solutionArn=made["solution"])
        made["campaign"] = live.make("Campaign", name="passing", solutionVersionArn=version)
        return made

    made = build()
    assert code(lambda: personalize.delete_dataset_group(datasetGroupArn=made["datasetGroup"])) == (
        "ResourceInUseException"
    )
    for kind in ("campaign", "solution", "eventTracker", "filter", "dataset"):
        getattr(personalize, f"delete_{snake(kind)}")(**{f"{kind}Arn": made[kind]})
        assert states_until_gone(live, kind, made[kind]) <= {"DELETE PENDING", "DELETE IN_PROGRESS"}
    personalize.delete_schema(schemaArn=made["schema"])
    personalize.delete_dataset_group(datasetGroupArn=made["datasetGroup"])
    live.gone("DatasetGroup", made["datasetGroup"])
    rebuilt = build()
    assert {name: arn for name, arn in rebuilt.items() if name != "eventTracker"} == {
        name: arn for name, arn in made.items() if name != "eventTracker"
    }
    assert recommended(live, campaignArn=rebuilt["campaign"], userId="u1")
