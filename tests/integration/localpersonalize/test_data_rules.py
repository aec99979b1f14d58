"""No value that is put, and no row that is stored, keeps a dataset group from training, exporting and answering."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.localpersonalize.live import BUCKET, Live, schema, until
from tests.support.localpersonalize.put_fuzz import SCHEMAS, PutFuzz, run
from tests.support.localpersonalize.shop import RECIPE

HEADER = "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE,IMPRESSION,INT_VALUE,LONG_VALUE,FLOAT_VALUE,GENRE,NOTE\n"


class Group:
    """A dataset group whose datasets have fields of every type."""

    def __init__(self, live: Live, name: str) -> None:
        self.live, self.name, self.arns = live, name, dict[str, str]()
        self.role = live.prepare()
        self.arn = live.make("DatasetGroup", name=name)
        for kind, text in SCHEMAS.items():
            made = live.personalize.create_schema(name=f"{name}-{kind}", schema=text)["schemaArn"]
            self.arns[kind] = live.make(
                "Dataset", name=kind, datasetType=kind, datasetGroupArn=self.arn, schemaArn=made
            )
        tracker = live.personalize.create_event_tracker(name=name, datasetGroupArn=self.arn)
        live.wait("EventTracker", tracker["eventTrackerArn"])
        self.tracker = str(tracker["trackingId"])
        rows = [f"u{n % 40},i{n * 7 % 41},{1_700_000_000 + n},view,,,,,,," for n in range(1_200)]
        self.load("Interactions", HEADER + "\n".join(rows))
        items = [
            f"i{n},{n},{n},1.5,2.5,true,{'red' if n % 2 else 'blue'},text,Title {n},5" for n in range(41)
        ]
        names = [field["name"] for field in json.loads(SCHEMAS["Items"])["fields"]]
        self.load("Items", ",".join(names) + "\n" + "\n".join(items))

    def load(self, kind: str, text: str, number: int = 1) -> None:
        location = self.live.upload(f"{self.name}/{kind}-{number}.csv", text)
        self.live.make(
            "DatasetImportJob",
            jobName=f"{self.name}-{kind}-{number}",
            datasetArn=self.arns[kind],
            roleArn=self.role,
            dataSource={"dataLocation": location},
        )

    def export(self, kind: str, number: int) -> str:
        job = f"{self.name}-{kind}-out-{number}"
        self.live.make(
            "DatasetExportJob",
            jobName=job,
            datasetArn=self.arns[kind],
            ingestionMode="ALL",
            roleArn=self.role,
            jobOutput={"s3DataDestination": {"path": f"s3://{BUCKET}/out/"}},
        )
        body = self.live.s3.get_object(Bucket=BUCKET, Key=f"out/{job}/{kind.lower()}.csv")["Body"]
        return str(body.read().decode())

    def works(
        self, number: int, recipes: tuple[str, ...] = ("aws-popularity-count", "aws-similar-items")
    ) -> None:
        """It trains, answers with a filter and metadata, exports, and imports what it exported."""
        filter_arn = self.live.make(
            "Filter",
            name=f"{self.name}-{number}",
            datasetGroupArn=self.arn,
            filterExpression='EXCLUDE ItemID WHERE Items.TITLE IN ("Title 35")',
        )
        for recipe in recipes:
            name = f"{self.name}-{recipe}-{number}"
            solution = self.live.make(
                "Solution",
                name=name,
                datasetGroupArn=self.arn,
                recipeArn=RECIPE + recipe,
                performAutoTraining=False,
            )
            version = self.live.make("SolutionVersion", solutionArn=solution)
            campaign = self.live.make(
                "Campaign",
                name=name,
                solutionVersionArn=version,
                campaignConfig={"enableMetadataWithRecommendations": True},
            )
            answer = self.live.client("personalize-runtime").get_recommendations(
                campaignArn=campaign,
                userId="u1",
                itemId="i1",
                numResults=40,
                filterArn=filter_arn,
                metadataColumns={"ITEMS": ["TITLE", "LONG_VALUE"]},
            )
            assert len(answer["itemList"]) > 5
            assert "i35" not in [item["itemId"] for item in answer["itemList"]]
        for kind in SCHEMAS:
            text = self.export(kind, number)
            if kind != "Interactions":  # those have more event types than may be imported
                self.load(kind, text, number + 100)


@pytest.fixture(scope="module")
def group(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Group]:
    live = Live(tmp_path_factory.mktemp("rules") / "data").start()
    try:
        yield Group(live, "fuzz")
    finally:
        live.stop()


@pytest.mark.parametrize(
    "calls", [500, pytest.param(100_000, marks=[pytest.mark.long, pytest.mark.timeout(3_600)])]
)
def test_what_is_put_is_refused_with_a_modelled_error_or_kept_and_the_group_goes_on(
    group: Group, calls: int
) -> None:
    outcome = run(group.live, PutFuzz(calls, group.arns, group.tracker), calls)
    assert not outcome.wrong, f"{len(outcome.wrong)} wrong: " + "\n".join(outcome.wrong[:5])
    assert outcome.accepted.total() + outcome.rejected.total() == calls
    assert min(outcome.accepted.values()) > calls / 50, outcome
    assert outcome.rejected.total() > calls / 10
    group.works(calls)
    group.live.kill()
    group.live.start()
    group.works(calls + 1, ("aws-popularity-count",))


def refusal(group: Group, operation: str, **params: Any) -> str:
    client = group.live.client("personalize-events")
    with pytest.raises(ClientError) as raised:
        getattr(client, operation)(**params)
    assert raised.value.response["Error"]["Code"] == "InvalidInputException"
    return str(raised.value)


@pytest.mark.parametrize(
    ("properties", "field"),
    [
        ('{"intValue": 1099511627776}', "INT_VALUE"),
        ('{"longValue": 9223372036854775808}', "LONG_VALUE"),
        ('{"doubleValue": 1e400}', "DOUBLE_VALUE"),
        ('{"floatValue": NaN}', "NaN"),
        ('{"booleanValue": 1}', "BOOLEAN_VALUE"),
        ('{"title": 5}', "TITLE"),
        ('{"title": "\\ud800"}', "TITLE"),
        ('{"itemId": "' + "i" * 257 + '"}', "ITEM_ID"),
        ('{"genre": "' + "g" * 1001 + '"}', "GENRE"),
        ('{"title": ' + "[" * 10_000 + "]" * 10_000 + "}", "nested too deeply"),
    ],
)
def test_a_value_that_a_dataset_cannot_hold_is_refused_with_its_field(
    group: Group, properties: str, field: str
) -> None:
    assert field in refusal(
        group, "put_items", datasetArn=group.arns["Items"], items=[{"itemId": "i1", "properties": properties}]
    )


def test_rows_that_an_earlier_version_kept_cost_themselves_and_not_the_group(group: Group) -> None:
    group.live.stop()
    bad = {"ITEM_ID": "poison", "INT_VALUE": 2**40}
    event = {"USER_ID": "u1", "ITEM_ID": "i1", "TIMESTAMP": 2**70, "EVENT_TYPE": "view", "SESSION_ID": "s"}
    file: Path = group.live.data_dir / "personalize.sqlite"
    with sqlite3.connect(file) as connection:
        connection.execute(
            "INSERT INTO records VALUES (?, ?, ?, ?)", (group.arns["Items"], "poison", 1.0, json.dumps(bad))
        )
        connection.execute(
            "INSERT INTO events (dataset, user_id, session_id, received, record) VALUES (?, ?, ?, ?, ?)",
            (group.arns["Interactions"], "u1", "s", 1.0, json.dumps(event)),
        )
    group.live.start()
    group.works(7)
    assert "poison" not in group.export("Items", 8)
    assert "A stored record is left out" in group.live.log()


def test_plain_strings_in_custom_and_domain_groups_and_the_states_of_an_update(group: Group) -> None:
    live = group.live
    plain: list[Any] = [("ITEM_ID", "string"), ("PRODUCT_NAME", "string"), ("PRICE", "float")]
    category = {"name": "CATEGORY_L1", "type": "string", "categorical": True}
    wider = ("BRAND", ["null", "string"])
    for domain in (None, "ECOMMERCE"):
        values = {"domain": domain} if domain else {}
        arn = live.make("DatasetGroup", name=f"plain-{domain}", **values)
        texts = [schema("Items", *plain, category), schema("Items", *plain, category, wider)]
        schemas = [
            live.personalize.create_schema(name=f"plain-{domain}-{n}", schema=text, **values)["schemaArn"]
            for n, text in enumerate(texts)
        ]
        dataset = live.make(
            "Dataset", name="items", datasetType="Items", datasetGroupArn=arn, schemaArn=schemas[0]
        )
        live.personalize.update_dataset(datasetArn=dataset, schemaArn=schemas[1])
        states = [live.personalize.describe_dataset(datasetArn=dataset)["dataset"]["status"]]
        live.wait("Dataset", dataset)
        assert states[0] in ("UPDATE PENDING", "UPDATE IN_PROGRESS", "ACTIVE")
        description = live.personalize.describe_dataset(datasetArn=dataset)["dataset"]
        assert (description["schemaArn"], description["latestDatasetUpdate"]["status"]) == (
            schemas[1],
            "ACTIVE",
        )


def test_an_update_of_a_dataset_goes_through_its_states(tmp_path: Path) -> None:
    live = Live(tmp_path / "data", "--pace", "0.03").start()
    try:
        arn = live.make("DatasetGroup", name="paced")
        users = [("USER_ID", "string"), ("AGE", "int")]
        texts = [schema("Users", *users), schema("Users", *users, ("FULL_NAME", ["null", "string"]))]
        schemas = [
            live.personalize.create_schema(name=f"s{n}", schema=t)["schemaArn"] for n, t in enumerate(texts)
        ]
        dataset = live.make(
            "Dataset", name="users", datasetType="Users", datasetGroupArn=arn, schemaArn=schemas[0]
        )
        live.personalize.update_dataset(datasetArn=dataset, schemaArn=schemas[1])
        seen: list[str] = []

        def ended() -> bool:
            description = live.personalize.describe_dataset(datasetArn=dataset)["dataset"]
            assert description["status"] == description["latestDatasetUpdate"]["status"]
            seen.append(description["status"])
            return bool(description["status"] == "ACTIVE")

        until(ended, "the update")
        assert "UPDATE IN_PROGRESS" in seen
        assert set(seen) <= {"UPDATE PENDING", "UPDATE IN_PROGRESS", "ACTIVE"}
    finally:
        live.stop()
