"""Imports, exports and deletions of users through the wire, and the roles that let them."""

from __future__ import annotations

import csv
import io

import pytest

from tests.support.localpersonalize import shop as data
from tests.support.localpersonalize.calls import NOW, own_group, own_schema
from tests.support.localpersonalize.live import BUCKET, code, policy, until
from tests.support.localpersonalize.shop import Shop


class Group:
    """A dataset group of one test's own."""

    def __init__(self, shop: Shop, name: str) -> None:
        self.shop, self.name, self.arn = shop, name, own_group(shop, name)
        for kind in ("Interactions", "Users"):
            shop[f"dataset {name} {kind}"] = shop.live.make(
                "Dataset",
                name=f"{name}-{kind}",
                datasetType=kind,
                datasetGroupArn=self.arn,
                schemaArn=shop[f"schema {kind}"],
            )

    def load(self, kind: str, text: str, job: str, mode: str = "FULL", wait: bool = True) -> str:
        return self.shop.import_csv(f"{self.name} {kind}", f"{self.name}-{job}", text, mode, wait)

    def rows(self, kind: str, mode: str = "ALL") -> list[dict[str, str]]:
        """What a dataset export writes."""
        job = f"{self.name}-{kind}-{mode}-{len(self.shop.arns)}"
        self.shop[job] = self.shop.live.make(
            "DatasetExportJob",
            jobName=job,
            datasetArn=self.shop[f"dataset {self.name} {kind}"],
            ingestionMode=mode,
            roleArn=self.shop.role,
            jobOutput={"s3DataDestination": {"path": f"s3://{BUCKET}/out/"}},
        )
        key = f"out/{job}/{kind.lower()}.csv"
        text = self.shop.live.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode()
        return list(csv.DictReader(io.StringIO(text)))

    def track(self) -> str:
        client = self.shop.live.personalize
        made = client.create_event_tracker(name=self.name, datasetGroupArn=self.arn)
        self.shop.live.wait("EventTracker", made["eventTrackerArn"])
        return str(made["trackingId"])

    def put_event(self, tracking_id: str, user: str, item: str) -> None:
        event = {"eventType": "Purchase", "itemId": item, "sentAt": NOW}
        self.shop.live.client("personalize-events").put_events(
            trackingId=tracking_id, userId=user, sessionId="s", eventList=[event]
        )


def test_full_replaces_bulk_and_keeps_streamed_incremental_adds(shop: Shop) -> None:
    group = Group(shop, "modes")
    tracking_id = group.track()
    group.load("Interactions", data.interactions(users=60), "first")
    group.put_event(tracking_id, "streamed", "i1")
    group.load("Interactions", data.interactions(users=50), "second")
    assert {row["USER_ID"] for row in group.rows("Interactions", "BULK")} == {f"u{n}" for n in range(50)}
    more = data.interactions(users=55, event_type="View")
    group.load("Interactions", more, "third", "INCREMENTAL")
    everything = group.rows("Interactions")
    assert len(everything) == 50 * 20 + 55 * 20 + 1
    assert [row["USER_ID"] for row in group.rows("Interactions", "PUT")] == ["streamed"]


def test_incremental_users_replace_by_id(shop: Shop) -> None:
    group = Group(shop, "users")
    group.load("Users", "USER_ID,SEGMENT\na,old\nb,old\n", "first")
    group.load("Users", "USER_ID,SEGMENT\nb,new\nc,new\n", "second", "INCREMENTAL")
    rows = {row["USER_ID"]: row["SEGMENT"] for row in group.rows("Users")}
    assert rows == {"a": "old", "b": "new", "c": "new"}


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("header", "USER_ID,ITEM_ID,EVENT_TYPE,TIMESTAMP\nu,i,e,1\n", ["bad-header.csv", "EVENT_VALUE"]),
        ("type", data.interactions(30) + "\nu1,i1,Purchase,1.0,soon\n", ["bad-type.csv", "TIMESTAMP", "602"]),
        ("null", data.interactions(30) + "\n,i1,Purchase,1.0,5\n", ["bad-null.csv", "602", "USER_ID"]),
    ],
)
def test_a_file_that_does_not_fit_leaves_the_dataset_as_it_was(
    shop: Shop, name: str, text: str, says: list[str]
) -> None:
    if "dataset bad Interactions" not in shop.arns:
        shop["bad"] = Group(shop, "bad").arn
        shop.import_csv("bad Interactions", "bad-good", data.interactions())
    arn = shop.import_csv("bad Interactions", f"bad-{name}", text, wait=False)
    reason = shop.live.wait("DatasetImportJob", arn, "CREATE FAILED")["failureReason"]
    assert all(word in reason for word in says), reason
    group = Group.__new__(Group)
    group.shop, group.name = shop, "bad"
    assert len(group.rows("Interactions", "BULK")) == 60 * 20


def test_a_deletion_forgets_users_everywhere(shop: Shop) -> None:
    group = Group(shop, "deletion")
    tracking_id = group.track()
    group.load("Interactions", data.interactions(), "events")
    group.load("Users", data.users(), "users")
    group.put_event(tracking_id, "u1", "i1")
    group.put_event(tracking_id, "u2", "i2")
    location = shop.live.upload("forget/two.csv", "USER_ID\nu1\nu3\n")
    arn = shop.live.make(
        "DataDeletionJob",
        jobName="two",
        datasetGroupArn=group.arn,
        roleArn=shop.role,
        wait=False,
        dataSource={"dataLocation": location},
    )
    done = shop.live.wait("DataDeletionJob", arn, "COMPLETED")
    assert done["numDeleted"] == 2 * 20 + 2 + 1
    left = {row["USER_ID"] for row in group.rows("Interactions")}
    assert left == {f"u{n}" for n in range(60)} - {"u1", "u3"}
    assert len(group.rows("Users")) == 58


def test_a_role_that_may_not_read_fails_the_import(shop: Shop) -> None:
    iam, group = shop.live.client("iam"), Group(shop, "roles")
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    other = iam.create_role(RoleName="other", AssumeRolePolicyDocument=policy(trust))["Role"]["Arn"]
    location = shop.live.upload("roles.csv", data.users())
    for role, says in ((other, "can't assume"), (other + "-none", "does not exist")):
        arn = shop.live.make(
            "DatasetImportJob",
            jobName=f"roles-{len(says)}",
            datasetArn=shop["dataset roles Users"],
            roleArn=role,
            dataSource={"dataLocation": location},
            wait=False,
        )
        assert says in shop.live.wait("DatasetImportJob", arn, "CREATE FAILED")["failureReason"]
    assert group.rows("Users") == []


def test_a_wider_schema_takes_the_place_of_the_old_one(shop: Shop) -> None:
    group = Group(shop, "wider")
    group.load("Users", data.users(5), "before")
    dataset, wider = shop["dataset wider Users"], own_schema(shop, "even-wider", data.WIDER_USERS)
    shop.live.personalize.update_dataset(datasetArn=dataset, schemaArn=wider)
    until(lambda: shop.live.wait("Dataset", dataset)["schemaArn"] == wider, "the wider schema")
    group.load("Users", "USER_ID,SEGMENT,AGE\nz,new,30\n", "after", "INCREMENTAL")
    rows = {row["USER_ID"]: row["AGE"] for row in group.rows("Users")}
    assert rows == {**{f"u{n}": "" for n in range(5)}, "z": "30"}
    narrower = shop["schema Users"]
    refused = code(lambda: shop.live.personalize.update_dataset(datasetArn=dataset, schemaArn=narrower))
    assert refused == "InvalidInputException"


def test_actions_are_recommended_by_how_often_they_are_taken(shop: Shop) -> None:
    from tests.support.localpersonalize.calls import the_action_campaign

    answer = shop.live.client("personalize-runtime").get_action_recommendations(
        campaignArn=the_action_campaign(shop), userId="stranger", numResults=5
    )
    scores = [entry["score"] for entry in answer["actionList"]]
    assert sorted(entry["actionId"] for entry in answer["actionList"]) == [f"a{n}" for n in range(5)]
    assert scores == sorted(scores, reverse=True)
