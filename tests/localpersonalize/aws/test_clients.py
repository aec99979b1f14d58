"""Clients: whom they ask, and how they travel to a worker."""

from __future__ import annotations

import json

from localpersonalize.aws.clients import Clients
from localpersonalize.protocol.sigv4 import Credentials

CLIENTS = Clients("eu-west-1", "http://127.0.0.1:1", Credentials("key", "secret"), "http://127.0.0.1:2")


def test_only_s3_may_be_elsewhere() -> None:
    assert CLIENTS.client("s3").meta.endpoint_url == "http://127.0.0.1:2"
    assert CLIENTS.client("iam").meta.endpoint_url == "http://127.0.0.1:1"
    assert CLIENTS.client("s3").meta.region_name == "eu-west-1"


def test_a_worker_makes_the_same_clients() -> None:
    assert Clients.from_json(json.loads(json.dumps(CLIENTS.to_json()))) == CLIENTS
