"""What a user of boto3 sees of real-time records and batch jobs, against a real process."""

from __future__ import annotations

import itertools
import json
import random
import urllib.request
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest
from botocore.exceptions import ClientError
from prometheus_client.parser import text_string_to_metric_families

from benchmarks.live_service import BUCKET, INTERACTIONS, LiveService

ITEMS_SCHEMA = {
    "type": "record",
    "name": "Items",
    "namespace": "com.amazonaws.personalize.schema",
    "version": "1.0",
    "fields": [
        {"name": "ITEM_ID", "type": "string"},
        {"name": "MADE_OF", "type": ["null", "string"], "categorical": True},
        {"name": "unit_price", "type": ["null", "float"]},
    ],
}


class LiveGroup:
    """A dataset group with a trained popularity model: i0 is the most popular item, i59 the least."""

    def __init__(self, service: LiveService) -> None:
        self.service = service
        self.personalize = service.client("personalize")
        self.runtime = service.client("personalize-runtime")
        self.events = service.client("personalize-events")
        self.role = service.prepare_account()
        self.group, self.interactions = service.dataset_group("live")
        rows = [(f"u{user}", f"i{item}", 1_700_000_000) for user in range(60) for item in range(user + 1)]
        users, items, times = zip(*rows, strict=True)
        table = pa.table(
            {"USER_ID": users, "ITEM_ID": items, "EVENT_TYPE": ["view"] * len(rows), "TIMESTAMP": times}
        )
        service.wait_for_import(service.start_import(self.interactions, table, "first", self.role))
        self.items = self.dataset("Items", ITEMS_SCHEMA)
        tracker = self.personalize.create_event_tracker(name="live", datasetGroupArn=self.group)
        self.tracking_id = tracker["trackingId"]
        self.wait("event_tracker", tracker["eventTrackerArn"])
        self.version = service.train(self.group, "aws-popularity-count", "live")
        self.campaign = service.campaign(self.version, "live")

    def dataset(self, kind: str, schema: dict[str, Any]) -> str:
        arn = self.personalize.create_schema(name=kind, schema=json.dumps(schema))["schemaArn"]
        made = self.personalize.create_dataset(
            name=kind, schemaArn=arn, datasetGroupArn=self.group, datasetType=kind
        )["datasetArn"]
        self.wait("dataset", made)
        return made

    def filter(self, name: str, expression: str) -> str:
        made = self.personalize.create_filter(
            name=name, datasetGroupArn=self.group, filterExpression=expression
        )
        self.wait("filter", made["filterArn"])
        return made["filterArn"]

    def wait(self, kind: str, arn: str) -> dict[str, Any]:
        words = kind.split("_")
        key = words[0] + "".join(word.title() for word in words[1:])
        describe = getattr(self.personalize, f"describe_{kind}")
        self.service.wait(lambda: describe(**{f"{key}Arn": arn})[key])
        return describe(**{f"{key}Arn": arn})[key]

    def item_ids(self, **params: Any) -> list[str]:
        params = {"campaignArn": self.campaign, "userId": "u1", "numResults": 500, **params}
        return [item["itemId"] for item in self.runtime.get_recommendations(**params)["itemList"]]

    def happened(self, item: str, kind: str = "buy", user: str | None = "u1", **more: Any) -> None:
        event = {"eventType": kind, "itemId": item, "sentAt": 1_800_000_000, **more}
        who = {"userId": user} if user else {}
        self.events.put_events(trackingId=self.tracking_id, sessionId="s1", eventList=[event], **who)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGroup]:
    service = LiveService(tmp_path_factory.mktemp("live"))
    service.start()
    try:
        yield LiveGroup(service)
    finally:
        service.stop()


def refused(call: Any, **params: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**params)
    assert caught.value.response["Error"]["Code"] == "InvalidInputException"
    return caught.value.response["Error"]["Message"]


def test_events_reach_filters_at_once_before_and_after_sign_in(world: LiveGroup) -> None:
    bought = world.filter("bought", 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("buy")')
    world.happened("i3")
    assert "i3" not in world.item_ids(filterArn=bought)
    world.happened("i4", user=None)
    assert "i4" not in world.item_ids(filterArn=bought, userId="s1")
    # The first event of u2 in session s1 brings what happened in it before.
    assert "i4" in world.item_ids(filterArn=bought, userId="u2")
    world.happened("i5", user="u2", sentAt=1_800_000_100)
    assert not {"i4", "i5"} & set(world.item_ids(filterArn=bought, userId="u2"))


def test_properties_of_events_are_read_by_the_schema(world: LiveGroup) -> None:
    loved = world.filter("loved", 'INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("love")')
    event = {
        "eventType": "love",
        "sentAt": 1_800_000_000,
        "properties": '{"itemId": "i7", "eventValue": "4"}',
    }
    world.events.put_events(trackingId=world.tracking_id, userId="u9", sessionId="s9", eventList=[event])
    assert world.item_ids(filterArn=loved, userId="u9") == ["i7"]
    params = {"trackingId": world.tracking_id, "userId": "u9", "sessionId": "s9"}
    put, base = world.events.put_events, {"eventType": "love", "sentAt": 1_800_000_000}
    assert "not JSON" in refused(put, **params, eventList=[{**base, "itemId": "i7", "properties": "{"}])
    assert "has no itemId" in refused(put, **params, eventList=[base])
    wrong = {**base, "properties": '{"itemId": "i7", "eventValue": "much"}'}
    assert "not of type float" in refused(put, **params, eventList=[wrong])
    assert "tracking ID" in refused(
        put, **{**params, "trackingId": "none"}, eventList=[{**base, "itemId": "i"}]
    )


def test_items_put_one_by_one_are_filtered_by_their_newest_values(world: LiveGroup) -> None:
    wood = world.filter("wood", 'INCLUDE ItemID WHERE Items.MADE_OF IN ("wood") AND Items.UNIT_PRICE < $P')
    put = world.events.put_items

    def item(name: str, **properties: Any) -> None:
        put(datasetArn=world.items, items=[{"itemId": name, "properties": json.dumps(properties)}])

    item("i8", madeOf="wood|glass", unitPrice="3.5")
    item("i9", MADE_OF="wood", unit_price=9)
    params = {"filterArn": wood, "filterValues": {"P": "5"}}
    assert world.item_ids(**params) == ["i8"]
    item("i8", madeOf="glass", unitPrice=1)
    item("i9", madeOf="wood", unitPrice=1)
    assert world.item_ids(**params) == ["i9"]
    bad = [{"itemId": "i9", "properties": '{"unitPrice": "cheap", "madeOf": "x"}'}]
    assert "not of type float" in refused(put, datasetArn=world.items, items=bad)
    unknown = [{"itemId": "i9", "properties": '{"colour": "red"}'}]
    assert "COLOUR" in refused(put, datasetArn=world.items, items=unknown)
    assert "is of type INTERACTIONS" in refused(put, datasetArn=world.interactions, items=bad)


def test_batch_inference_goes_from_s3_to_s3(world: LiveGroup) -> None:
    s3 = world.service.client("s3")
    s3.put_object(Bucket=BUCKET, Key="in/users.json", Body=b'{"userId": "u1"}\n{"userid": "u2"}\n')
    job = world.personalize.create_batch_inference_job(
        jobName="users",
        solutionVersionArn=world.version,
        numResults=3,
        roleArn=world.role,
        jobInput={"s3DataSource": {"path": f"s3://{BUCKET}/in/users.json"}},
        jobOutput={"s3DataDestination": {"path": f"s3://{BUCKET}/out/"}},
    )["batchInferenceJobArn"]
    done = world.wait("batch_inference_job", job)
    assert done["numResults"] == 3
    written = s3.get_object(Bucket=BUCKET, Key="out/users.json.out")["Body"].read().splitlines()
    good, bad = map(json.loads, written)
    assert good["output"]["recommendedItems"] == ["i0", "i1", "i2"]
    assert "userId is required" in bad["error"]
    assert s3.get_object(Bucket=BUCKET, Key="out/users.json.errors")["Body"].read().splitlines() == [
        written[1]
    ]
    listed = world.personalize.list_batch_inference_jobs(solutionVersionArn=world.version)[
        "batchInferenceJobs"
    ]
    assert [entry["status"] for entry in listed] == ["ACTIVE"]


def test_batch_jobs_that_cannot_succeed(world: LiveGroup) -> None:
    paths = {
        "jobInput": {"s3DataSource": {"path": f"s3://{BUCKET}/none/"}},
        "jobOutput": {"s3DataDestination": {"path": f"s3://{BUCKET}/out/"}},
    }
    params = {"solutionVersionArn": world.version, "roleArn": world.role, **paths}
    inference, segment = (
        world.personalize.create_batch_inference_job,
        world.personalize.create_batch_segment_job,
    )
    assert "needs USER_SEGMENTATION" in refused(segment, jobName="s", **params)
    assert "numResults" in refused(inference, jobName="n", numResults=501, **params)
    wrong = {**params, "jobInput": {"s3DataSource": {"path": "https://x/y"}}}
    assert "Invalid S3 input path" in refused(inference, jobName="w", **wrong)
    job = inference(jobName="empty", **params)["batchInferenceJobArn"]
    with pytest.raises(RuntimeError, match="there is no file at"):
        world.wait("batch_inference_job", job)


def test_a_recommender_of_a_domain_is_trained_served_stopped_and_started(world: LiveGroup) -> None:
    service, personalize = world.service, world.personalize
    group = personalize.create_dataset_group(name="domain", domain="ECOMMERCE")["datasetGroupArn"]
    world.wait("dataset_group", group)
    arn = personalize.create_schema(name="domain", schema=json.dumps(INTERACTIONS), domain="ECOMMERCE")[
        "schemaArn"
    ]
    dataset = personalize.create_dataset(
        name="domain", schemaArn=arn, datasetGroupArn=group, datasetType="Interactions"
    )["datasetArn"]
    world.wait("dataset", dataset)
    rows = [(f"u{user}", f"i{item}", "View", 1_700_000_000) for user in range(60) for item in range(user + 1)]
    users, items, kinds, times = zip(*rows, strict=True)
    table = pa.table({"USER_ID": users, "ITEM_ID": items, "EVENT_TYPE": kinds, "TIMESTAMP": times})
    service.wait_for_import(service.start_import(dataset, table, "domain", world.role))
    use_case = "arn:aws:personalize:::recipe/aws-ecomm-popular-items-by-views"
    made = personalize.create_recommender(name="most-viewed", datasetGroupArn=group, recipeArn=use_case)
    recommender = made["recommenderArn"]
    assert "coverage" in world.wait("recommender", recommender)["modelMetrics"]
    params = {"recommenderArn": recommender, "userId": "u1", "numResults": 2}
    assert [i["itemId"] for i in world.runtime.get_recommendations(**params)["itemList"]] == ["i0", "i1"]
    personalize.update_recommender(
        recommenderArn=recommender, recommenderConfig={"enableMetadataWithRecommendations": True}
    )

    def body() -> dict[str, Any]:
        return personalize.describe_recommender(recommenderArn=recommender)["recommender"]

    service.wait(lambda: body()["latestRecommenderUpdate"])
    personalize.stop_recommender(recommenderArn=recommender)
    while (status := body()["status"]) != "INACTIVE":
        assert status.startswith("STOP")
    with pytest.raises(ClientError, match="INACTIVE"):
        world.runtime.get_recommendations(**params)
    personalize.start_recommender(recommenderArn=recommender)
    world.wait("recommender", recommender)
    assert len(world.runtime.get_recommendations(**params)["itemList"]) == 2
    custom = {"name": "x", "datasetGroupArn": world.group, "recipeArn": use_case}
    assert "domain ECOMMERCE" in refused(personalize.create_recommender, **custom)


def page(world: LiveGroup, path: str) -> str:
    with urllib.request.urlopen(world.service.endpoint + path, timeout=10) as answer:
        return answer.read().decode()


def test_health_and_figures_can_be_read_without_a_signature(world: LiveGroup) -> None:
    assert json.loads(page(world, "/healthz")) == {"status": "ok", "store": "ok", "aws": "ok"}
    world.item_ids()
    families = text_string_to_metric_families(page(world, "/metrics"))
    result = {sample.name: sample for family in families for sample in family.samples}
    assert result["localpersonalize_model_bytes"].value > 0
    assert result["localpersonalize_request_seconds_count"].value > 0


def test_events_change_what_a_recurrent_network_recommends_next(world: LiveGroup) -> None:
    """Users only take items of one letter: c and d each the third after the last, e and f any of the twenty."""
    service = world.service
    group, dataset = service.dataset_group("tastes")
    any_of = random.Random(5)
    rows = [
        (
            f"u{user}",
            f"{'cdef'[user % 4]}{(user * 7 + step * 3) % 20 if user % 4 < 2 else any_of.randrange(20)}",
            "view",
            1_700_000_000 + user + step * 60,
        )
        for user in range(200)
        for step in range(15)
    ]
    users, items, kinds, times = zip(*rows, strict=True)
    table = pa.table({"USER_ID": users, "ITEM_ID": items, "EVENT_TYPE": kinds, "TIMESTAMP": times})
    service.wait_for_import(service.start_import(dataset, table, "tastes", world.role))
    tracker = world.personalize.create_event_tracker(name="tastes", datasetGroupArn=group)
    world.wait("event_tracker", tracker["eventTrackerArn"])
    campaign = service.campaign(service.train(group, "aws-hrnn", "tastes"), "tastes")

    def items_after(user: str, *seen: str) -> list[str]:
        """What is recommended to a user after events that are new to the service."""
        for item in seen:
            event = {"eventType": "view", "itemId": item, "sentAt": next(times_of_events)}
            who = {"trackingId": tracker["trackingId"], "userId": user, "sessionId": user}
            world.events.put_events(**who, eventList=[event])
        return world.item_ids(campaignArn=campaign, userId=user, numResults=5)

    times_of_events = itertools.count(1_800_000_000, 60)
    # Where an order was followed, only the item that comes next is certain, not what ranks after it.
    assert items_after("likes c", "c1")[0] == "c4"
    assert items_after("likes d", "d1", "d4", "d7")[0] == "d10"
    assert items_after("likes c", "c4", "c7")[0] == "c10"
    assert "".join(item[0] for item in items_after("likes e", "e1", "e2")).count("e") >= 4
    assert "".join(item[0] for item in items_after("likes f", "f1", "f2")).count("f") >= 4
