"""A trained `aws-hrnn-metadata` behind boto3: records put one by one change answers without a new training."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest

from benchmarks.live_service import BUCKET, LiveService
from tests.support.planted import tastes

pytestmark = pytest.mark.long

COLOURS = ("red", "blue")  # users and items with even numbers are red, those with odd ones blue


LIKE_RED = 'ITEMS.GENRE = "red"'


def schema(kind: str, field: str) -> str:
    fields = [
        {"name": f"{kind.upper()}_ID", "type": "string"},
        {"name": field, "type": ["null", "string"], "categorical": True},
    ]
    return json.dumps({"type": "record", "name": f"{kind}s", "version": "1.0", "fields": fields})


class TwoColours:
    """A dataset group with users and items of two colours, and a campaign."""

    def __init__(self, service: LiveService) -> None:
        self.service = service
        self.personalize = service.client("personalize")
        self.events = service.client("personalize-events")
        self.role = service.prepare_account()
        self.group, interactions = service.dataset_group("tastes")
        data = tastes()
        users = pa.table({"USER_ID": [f"u{n}" for n in range(200)], "LIKES": [*COLOURS] * 100})
        viewed = data.interactions.append_column("EVENT_TYPE", pa.array(["view"] * len(data.interactions)))
        service.wait_for_import(service.start_import(interactions, viewed, "interactions", self.role))
        self.users = self.dataset("User", "LIKES", users)
        self.items = self.dataset("Item", "GENRE", data.items)
        tracker = self.personalize.create_event_tracker(name="tastes", datasetGroupArn=self.group)
        self.tracking_id = tracker["trackingId"]
        version = service.train(
            self.group,
            "aws-hrnn-metadata",
            "tastes",
            {"algorithmHyperParameters": {"hidden_dimension": "32"}},
        )
        self.campaign = service.campaign(version, "tastes")

    def dataset(self, kind: str, field: str, rows: pa.Table) -> str:
        made = self.personalize.create_schema(name=kind, schema=schema(kind, field))["schemaArn"]
        arn = self.personalize.create_dataset(
            name=kind, schemaArn=made, datasetGroupArn=self.group, datasetType=f"{kind}s"
        )["datasetArn"]
        self.service.wait(lambda: self.personalize.describe_dataset(datasetArn=arn)["dataset"])
        self.service.wait_for_import(self.service.start_import(arn, rows, kind, self.role))
        return arn

    def item_ids(self, user: str, count: int = 10) -> list[str]:
        answer = self.service.client("personalize-runtime").get_recommendations(
            campaignArn=self.campaign, userId=user, numResults=count
        )
        return [item["itemId"] for item in answer["itemList"]]

    def colours(self, user: str) -> set[str]:
        return {COLOURS[int(item[1:]) % 2] for item in self.item_ids(user) if item.startswith("i")}

    def put_user(self, user: str, likes: str) -> None:
        properties = json.dumps({"likes": likes})
        self.events.put_users(datasetArn=self.users, users=[{"userId": user, "properties": properties}])

    def put_item(self, item: str, genre: str) -> None:
        properties = json.dumps({"genre": genre})
        self.events.put_items(datasetArn=self.items, items=[{"itemId": item, "properties": properties}])

    def views(self, user: str, *items: str) -> None:
        begun = int(time.time()) - len(items)
        viewed: list[dict[str, Any]] = [
            {"eventType": "view", "itemId": item, "sentAt": begun + n} for n, item in enumerate(items)
        ]
        self.events.put_events(
            trackingId=self.tracking_id, userId=user, sessionId=f"of {user}", eventList=viewed
        )


@pytest.fixture(scope="module")
def two_colours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoColours]:
    service = LiveService(tmp_path_factory.mktemp("tastes"))
    service.start()
    try:
        yield TwoColours(service)
    finally:
        service.stop()


@pytest.mark.parametrize(("viewed", "expected"), [(("i0", "i8", "i4"), "red"), (("i1", "i9", "i5"), "blue")])
def test_events_of_somebody_new_decide_the_next_answer(
    two_colours: TwoColours, viewed: tuple[str], expected: str
) -> None:
    two_colours.views(f"viewer of {expected}", *viewed)
    assert two_colours.colours(f"viewer of {expected}") == {expected}


def test_a_user_who_is_put_gets_what_such_users_like_and_a_change_counts_at_once(
    two_colours: TwoColours,
) -> None:
    two_colours.put_user("newcomer", "red")
    assert two_colours.colours("newcomer") == {"red"}
    two_colours.put_user("newcomer", "blue")
    assert two_colours.colours("newcomer") == {"blue"}


def test_an_item_that_is_put_is_ranked_by_its_genre(two_colours: TwoColours) -> None:
    two_colours.put_item("late red", "red")
    two_colours.put_item("late blue", "blue")
    for user, likes, other in (("u0", "late red", "late blue"), ("u1", "late blue", "late red")):
        everything = two_colours.item_ids(user, 500)
        assert everything.index(likes) < everything.index(other)


def test_users_are_found_by_the_genre_that_they_like(two_colours: TwoColours) -> None:
    version = two_colours.service.train(two_colours.group, "aws-item-attribute-affinity", "affinity")
    s3 = two_colours.service.client("s3")
    s3.put_object(Bucket=BUCKET, Key="in/genres.json", Body=json.dumps({"itemAttributes": LIKE_RED}).encode())
    job = two_colours.personalize.create_batch_segment_job(
        jobName="red",
        solutionVersionArn=version,
        numResults=20,
        roleArn=two_colours.role,
        jobInput={"s3DataSource": {"path": f"s3://{BUCKET}/in/genres.json"}},
        jobOutput={"s3DataDestination": {"path": f"s3://{BUCKET}/out/"}},
    )["batchSegmentJobArn"]
    two_colours.service.wait(
        lambda: two_colours.personalize.describe_batch_segment_job(batchSegmentJobArn=job)["batchSegmentJob"]
    )
    answer = json.loads(s3.get_object(Bucket=BUCKET, Key="out/genres.json.out")["Body"].read())
    assert (answer["input"]["itemAttributes"], answer["error"]) == (LIKE_RED, None)
    result = answer["output"]["usersList"]
    assert len(result) == 20
    assert {COLOURS[int(user[1:]) % 2] for user in result if user.startswith("u")} == {"red"}
