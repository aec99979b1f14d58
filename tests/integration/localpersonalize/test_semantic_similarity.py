"""aws-semantic-similarity as its guide page describes it: from an Items dataset alone to similar items."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.localpersonalize.live import BUCKET, Live, code, schema, until
from tests.support.localpersonalize.shop import RECIPE, Shop

NAME = {"name": "TITLE", "type": "string", "itemName": True}
TEXT = {"name": "ABOUT", "type": ["null", "string"], "textual": True}
ITEM = ("ITEM_ID", "string")
CREATED = ("CREATION_TIMESTAMP", "long")
DAY = 86_400
SUBJECTS = {
    "space": "rocket planet orbit astronaut galaxy comet",
    "sea": "sailor harbour wave anchor captain island",
}
SEMANTIC = RECIPE + "aws-semantic-similarity"


def rows(number: int = 12) -> str:
    """CSV: items of two subjects, with four words of it in another order each, the later ones the newer."""
    lines = ["ITEM_ID,TITLE,ABOUT,CREATION_TIMESTAMP"]
    for subject, text in SUBJECTS.items():
        words = text.split()
        for n in range(number):
            turned = words[n % 6 :] + words[: n % 6]
            lines.append(f"{subject}-{n},{turned[0]} {turned[1]},{' '.join(turned[2:5])},{n * DAY}")
    return "\n".join(lines)


def dataset(live: Live, group: str, name: str, *fields: Any) -> str:
    made = live.personalize.create_schema(name=name, schema=schema("Items", *fields))["schemaArn"]
    return live.make("Dataset", name=name, datasetType="Items", datasetGroupArn=group, schemaArn=made)


def solution(live: Live, group: str, **more: Any) -> dict[str, Any]:
    request = {"datasetGroupArn": group, "recipeArn": SEMANTIC, "performAutoTraining": False}
    return {"name": "semantic", **request, **more}


def test_from_items_without_interactions_to_similar_items(live: Live, shop: Shop) -> None:
    group = live.make("DatasetGroup", name="semantic")
    shop["dataset semantic"] = dataset(live, group, "semantic-items", ITEM, NAME, TEXT, CREATED)
    shop.import_csv("semantic", "semantic-items", rows())
    made = live.make("Solution", **solution(live, group, performIncrementalUpdate=True))
    assert live.personalize.describe_solution(solutionArn=made)["solution"]["performIncrementalUpdate"]
    version = live.make("SolutionVersion", solutionArn=made)
    assert live.personalize.get_solution_metrics(solutionVersionArn=version)["metrics"] == {}
    campaign = live.make("Campaign", name="semantic", solutionVersionArn=version)
    runtime = live.client("personalize-runtime")

    def similar(item: str, number: int = 8) -> list[str]:
        answer = runtime.get_recommendations(campaignArn=campaign, itemId=item, numResults=number)
        return [entry["itemId"] for entry in answer["itemList"]]

    for subject in SUBJECTS:
        assert {item.split("-")[0] for item in similar(f"{subject}-3")} == {subject}
    shop["version semantic"] = version
    properties = json.dumps({"title": "captain anchor", "about": "harbour island", "creationTimestamp": 0})
    live.client("personalize-events").put_items(
        datasetArn=shop["dataset semantic"], items=[{"itemId": "late", "properties": properties}]
    )
    until(lambda: "late" in similar("sea-3", 20), "the new item to be similar")
    assert {item.split("-")[0] for item in similar("late", 5)} == {"sea"}
    changed = json.dumps({"title": "rocket orbit", "about": "planet galaxy", "creationTimestamp": 0})
    live.client("personalize-events").put_items(
        datasetArn=shop["dataset semantic"], items=[{"itemId": "late", "properties": changed}]
    )
    until(lambda: similar("late", 1)[0].startswith("space"), "the changed item to be similar to others")
    live.upload("batch/semantic.json", '{"itemId": "space-1"}\n')
    live.make(
        "BatchInferenceJob",
        jobName="semantic",
        solutionVersionArn=version,
        roleArn=shop.role,
        numResults=5,
        jobInput={"s3DataSource": {"path": f"s3://{BUCKET}/batch/semantic.json"}},
        jobOutput={"s3DataDestination": {"path": f"s3://{BUCKET}/batch/semantic-out/"}},
    )
    out = live.s3.get_object(Bucket=BUCKET, Key="batch/semantic-out/semantic.json.out")["Body"].read()
    items = json.loads(out)["output"]["recommendedItems"]
    assert {item.split("-")[0] for item in items} == {"space"}


def test_with_freshness_new_items_come_before_older_ones_that_are_more_similar(
    live: Live, shop: Shop
) -> None:
    """Source: the developer guide, "Semantic-Similarity recipe": with CREATION_TIMESTAMP, ranking by freshness."""
    runtime, days = live.client("personalize-runtime"), {}
    for freshness in (0.0, 0.2, 1.0):
        campaign = live.make(
            "Campaign",
            name=f"semantic-fresh-{freshness * 10:.0f}",
            solutionVersionArn=shop["version semantic"],
            campaignConfig={"rankingInfluence": {"FRESHNESS": freshness}},
        )
        answer = runtime.get_recommendations(campaignArn=campaign, itemId="sea-3", numResults=6)["itemList"]
        days[freshness] = [int(item["itemId"].split("-")[1]) for item in answer]
        subjects = [item["itemId"].split("-")[0] for item in answer]
        assert freshness == 1.0 or subjects == ["sea"] * 6
        live.personalize.delete_campaign(campaignArn=campaign)
        live.gone("Campaign", campaign)
    assert sum(days[0.0]) < sum(days[0.2]) <= sum(days[1.0])


@pytest.mark.parametrize(
    ("fields", "missing"),
    [
        ((TEXT,), "itemName"),
        ((NAME,), "textual"),
        (({"name": "C", "type": "string", "categorical": True},), "textual"),
    ],
)
def test_a_solution_without_the_fields_it_reads_is_refused_by_their_names(
    live: Live, fields: tuple[Any, ...], missing: str
) -> None:
    name = f"semantic-{missing}-{len(live.personalize.list_dataset_groups()['datasetGroups'])}"
    group = live.make("DatasetGroup", name=name)
    with pytest.raises(live.personalize.exceptions.InvalidInputException, match="itemName"):
        live.personalize.create_solution(**solution(live, group, name=name))
    dataset(live, group, name, ITEM, *fields)
    with pytest.raises(live.personalize.exceptions.InvalidInputException, match=missing):
        live.personalize.create_solution(**solution(live, group, name=name))


@pytest.mark.parametrize(
    ("kind", "fields", "says"),
    [
        ("Items", (ITEM, NAME, {**NAME, "name": "OTHER"}, TEXT), "Only one field can be itemName"),
        ("Items", (ITEM, {**NAME, "type": "int"}, TEXT), "only if it is a string"),
        ("Items", (ITEM, {**NAME, "categorical": True}, TEXT), "not categorical"),
        ("Items", (ITEM, {**NAME, "itemName": "yes"}, TEXT), "must be true or false"),
        ("Items", ({"name": "ITEM_ID", "type": "string", "itemName": True}, TEXT), "itemName"),
        ("Users", (("USER_ID", "string"), NAME), "Only an Items schema"),
    ],
)
def test_rules_of_the_mark(live: Live, kind: str, fields: tuple[Any, ...], says: str) -> None:
    number = len(live.personalize.list_schemas(maxResults=100)["schemas"])
    name = f"mark-{kind}-{number}-{says.split()[0]}-{len(fields)}"
    group = live.make("DatasetGroup", name=name)

    def make() -> None:
        made = live.personalize.create_schema(name=name, schema=schema(kind, *fields))["schemaArn"]
        live.personalize.create_dataset(name=name, datasetType=kind, datasetGroupArn=group, schemaArn=made)

    with pytest.raises(live.personalize.exceptions.InvalidInputException, match=says):
        make()


def test_it_is_listed_and_described(live: Live) -> None:
    details = live.personalize.describe_recipe(recipeArn=SEMANTIC)["recipe"]
    assert details["recipeType"] == "RELATED_ITEMS"
    assert code(lambda: live.personalize.describe_algorithm(algorithmArn=details["algorithmArn"])) == ""
