"""Requests that nobody would send, to a live service: none may end in a 5xx or hang, and memory may not grow.

`python -m tests.support.localpersonalize.fuzz --requests 80000 --raw 20000 --uploads 1000 --seed 1` sends as many as
asked for, of these, of `raw_fuzz`, and uploads that break off, and says what came back.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape

from tests.support.localpersonalize import raw_fuzz
from tests.support.localpersonalize.live import KEY, REGION, SECRET, Live, schema

SERVICES = ("personalize", "personalize-runtime", "personalize-events")
TIMEOUT_SECONDS = 60
NASTY = [
    None,
    True,
    False,
    0,
    -1,
    2**31,
    2**63,
    10**30,
    1e308,
    -0.5,
    "",
    " ",
    "\x00",
    "../../../../etc/passwd",
    "%2e%2e%2f",
    "a" * 300,
    "ü" * 70,
    "\ud83d\ude00",
    "\u202e",
    "'; DROP TABLE resources; --",
    "${jndi:ldap://x}",
    "{}",
    "[]",
    "null",
    [],
    {},
    [[]],
    [None],
    {"": None},
    {"a": {"b": [1]}},
    "s3://",
    "s3:///",
    "s3://../..",
    "arn:aws:personalize",
    "arn:aws:personalize:us-east-1:123456789012:solution/x/$LATEST",
]
TEXTS = [
    "fuzz",
    "INTERACTIONS",
    "Users",
    "FULL",
    "UPDATE",
    "s3://fuzz/x",
    "ECOMMERCE",
    '{"type": "record"}',
    "1",
]


@dataclass
class Outcome:
    """What came back; `wrong` are answers that no request should get."""

    statuses: Counter[int] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)


class Fuzzer:
    """Makes requests from the service models and from nothing, the same ones for the same seed."""

    def __init__(self, arns: list[str], seed: int) -> None:
        self.random, self.arns = random.Random(seed), arns
        loader = Loader()
        models = [ServiceModel(loader.load_service_model(name, "service-2"), name) for name in SERVICES]
        self.operations = [
            (model, model.operation_model(name)) for model in models for name in model.operation_names
        ]

    def request(self) -> tuple[str, str, dict[str, str], bytes, bool]:
        """Method, path, headers, body, and whether to sign it."""
        pick = self.random
        model, operation = pick.choice(self.operations)
        headers = {"Content-Type": "application/x-amz-json-1.1"}
        path = operation.http["requestUri"]
        if model.service_name == "personalize":
            headers["X-Amz-Target"] = f"AmazonPersonalize.{operation.name}"
        value = self.value(operation.input_shape, 0)
        for _ in range(pick.choice((0, 0, 1, 1, 2, 5))):
            value = self.spoiled(value)
        body = json.dumps(value).encode()
        method, signed = "POST", True
        if pick.random() < 0.15:
            match pick.randrange(7):
                case 0:
                    body = body[: pick.randrange(len(body) + 1)]
                case 1:
                    body = pick.randbytes(pick.randrange(200))
                case 2:
                    body = b"[" * 100_000
                case 3:
                    method = pick.choice(("GET", "PUT", "DELETE", "PATCH", "OPTIONS"))
                case 4:
                    path = pick.choice(
                        ("/../../etc/passwd", "/%00", "/recommendations/x", "/events?x=%zz", "//")
                    )
                case 5:
                    headers["X-Amz-Target"] = pick.choice(("AmazonPersonalize.", "x", "AmazonPersonalize.No"))
                case _:
                    signed = False
                    headers["Authorization"] = pick.choice(
                        (
                            "AWS4-HMAC-SHA256 ",
                            "AWS4-HMAC-SHA256 Credential=a/b/c/personalize/aws4_request",
                            f"AWS4-HMAC-SHA256 Credential={KEY}/20260101/us-east-1/personalize/aws4_request, "
                            "SignedHeaders=host, Signature=00",
                        )
                    )
        return method, path, headers, body, signed

    def value(self, shape: Shape | None, depth: int) -> Any:
        """A value that mostly fits its shape."""
        pick = self.random
        if shape is None or depth > 6:
            return {}
        if shape.type_name == "structure":
            required = set(shape.required_members)
            return {
                name: self.value(member, depth + 1)
                for name, member in shape.members.items()
                if name in required or pick.random() < 0.3
            }
        if shape.type_name == "list":
            return [self.value(shape.member, depth + 1) for _ in range(pick.randrange(3))]
        if shape.type_name == "map":
            return {
                self.text(shape.key): self.value(shape.value, depth + 1) for _ in range(pick.randrange(3))
            }
        if shape.type_name == "string":
            return self.text(shape)
        if shape.type_name == "boolean":
            return pick.random() < 0.5
        if shape.type_name == "timestamp":
            return pick.choice((0, 1_700_000_000, 1_700_000_000.5, 2**40, -1))
        return pick.choice((0, 1, 5, 25, 100, 0.5 if shape.type_name in ("float", "double") else 7))

    def text(self, shape: Shape) -> str:
        pick = self.random
        if shape.metadata.get("enum"):
            return str(pick.choice(shape.metadata["enum"]))
        if "arn" in shape.metadata.get("pattern", "") and pick.random() < 0.9:
            return pick.choice(self.arns)
        return pick.choice([*TEXTS, f"n{pick.randrange(10_000)}"])

    def spoiled(self, value: Any) -> Any:
        """The value with something in it replaced or gone."""
        pick = self.random
        if isinstance(value, dict) and value:
            name = pick.choice(list(value))
            if pick.random() < 0.2:
                return {key: item for key, item in value.items() if key != name}
            return {**value, name: self.spoiled(value[name])}
        if isinstance(value, list) and value and pick.random() < 0.7:
            return [self.spoiled(value[0])] * pick.choice((1, 2, 200))
        return pick.choice(NASTY)


def run(live: Live, count: int, seed: int) -> Outcome:
    """Send requests over one connection, which is made again when the service closes it."""
    fuzzer, outcome = Fuzzer(list(_world(live)), seed), Outcome()
    connection = http.client.HTTPConnection("127.0.0.1", live.port, timeout=TIMEOUT_SECONDS)
    for number in range(count):
        method, path, headers, body, signed = fuzzer.request()
        if signed:
            headers = signed_headers(live, method, path, headers, body)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            outcome.wrong.append(f"{headers.get('X-Amz-Target', path)}: {error!r}: {body[:500]!r}")
            connection.close()
            continue
        outcome.statuses[answer.status] += 1
        if answer.status >= 400:
            outcome.errors[answer.getheader("x-amzn-errortype") or "other"] += 1
        if answer.status >= 500:
            target = headers.get("X-Amz-Target", path)
            outcome.wrong.append(f"{target}: {answer.status} {content[:200]!r}: {body[:500]!r}")
        if number % max(1, count // 20) == 0:
            outcome.memory.append(_memory(live))
    connection.close()
    outcome.memory.append(_memory(live))
    return outcome


def _world(live: Live) -> Iterator[str]:
    """ARNs of a few resources, and of some that do not exist."""
    made = schema("Interactions", ("USER_ID", "string"), ("ITEM_ID", "string"), ("TIMESTAMP", "long"))
    group = live.make("DatasetGroup", name="fuzz")
    yield group
    schema_arn = live.personalize.create_schema(name="fuzz", schema=made)["schemaArn"]
    yield schema_arn
    yield live.make(
        "Dataset", name="f", datasetGroupArn=group, schemaArn=schema_arn, datasetType="Interactions"
    )
    recipe = "arn:aws:personalize:::recipe/aws-sims"
    yield recipe
    yield live.make(
        "Solution", name="fuzz", datasetGroupArn=group, recipeArn=recipe, performAutoTraining=False
    )
    for kind in ("campaign", "filter", "solution", "dataset-group", "event-tracker", "recommender"):
        yield f"arn:aws:personalize:{REGION}:123456789012:{kind}/none"
    yield "arn:aws:iam::123456789012:role/none"


def signed_headers(
    live: Live, method: str, path: str, headers: dict[str, str], body: bytes
) -> dict[str, str]:
    request = AWSRequest(method, f"http://127.0.0.1:{live.port}{path}", headers, body)
    SigV4Auth(Credentials(KEY, SECRET), "personalize", REGION).add_auth(request)
    return dict(request.headers.items())


def _memory(live: Live) -> int:
    """Resident bytes of the server."""
    assert live.process
    pages = Path(f"/proc/{live.process.pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--raw", type=int, default=20_000, help="malformed requests, and odd ones to S3")
    parser.add_argument("--uploads", type=int, default=1000, help="that break off")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        live = Live(Path(folder) / "data").start()
        try:
            started = time.monotonic()
            outcome = run(live, options.requests, options.seed)
            seconds = time.monotonic() - started
            raw = raw_fuzz.run(live, options.raw, options.uploads, options.seed)
        finally:
            live.stop()
    print(
        f"{options.requests} requests in {seconds:.0f} s; statuses {dict(sorted(outcome.statuses.items()))}"
    )
    for code, number in outcome.errors.most_common():
        print(f"  {number:>7} {code}")
    print("memory (MB):", *(size // 1_000_000 for size in outcome.memory))
    print(f"{options.raw} malformed and to S3, {options.uploads} uploads broken off: {dict(raw.statuses)}")
    print("handles:", *raw.handles, "memory (MB):", *(size // 1_000_000 for size in raw.memory))
    wrong = [*outcome.wrong, *raw.wrong]
    for line in wrong[:20]:
        print("WRONG", line)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
