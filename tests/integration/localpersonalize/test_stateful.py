"""A service that is used, restarted and killed at random follows a small model of its rules.

The model knows names, what hangs on what, and how many rows each dataset must have. Everything that was acknowledged
must be there after every step; an import that was running at a kill may finish or fail, but not in between.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from localpersonalize.database import FILE, Database
from localpersonalize.datasets.tables import Tables
from tests.support.localpersonalize.live import Live, code, schema, until

NAMES = st.sampled_from(["one", "two"])
SCHEMA = schema("Interactions", ("USER_ID", "string"), ("ITEM_ID", "string"), ("TIMESTAMP", "long"))
WIDER = schema(
    "Interactions",
    ("USER_ID", "string"),
    ("ITEM_ID", "string"),
    ("TIMESTAMP", "long"),
    ("PLACE", ["null", "string"]),
)
ROWS = 1000
FINAL = ("ACTIVE", "CREATE FAILED")
_examples = count()


@dataclass
class Dataset:
    """What a dataset must hold."""

    arn: str
    schema: str
    bulk: int = 0
    events: int = 0
    tracking_id: str = ""
    jobs: int = 0


@dataclass
class Model:
    """What must be there. Groups and schemas by name, each group's dataset, its campaign and the version it serves."""

    groups: dict[str, str] = field(default_factory=dict)
    schemas: dict[str, str] = field(default_factory=dict)
    datasets: dict[str, Dataset] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    solution: str = ""
    versions: list[str] = field(default_factory=list)
    campaign: str = ""
    serves: str = ""


class Service(RuleBasedStateMachine):
    """Rules are what a user does, and what befalls the service."""

    live: Live
    role: str

    @initialize()
    def begin(self) -> None:
        self.prefix, self.model, self.runs = f"x{next(_examples)}-", Model(), 0

    @property
    def api(self) -> Any:
        return self.live.personalize

    @rule(name=NAMES)
    def create_group(self, name: str) -> None:
        call = lambda: self.api.create_dataset_group(name=self.prefix + name)  # noqa: E731
        if name in self.model.groups:
            assert code(call) == "ResourceAlreadyExistsException"
        else:
            self.model.groups[name] = call()["datasetGroupArn"]
            self.live.wait("DatasetGroup", self.model.groups[name])

    @rule(name=NAMES)
    def delete_group(self, name: str) -> None:
        arn = self.model.groups.get(
            name, f"arn:aws:personalize:us-east-1:123456789012:dataset-group/{self.prefix}"
        )
        error = code(lambda: self.api.delete_dataset_group(datasetGroupArn=arn))
        if name not in self.model.groups:
            assert error == "ResourceNotFoundException"
        elif name in self.model.datasets:
            assert error == "ResourceInUseException"
        else:
            assert error == ""
            self.live.gone("DatasetGroup", arn)
            del self.model.groups[name]
            self.model.tags.pop(name, None)

    @rule(name=NAMES, wider=st.booleans())
    def create_schema(self, name: str, wider: bool) -> None:
        call = lambda: self.api.create_schema(name=self.prefix + name, schema=WIDER if wider else SCHEMA)  # noqa: E731
        if name in self.model.schemas:
            assert code(call) == "ResourceAlreadyExistsException"
        else:
            self.model.schemas[name] = call()["schemaArn"]

    @rule(name=NAMES)
    def delete_schema(self, name: str) -> None:
        assume(name in self.model.schemas)
        arn = self.model.schemas[name]
        error = code(lambda: self.api.delete_schema(schemaArn=arn))
        if any(dataset.schema == arn for dataset in self.model.datasets.values()):
            assert error == "ResourceInUseException"
        else:
            assert error == ""
            del self.model.schemas[name]

    @rule(name=NAMES)
    def create_dataset(self, name: str) -> None:
        assume(name in self.model.groups and self.model.schemas)
        schema_arn = next(iter(self.model.schemas.values()))
        params = {
            "datasetGroupArn": self.model.groups[name],
            "schemaArn": schema_arn,
            "datasetType": "Interactions",
        }
        call = lambda: self.api.create_dataset(name="interactions", **params)  # noqa: E731
        if name in self.model.datasets:
            assert code(call) == "ResourceAlreadyExistsException"
        else:
            self.model.datasets[name] = Dataset(call()["datasetArn"], schema_arn)
            self.live.wait("Dataset", self.model.datasets[name].arn)

    @rule(name=NAMES, value=st.sampled_from(["a", "b"]))
    def tag(self, name: str, value: str) -> None:
        assume(name in self.model.groups)
        self.api.tag_resource(resourceArn=self.model.groups[name], tags=[{"tagKey": "k", "tagValue": value}])
        self.model.tags[name] = value

    @rule(name=NAMES, mode=st.sampled_from(["FULL", "INCREMENTAL"]), bad=st.booleans(), killed=st.booleans())
    def import_rows(self, name: str, mode: str, bad: bool, killed: bool) -> None:
        assume(name in self.model.datasets)
        dataset = self.model.datasets[name]
        dataset.jobs += 1
        columns = self.columns(dataset)
        lines = [f"u{n % 50},i{(n * 7 + dataset.jobs) % 90},{n}" for n in range(ROWS)] + ["u1,i1,soon"] * bad
        padding = "," * (len(columns) - 3)
        text = "\n".join([",".join(columns), *(line + padding for line in lines)])
        location = self.live.upload(f"{self.prefix}{name}/{dataset.jobs}.csv", text)
        job = self.api.create_dataset_import_job(
            jobName=f"{self.prefix}{name}-{dataset.jobs}",
            datasetArn=dataset.arn,
            roleArn=self.role,
            dataSource={"dataLocation": location},
            importMode=mode,
        )["datasetImportJobArn"]
        if killed:
            self.kill()
        status = self.ended("dataset_import_job", "datasetImportJob", job)
        assert not (bad and status == "ACTIVE")
        assert bad or killed or status == "ACTIVE"
        if status == "ACTIVE":
            dataset.bulk = ROWS if mode == "FULL" else dataset.bulk + ROWS

    @rule(name=NAMES, number=st.integers(1, 3))
    def put_events(self, name: str, number: int) -> None:
        assume(name in self.model.datasets)
        dataset = self.model.datasets[name]
        if not dataset.tracking_id:
            made = self.api.create_event_tracker(
                name=self.prefix + name, datasetGroupArn=self.model.groups[name]
            )
            self.live.wait("EventTracker", made["eventTrackerArn"])
            dataset.tracking_id = made["trackingId"]
        events = [
            {
                "eventType": "view",
                "itemId": "i1",
                "sentAt": datetime.now(UTC),
                "eventId": f"{dataset.events + n}",
            }
            for n in range(number)
        ]
        self.live.client("personalize-events").put_events(
            trackingId=dataset.tracking_id, sessionId=f"s{dataset.events}", userId="u1", eventList=events
        )
        dataset.events += number

    @precondition(lambda self: self.trainable() and len(self.model.versions) < 2)
    @rule(killed=st.booleans())
    def train(self, killed: bool) -> None:
        if not self.model.solution:
            self.model.solution = self.live.make(
                "Solution",
                name=self.prefix,
                datasetGroupArn=self.model.groups[self.trainable()[0]],
                recipeArn="arn:aws:personalize:::recipe/aws-popularity-count",
                performAutoTraining=False,
            )
        version = self.api.create_solution_version(solutionArn=self.model.solution)["solutionVersionArn"]
        if killed:
            self.kill()
        if self.ended("solution_version", "solutionVersion", version) == "ACTIVE":
            self.model.versions.append(version)
        else:
            assert killed

    @precondition(lambda self: self.model.versions)
    @rule(killed=st.booleans())
    def deploy(self, killed: bool) -> None:
        newest = self.model.versions[-1]
        if not self.model.campaign:
            made = self.api.create_campaign(name=self.prefix, solutionVersionArn=newest)
            self.model.campaign = made["campaignArn"]
        else:
            self.api.update_campaign(campaignArn=self.model.campaign, solutionVersionArn=newest)
        if killed:
            self.kill()
        self.live.wait("Campaign", self.model.campaign)
        describe = self.api.describe_campaign
        until(
            lambda: (
                describe(campaignArn=self.model.campaign)["campaign"]["solutionVersionArn"] == newest
                and describe(campaignArn=self.model.campaign)["campaign"].get(
                    "latestCampaignUpdate", {"status": "ACTIVE"}
                )["status"]
                == "ACTIVE"
            ),
            "the campaign's update",
        )
        self.model.serves = newest

    @rule()
    def kill(self) -> None:
        self.live.kill()
        self.live.start()

    @rule()
    def restart(self) -> None:
        self.live.stop()
        self.live.start()

    @invariant()
    def everything_acknowledged_is_there(self) -> None:
        if not hasattr(self, "model"):
            return
        groups = self.api.list_dataset_groups(maxResults=100)["datasetGroups"]
        assert self.own(groups, "datasetGroupArn") == set(self.model.groups.values())
        schemas = self.api.list_schemas(maxResults=100)["schemas"]
        assert self.own(schemas, "schemaArn") == set(self.model.schemas.values())
        for name, value in self.model.tags.items():
            tags = self.api.list_tags_for_resource(resourceArn=self.model.groups[name])["tags"]
            assert tags == [{"tagKey": "k", "tagValue": value}]
        if self.model.campaign:
            campaign = self.api.describe_campaign(campaignArn=self.model.campaign)["campaign"]
            assert campaign["solutionVersionArn"] == self.model.serves
            answer = self.live.client("personalize-runtime").get_recommendations(
                campaignArn=self.model.campaign, userId="u1", numResults=5
            )
            assert len(answer["itemList"]) == 5

    @invariant()
    def datasets_have_every_row_once(self) -> None:
        if not hasattr(self, "model"):
            return
        store = Database(self.live.data_dir / FILE)
        try:
            tables = Tables(store, self.live.data_dir / "datasets")
            for dataset in self.model.datasets.values():
                whole = tables.whole(dataset.arn)
                assert (0 if whole is None else whole.num_rows) == dataset.bulk + dataset.events
        finally:
            store.close()

    def trainable(self) -> list[str]:
        """Groups that a model can be trained in: the one of the solution, if there is one."""
        return [name for name, dataset in self.model.datasets.items() if dataset.bulk]

    def columns(self, dataset: Dataset) -> list[str]:
        body = self.api.describe_schema(schemaArn=dataset.schema)["schema"]["schema"]
        return ["USER_ID", "ITEM_ID", "TIMESTAMP", *(["PLACE"] if "PLACE" in body else [])]

    def ended(self, kind: str, key: str, arn: str) -> str:
        """The status in which a job ended."""
        describe = getattr(self.api, f"describe_{kind}")
        body: dict[str, Any] = {}

        def done() -> bool:
            body.update(describe(**{f"{key}Arn": arn})[key])
            return body["status"] in FINAL

        until(done, arn)
        if body["status"] == "CREATE FAILED":
            assert body["failureReason"]
        return str(body["status"])

    def own(self, listed: list[dict[str, Any]], key: str) -> set[str]:
        return {entry[key] for entry in listed if f"/{self.prefix}" in entry[key]}


@pytest.fixture(scope="module")
def machine() -> Iterator[type[Service]]:
    with tempfile.TemporaryDirectory() as folder:
        live = Live(Path(folder) / "data").start()
        Service.live, Service.role = live, live.prepare()
        yield Service
        with suppress(ProcessLookupError):
            live.stop()


def test_the_service_follows_its_model(machine: type[Service]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=2,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
