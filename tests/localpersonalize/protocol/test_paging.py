"""Pages of lists."""

from __future__ import annotations

import base64

import pytest

from localpersonalize.protocol.errors import InvalidNextTokenError
from localpersonalize.protocol.paging import page


def test_pages_follow_each_other_until_the_list_ends() -> None:
    items = list(range(5))
    first, token = page(items, {"maxResults": 2})
    second, more = page(items, {"maxResults": 2, "nextToken": token})
    last, end = page(items, {"maxResults": 2, "nextToken": more})
    assert (first, second, last, end) == ([0, 1], [2, 3], [4], None)


def test_a_page_has_a_hundred_unless_the_request_says_otherwise() -> None:
    results, token = page(list(range(101)), {})
    assert len(results) == 100
    assert token is not None


@pytest.mark.parametrize("token", ["no token", "ZnJvbTp4", "äöü"])
def test_a_token_that_no_list_gave(token: str) -> None:
    with pytest.raises(InvalidNextTokenError):
        page([1], {"nextToken": token})


@pytest.mark.parametrize(
    "text", ["1", "-1", "from:1", "from:-1:" + "0" * 16, "from:1:" + "0" * 16, "from:x:y"]
)
def test_a_token_that_was_forged(text: str) -> None:
    with pytest.raises(InvalidNextTokenError):
        page([1], {"nextToken": base64.b64encode(text.encode()).decode()})


def test_a_token_of_another_list() -> None:
    _, token = page([1, 2], {"maxResults": 1, "datasetGroupArn": "one"})
    assert page([1, 2], {"nextToken": token, "datasetGroupArn": "one"})[0] == [2]
    with pytest.raises(InvalidNextTokenError):
        page([1, 2], {"nextToken": token, "datasetGroupArn": "other"})
