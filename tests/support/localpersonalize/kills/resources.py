"""Resources of every kind, created, updated, tagged and deleted, and jobs."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from tests.support.localpersonalize import shop as data
from tests.support.localpersonalize.calls import METRIC, batch, deletion, export, segment_version
from tests.support.localpersonalize.kills.actors import MISSING, Actor, gone, rows, wait_for_rest
from tests.support.localpersonalize.kills.ledger import GONE, Entry, Value, WrongError
from tests.support.localpersonalize.live import ACCOUNT, BUCKET, REGION, snake
from tests.support.localpersonalize.shop import RECIPE, Shop

KILLED = "The worker was killed (signal 9)"  # what a job may fail with, since its worker is killed on purpose
AT_A_TIME = 2  # jobs under way


def _constant(value: Value) -> Callable[[Mapping[str, Any]], Value]:
    return lambda _: value


@dataclass
class Kind:
    """How resources of a kind are made and changed; `seen` is what an update changes."""

    name: str
    params: dict[str, Any]
    arn: str
    updates: dict[Value, dict[str, Any]] = field(default_factory=dict)
    initial: Value = "made"
    seen: Callable[[Mapping[str, Any]], Value] = field(default=_constant("made"))

    @property
    def member(self) -> str:
        return self.name[0].lower() + self.name[1:]


def kinds(shop: Shop) -> list[Kind]:
    """One of every kind that can be deleted, in groups of their own where there may be only one."""
    live, group, version = shop.live, shop["group"], shop["version"]
    own = {name: live.make("DatasetGroup", name=f"own-{name}") for name in ("dataset", "tracker", "effect")}
    wider = live.personalize.create_schema(name="wider-users", schema=data.WIDER_USERS)["schemaArn"]
    narrow = shop["schema Users"]
    arn = f"arn:aws:personalize:{REGION}:{ACCOUNT}:"
    popular = RECIPE + "aws-ecomm-popular-items-by-views"
    output = {"roleArn": shop.role, "s3DataDestination": {"path": f"s3://{BUCKET}/metrics/"}}
    clicks = METRIC | {"metricName": "clicks", "expression": "SAMPLECOUNT()", "eventType": "Click"}
    return [
        Kind("DatasetGroup", {"name": "killed"}, f"{arn}dataset-group/killed"),
        Kind("Schema", {"name": "killed", "schema": data.ITEMS}, f"{arn}schema/killed"),
        Kind(
            "Dataset",
            {"name": "d", "datasetType": "Users", "datasetGroupArn": own["dataset"], "schemaArn": narrow},
            f"{arn}dataset/own-dataset/USERS",
            {wider: {"schemaArn": wider}},
            narrow,
            lambda body: str(body["schemaArn"]),
        ),
        Kind(
            "Filter",
            {
                "name": "killed",
                "datasetGroupArn": group,
                "filterExpression": "INCLUDE ItemID WHERE Items.PRICE > 1",
            },
            f"{arn}filter/killed",
        ),
        Kind(
            "EventTracker",
            {"name": "killed", "datasetGroupArn": own["tracker"]},
            "by name",
        ),
        Kind(
            "MetricAttribution",
            {
                "name": "killed",
                "datasetGroupArn": own["effect"],
                "metrics": [clicks],
                "metricsOutputConfig": output,
            },
            f"{arn}metric-attribution/killed",
            {
                "elsewhere": {
                    "metricsOutputConfig": output | {"s3DataDestination": {"path": f"s3://{BUCKET}/2/"}}
                }
            },
            "metrics",
            lambda body: (
                "elsewhere"
                if body["metricsOutputConfig"]["s3DataDestination"]["path"].endswith("/2/")
                else "metrics"
            ),
        ),
        Kind(
            "Solution",
            {
                "name": "killed",
                "datasetGroupArn": group,
                "recipeArn": RECIPE + "aws-popularity-count",
                "performAutoTraining": False,
            },
            f"{arn}solution/killed",
            {
                days: {
                    "solutionUpdateConfig": {
                        "autoTrainingConfig": {"schedulingExpression": f"rate({days} days)"}
                    }
                }
                for days in ("3", "9")
            },
            "none",
            _schedule,
        ),
        Kind(
            "Campaign",
            {"name": "killed", "solutionVersionArn": version, "minProvisionedTPS": 1},
            f"{arn}campaign/killed",
            {tps: {"minProvisionedTPS": tps} for tps in (2, 3)},
            1,
            lambda body: int(body["minProvisionedTPS"]),
        ),
        Kind(
            "Recommender",
            {
                "name": "killed",
                "datasetGroupArn": shop.domain_group(),
                "recipeArn": popular,
                "recommenderConfig": {"minRecommendationRequestsPerSecond": 1},
            },
            f"{arn}recommender/killed",
            {rate: {"recommenderConfig": {"minRecommendationRequestsPerSecond": rate}} for rate in (2, 3)},
            1,
            lambda body: int(body["recommenderConfig"]["minRecommendationRequestsPerSecond"]),
        ),
    ]


def _schedule(body: Mapping[str, Any]) -> Value:
    config = body.get("solutionConfig", {}).get("autoTrainingConfig", {})
    return str(config.get("schedulingExpression", "rate(none ")).removeprefix("rate(").split()[0]


class Slow(Actor):
    """Things that a job changes: they are waited for where it is not certain what they will be, or at the end."""

    def settle(self, everything: bool) -> int:
        selected = [entry for entry in self.entries() if everything or entry.touched]
        for entry in selected:
            if everything or not entry.is_certain():
                entry.settle()
            elif self.is_there(entry) is not (entry.value is not GONE):
                raise WrongError(f"{entry.name} is there, or not: it may be {entry.may_be!r}")
        return len(selected)

    @abstractmethod
    def is_there(self, entry: Entry) -> bool:
        """Whether it is, and nobody deletes it."""


def _is_there(describe: Callable[[], Mapping[str, Any]]) -> bool:
    try:
        body = describe()
    except ClientError as error:
        return gone(error) is not GONE
    return not str(body.get("status", "")).startswith("DELETE")


class Resources(Slow):
    """Resources of some kinds, made, updated and deleted; one of each."""

    def __init__(self, shop: Shop, seed: int, selected: list[Kind]) -> None:
        super().__init__(shop, seed)
        self.kinds = selected
        self._entries = {kind.name: Entry(kind.name, lambda kind=kind: self._read(kind)) for kind in selected}

    def entries(self) -> Iterator[Entry]:
        yield from self._entries.values()

    def step(self) -> None:
        kind = self.random.choice(self.kinds)
        entry, api = self._entries[kind.name], self.shop.live.personalize
        noun, member = snake(kind.name), f"{kind.member}Arn"
        if entry.value is GONE:
            done = entry.change(kind.initial, lambda: getattr(api, f"create_{noun}")(**kind.params))
        elif kind.updates and self.random.random() < 0.6:
            value, params = self.random.choice(list(kind.updates.items()))
            call = lambda: getattr(api, f"update_{noun}")(**{member: self._arn(kind)}, **params)  # noqa: E731
            done = entry.change(value, call)
        else:
            done = entry.change(GONE, lambda: getattr(api, f"delete_{noun}")(**{member: self._arn(kind)}))
        self.acknowledged += done

    def is_there(self, entry: Entry) -> bool:
        (kind,) = (kind for kind in self.kinds if kind.name == entry.name)
        return _is_there(lambda: self._describe(kind))

    def _describe(self, kind: Kind) -> dict[str, Any]:
        describe = getattr(self.shop.live.personalize, f"describe_{snake(kind.name)}")
        return dict(describe(**{f"{kind.member}Arn": self._arn(kind)})[kind.member])

    def _arn(self, kind: Kind) -> str:
        if kind.arn != "by name":
            return kind.arn
        listed = self.shop.live.personalize.list_event_trackers(
            datasetGroupArn=kind.params["datasetGroupArn"]
        )
        body = [tracker["eventTrackerArn"] for tracker in listed["eventTrackers"]]
        return str(body[0]) if body else f"arn:aws:personalize:{REGION}:{ACCOUNT}:event-tracker/none"

    def _read(self, kind: Kind) -> Value:
        body = wait_for_rest(lambda: self._describe(kind))
        if body is None:
            return GONE
        if body.get("status", "ACTIVE") != "ACTIVE":
            assert KILLED in body.get("failureReason", ""), body
        return kind.seen(body)


class Tags(Actor):
    """Tags of the campaign."""

    def __init__(self, shop: Shop, seed: int) -> None:
        super().__init__(shop, seed)
        self._entries = {f"tag{n}": Entry(f"tag{n}", lambda n=n: self._read(n)) for n in range(4)}

    def entries(self) -> Iterator[Entry]:
        yield from self._entries.values()

    def step(self) -> None:
        name = self.random.choice(list(self._entries))
        entry, api, arn = self._entries[name], self.shop.live.personalize, self.shop["campaign"]
        value = str(self.random.random())
        if entry.value is GONE or self.random.random() < 0.5:
            tags = [{"tagKey": name, "tagValue": value}]
            self.acknowledged += entry.change(value, lambda: api.tag_resource(resourceArn=arn, tags=tags))
        else:
            call = lambda: api.untag_resource(resourceArn=arn, tagKeys=[name])  # noqa: E731
            self.acknowledged += entry.change(GONE, call)

    def _read(self, number: int) -> Value:
        listed = self.shop.live.personalize.list_tags_for_resource(resourceArn=self.shop["campaign"])["tags"]
        return {tag["tagKey"]: tag["tagValue"] for tag in listed}.get(f"tag{number}", GONE)


class Jobs(Slow):
    """Imports, exports, deletions of users, batch jobs and trainings: each is there, and ends."""

    def __init__(self, shop: Shop, seed: int) -> None:
        super().__init__(shop, seed)
        self.number = 0
        self._entries: list[Entry] = []
        self._latest: dict[str, Entry] = {}
        segment_version(shop)

    def entries(self) -> Iterator[Entry]:
        yield from self._entries

    def step(self) -> None:
        kind = self.random.choice(
            (
                "DatasetImportJob",
                "DatasetExportJob",
                "DataDeletionJob",
                "BatchInferenceJob",
                "BatchSegmentJob",
                "SolutionVersion",
            )
        )
        if sum(map(self._is_busy, self._latest)) >= AT_A_TIME or (
            kind in self._latest and self._is_busy(kind)
        ):
            return
        self.number += 1
        name = f"job-{self.number}"
        entry = Entry(f"{kind} {name}", lambda: self._read(kind, name))
        self._entries.append(entry)
        self._latest[kind] = entry
        params = Entry(name, lambda: GONE)  # the files that it needs
        made: dict[str, Any] = {}
        if params.change(GONE, lambda: made.update(self._params(kind, name))):
            create = getattr(self.shop.live.personalize, f"create_{snake(kind)}")
            self.acknowledged += entry.change("done", lambda: create(**made))

    def is_there(self, entry: Entry) -> bool:
        kind, name = entry.name.split()
        return _is_there(lambda: self._describe(kind, name))

    def _params(self, kind: str, name: str) -> dict[str, Any]:
        shop = self.shop
        match kind:
            case "DatasetImportJob":
                location = shop.live.upload(f"in/{name}.csv", data.users())
                source = {"dataLocation": location}
                return {
                    "jobName": name,
                    "datasetArn": shop["dataset Users"],
                    "roleArn": shop.role,
                    "dataSource": source,
                }
            case "DatasetExportJob":
                return export(shop, name)
            case "DataDeletionJob":
                return deletion(shop, name)
            case "BatchInferenceJob":
                return batch(shop, name, shop["version"], '{"userId": "u1"}')
            case "BatchSegmentJob":
                return batch(shop, name, segment_version(shop), '{"itemId": "i1"}')
        return {"solutionArn": shop["solution"], "name": name}

    def _arn(self, kind: str, name: str) -> str:
        """Of a job or a version, by its name."""
        noun = snake(kind).replace("_", "-")
        arn = f"arn:aws:personalize:{REGION}:{ACCOUNT}:{noun}/{name}"
        if kind != "SolutionVersion":
            return arn
        body = rows(self.shop, "SELECT arn FROM resources WHERE kind = ? AND name = ?", kind, name)
        return str(body[0][0]) if body else f"{self.shop['solution']}/none"

    def _describe(self, kind: str, name: str) -> dict[str, Any]:
        member = kind[0].lower() + kind[1:]
        describe = getattr(self.shop.live.personalize, f"describe_{snake(kind)}")
        return dict(describe(**{f"{member}Arn": self._arn(kind, name)})[member])

    def _is_busy(self, kind: str) -> bool:
        name = self._latest[kind].name.split()[1]
        busy = {"busy": False}

        def call() -> None:
            try:
                status = self._describe(kind, name)["status"]
            except ClientError as error:
                if error.response["Error"]["Code"] not in MISSING:
                    raise
                return
            busy["busy"] = status.endswith(("PENDING", "IN_PROGRESS"))

        Entry(name, lambda: GONE).change(GONE, call)
        return busy["busy"]

    def _read(self, kind: str, name: str) -> Value:
        body = wait_for_rest(lambda: self._describe(kind, name))
        if body is None:
            return GONE
        if body["status"] not in ("ACTIVE", "COMPLETED"):
            assert KILLED in body.get("failureReason", ""), body
        elif kind == "DatasetExportJob":
            listed = self.shop.live.s3.list_objects_v2(Bucket=BUCKET, Prefix="exports/")
            assert listed["KeyCount"], body
        return "done"
