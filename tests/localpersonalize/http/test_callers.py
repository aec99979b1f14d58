"""A browser is not a client."""

from __future__ import annotations

import pytest

from localpersonalize.http.callers import Callers

PAGE = "http://shop.example"


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:4580",
        "127.0.0.1:4580",
        "[::1]:4580",
        "10.1.2.3",
        "aws:4580",
        "a.localhost",
        "host.docker.internal:80",
        "personalize.ns.svc",
        "LOCALHOST.",
        "mine.example:1",
    ],
)
def test_hosts_of_this_server(host: str) -> None:
    assert Callers(hosts={"mine.example"}).refusal({"host": host}, signed=False) == ""


@pytest.mark.parametrize(
    "host", ["", "attacker.example", "attacker.example:4580", "127.0.0.1.attacker.example", ":80"]
)
def test_other_hosts_are_refused_unless_the_request_is_signed(host: str) -> None:
    assert "Host" in Callers().refusal({"host": host}, signed=False)
    assert Callers().refusal({"host": host}, signed=True) == ""


def test_web_pages_are_refused_unless_their_origin_is_allowed() -> None:
    headers = {"host": "localhost", "origin": PAGE, "access-control-request-headers": "authorization"}
    assert "--allow-origin" in Callers().refusal(headers, signed=True)
    assert "--allow-origin" in Callers().refusal({**headers, "origin": "null"}, signed=True)
    assert Callers().cors(headers) == []
    allowing = Callers({PAGE})
    assert allowing.refusal(headers, signed=True) == ""
    assert dict(allowing.cors(headers))[b"access-control-allow-origin"] == PAGE.encode()
    assert dict(allowing.preflight(headers))[b"access-control-allow-headers"] == b"authorization"
    assert allowing.cors({"host": "localhost"}) == []


OWN = {"host": "localhost:4580"}


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", OWN),
        ("GET", {"host": "[::1]:4580"}),
        ("GET", {"host": "10.1.2.3:4580"}),
        ("GET", {"host": "films.localhost"}),
        ("GET", {**OWN, "sec-fetch-site": "none", "sec-fetch-mode": "navigate"}),
        ("GET", {**OWN, "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}),
        ("POST", {**OWN, "origin": "http://localhost:4580", "sec-fetch-site": "same-origin"}),
        ("POST", {"host": "mine.example", "origin": "https://mine.example"}),
    ],
)
def test_the_page_is_for_its_own_origin_and_whoever_opens_it(method: str, headers: dict[str, str]) -> None:
    assert Callers(hosts={"mine.example"}).refusal_of_page(method, headers) == ""


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", {"host": "attacker.example"}),
        ("GET", {"host": "attacker.local:4580"}),
        ("GET", {"host": "attacker.lan"}),
        ("GET", {"host": "attacker"}),
        ("GET", {"host": "localhost.attacker.example"}),
        ("GET", {}),
        ("POST", {**OWN, "origin": "http://localhost:3000"}),
        ("POST", {**OWN, "origin": "null"}),
        ("POST", {**OWN, "sec-fetch-site": "same-site"}),
        ("POST", {**OWN, "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}),
        ("GET", {**OWN, "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}),
    ],
)
def test_the_page_is_for_nobody_else_whatever_origins_the_api_allows(
    method: str, headers: dict[str, str]
) -> None:
    assert Callers({"http://localhost:3000", "null"}).refusal_of_page(method, headers)
