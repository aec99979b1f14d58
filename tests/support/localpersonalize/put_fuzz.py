"""Put* calls with values of every Avro type at and beyond its limits, all of Unicode, and JSON of any depth."""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from tests.support.localpersonalize.live import Live, schema

TYPES = ("int", "long", "float", "double", "boolean")
TYPED = [(kind.upper() + "_VALUE", ["null", kind]) for kind in TYPES]
GENRE = {"name": "GENRE", "type": ["null", "string"], "categorical": True}
ABOUT = {"name": "ABOUT", "type": ["null", "string"], "textual": True}
STRICT = {"name": "YEAR", "type": "int"}
SCHEMAS = {
    "Interactions": schema(
        "Interactions",
        ("USER_ID", "string"),
        ("ITEM_ID", "string"),
        ("TIMESTAMP", "long"),
        ("EVENT_TYPE", "string"),
        ("EVENT_VALUE", ["null", "float"]),
        ("IMPRESSION", ["null", "string"]),
        *TYPED[:3],
        GENRE,
        ("NOTE", ["null", "string"]),
    ),
    "Items": schema(
        "Items",
        ("ITEM_ID", "string"),
        *TYPED,
        GENRE,
        ABOUT,
        ("TITLE", ["null", "string"]),
        ("CREATION_TIMESTAMP", ["null", "long"]),
    ),
    "Users": schema("Users", ("USER_ID", "string"), *TYPED, GENRE, ("FULL_NAME", ["null", "string"]), STRICT),
}
KEYS = [
    "intValue",
    "longValue",
    "floatValue",
    "doubleValue",
    "booleanValue",
    "genre",
    "about",
    "title",
    "note",
    "fullName",
    "year",
    "creationTimestamp",
    "itemId",
    "userId",
    "INT_VALUE",
    "unknown",
    "eventValue",
    "timestamp",
    "",
]
NUMBERS = [
    0,
    -1,
    1.5,
    2**31 - 1,
    2**31,
    -(2**31),
    -(2**31) - 1,
    2**53 + 1,
    2**63 - 1,
    2**63,
    -(2**63) - 1,
    2**64,
    10**40,
    1e38,
    3.5e38,
    1e300,
    5e-324,
    -0.0,
    math.nan,
    math.inf,
    -math.inf,
    1_700_000_000,
    1_700_000_000_000,
]
TEXTS = [
    "",
    " ",
    "x",
    "12",
    "1.5",
    "true",
    "True",
    "NaN",
    "1e400",
    "9" * 400,
    "0x1F",
    "1_0",
    "USER_ID",
    "a|b",
    "g" * 1000,
    "g" * 1001,
    "i" * 256,
    "i" * 257,
    'q"uo\\te',
    "line\nbreak\r",
    "\x00\x1f",
    "t" * 20_001,
    "漢" * 7_001,
    "\ud800",
    "\udfff\ud800",
    "\ufeff",
]


@dataclass
class Outcome:
    accepted: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


class PutFuzz:
    """Calls drawn from a seed.

    :param arns: of the datasets Items and Users; `tracker`: the tracking id.
    """

    def __init__(self, seed: int, arns: dict[str, str], tracker: str) -> None:
        self.random, self.arns, self.tracker = random.Random(seed), arns, tracker

    def call(self) -> tuple[str, dict[str, Any]]:
        pick, random_ = self.random.choice, self.random
        operation = pick(["put_items", "put_users", "put_events"])
        if operation == "put_events":
            events = [self._event() for _ in range(pick([1, 1, 1, 2, 10, 11]))]
            return operation, {
                "trackingId": self.tracker,
                "sessionId": self._id("s"),
                "userId": self._id("u"),
                "eventList": events,
            }
        member = operation.removeprefix("put_")
        key = member[:-1] + "Id"
        records = []
        for _ in range(pick([1, 1, 1, 3, 10, 11])):
            record = {key: self._id(member[0])}
            if random_.random() < 0.95:
                record["properties"] = self._properties(must=["year"] if member == "users" else [])
            records.append(record)
        return operation, {"datasetArn": self.arns[member.title()], member: records}

    def _id(self, stem: str) -> str:
        return stem + str(self.random.randint(0, 30)) if self.random.random() < 0.9 else self._text()

    def _event(self) -> dict[str, Any]:
        random_ = self.random
        event: dict[str, Any] = {
            "eventType": random_.choice(["view", "buy"]),
            "sentAt": 1_700_000_000 + random_.randint(0, 10**6),
        }
        if random_.random() < 0.1:
            event["eventType"] = self._text()
        if random_.random() < 0.9:
            event["itemId"] = self._id("i")
        if random_.random() < 0.3:
            event["eventValue"] = random_.choice(NUMBERS)
        if random_.random() < 0.2:
            event["impression"] = [self._id("i") for _ in range(random_.choice([1, 5, 25, 26]))]
        if random_.random() < 0.6:
            event["properties"] = self._properties()
        return event

    def _properties(self, must: list[str] | None = None) -> str:
        random_ = self.random
        if random_.random() < 0.08:
            depth = random_.choice([5, 400, 15_000])
            return random_.choice(
                ["[" * depth + "]" * depth, '{"a":' * depth + "1" + "}" * depth, '{"title":' + "[" * depth]
            )
        keys = random_.sample(KEYS, random_.choice([0, 1, 1, 2, 3]))
        members = {key: self._member(key) for key in keys} | {
            key: random_.choice([1990] * 9 + [2**31]) for key in must or []
        }
        text = json.dumps(members, ensure_ascii=random_.random() < 0.5)
        return text if random_.random() < 0.95 else text[:-1]

    def _member(self, key: str) -> Any:
        random_, kind = self.random, key.removesuffix("Value")
        if random_.random() < 0.7:
            good = {
                "int": 5,
                "long": 2**40,
                "float": 1.5,
                "double": 1e300,
                "boolean": True,
                "year": 1999,
                "creationTimestamp": 5,
            }
            return good.get(kind, "fine")
        kinds: list[Callable[[], Any]] = [
            lambda: random_.choice(NUMBERS),
            self._text,
            self._text,
            lambda: random_.choice([True, False, None, [], {}, [1], {"a": {"b": 1}}]),
        ]
        return random_.choice(kinds)()

    def _text(self) -> str:
        random_ = self.random
        if random_.random() < 0.6:
            return random_.choice(TEXTS)
        top = random_.choice([0x7F, 0x7FF, 0xFFFF, 0x10FFFF])
        return "".join(chr(random_.randint(0, top)) for _ in range(random_.randint(1, 8)))


def run(live: Live, fuzz: PutFuzz, calls: int, threads: int = 4) -> Outcome:
    """Send calls, and note what became of each."""
    outcome = Outcome()
    client = live.client("personalize-events", parameter_validation=False, max_pool_connections=threads)
    modelled = {
        operation: {shape.name for shape in client.meta.service_model.operation_model(name).error_shapes}
        for operation, name in client.meta.method_to_api_mapping.items()
    }

    def send(planned: tuple[str, dict[str, Any]]) -> None:
        operation, params = planned
        try:
            getattr(client, operation)(**params)
            outcome.accepted[operation] += 1
        except ClientError as error:
            code, status = (
                error.response["Error"]["Code"],
                error.response["ResponseMetadata"]["HTTPStatusCode"],
            )
            outcome.rejected[operation] += 1
            # A body that is no JSON (NaN) or no Unicode is refused before anybody looks at the operation.
            known = {*modelled[operation], "SerializationException"}
            if code not in known or not 400 <= status < 500:
                outcome.wrong.append(f"{operation} {code} {status}: {params!r:.600}")
        except UnicodeEncodeError:
            outcome.rejected["not sent"] += 1  # what has no bytes never leaves the client
        except Exception as error:
            outcome.wrong.append(f"{operation}: {error!r:.300}: {params!r:.600}")

    with ThreadPoolExecutor(threads) as pool:
        done = 0
        while done < calls:
            batch = [fuzz.call() for _ in range(min(2_000, calls - done))]
            list(pool.map(send, batch))
            done += len(batch)
    return outcome
