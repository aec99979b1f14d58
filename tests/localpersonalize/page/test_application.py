"""What the page answers, in process: failures in full, errors as pages, and nothing that was not escaped."""

from __future__ import annotations

from html import unescape
from pathlib import Path
from typing import Any

import pytest

from localpersonalize.page.application import WHOLE_GROUPS, Page, static_file
from localpersonalize.protocol.errors import NotFoundError, ServiceError
from tests.support.localpersonalize.page_shop import PageShop

REASON = (
    "Input csv file s3://shop/users.csv can't be read in row 2, column AGE: 'young' <is> no number. Mend it."
)
GROUP = "/_page/groups/shop"


@pytest.fixture
def shop(tmp_path: Path) -> PageShop:
    return PageShop(tmp_path)


def _get(page: Page, path: str, *query: tuple[str, str]) -> str:
    answer = page.answer("GET", path, query, [])
    assert answer.status == 200, answer.content
    return unescape(answer.content.decode())


def _change(shop: PageShop, arn: str, **members: Any) -> None:
    assert shop.service.context.database.change(arn, **members)


def test_a_campaign_that_failed_says_why_and_what_to_do(shop: PageShop):
    shop.serving()
    (serving,) = shop.read().servings
    _change(shop, serving.arn, status="CREATE FAILED", failureReason=REASON)
    text = _get(Page(shop.page), GROUP)
    assert REASON in text
    assert "make another one, or update it to another version" in text
    assert "1 failed" in _get(Page(shop.page), "/")


def test_an_update_that_failed_leaves_what_serves(shop: PageShop):
    shop.serving()
    (serving,) = shop.read().servings
    _change(shop, serving.arn, latestCampaignUpdate={"status": "CREATE FAILED", "failureReason": REASON})
    text = _get(Page(shop.page), GROUP)
    assert REASON in text
    assert "It goes on with what it served before" in text


def test_a_group_and_a_filter_that_failed_say_why(shop: PageShop):
    shop.serving()
    _change(
        shop, shop.read().filters[0]["filterArn"], status="CREATE FAILED", failureReason=f"Filter: {REASON}"
    )
    _change(shop, shop.group_arn, status="CREATE FAILED", failureReason=f"Group: {REASON}")
    text = _get(Page(shop.page), GROUP)
    assert f"Filter: {REASON}" in text
    assert f"Group: {REASON}" in text
    assert f"Group: {REASON}" in _get(Page(shop.page), "/")


def test_reasons_are_escaped(shop: PageShop):
    shop.serving()
    _change(shop, shop.group_arn, status="CREATE FAILED", failureReason="<script>alert(1)</script>")
    assert b"<script>alert" not in Page(shop.page).answer("GET", GROUP, [], []).content


def test_the_page_asks_again_sooner_while_something_changes(shop: PageShop):
    shop.with_data()
    assert 'data-seconds="10"' in _get(Page(shop.page), GROUP)
    shop.service.version(shop.service.solution(shop.group_arn), active=False)
    assert 'data-seconds="2"' in _get(Page(shop.page), GROUP)
    assert 'data-seconds="2"' in _get(Page(shop.page), "/")


def test_older_jobs_are_a_link_away(shop: PageShop):
    shop.trained()
    solution = shop.service.solution(shop.group_arn, "many")
    for _ in range(14):
        shop.service.context.database.change(shop.service.version(solution), _metrics={"coverage": 0.1})
    assert "Show 4 more" in _get(Page(shop.page), GROUP)
    assert "more</a>" not in _get(Page(shop.page), GROUP, ("jobs", "all"))


def test_many_groups_are_all_listed(shop: PageShop):
    for number in range(WHOLE_GROUPS + 2):
        shop.service.group(f"group-{number}")
    text = _get(Page(shop.page), "/")
    assert text.count('class="card"') == WHOLE_GROUPS
    assert f'<a href="{GROUP}">shop</a>' in text


@pytest.mark.parametrize(
    ("error", "status", "says"),
    [
        (NotFoundError("It is gone."), 400, "It is gone."),
        (ServiceError("The disk is full.", code="ServiceUnavailable", status=503), 503, "The disk is full."),
        (RuntimeError("secret detail"), 500, "An internal error occurred"),
    ],
)
def test_errors_are_pages(
    shop: PageShop, error: Exception, status: int, says: str, monkeypatch: pytest.MonkeyPatch
):
    def fail(*arguments: Any) -> Any:
        raise error

    monkeypatch.setattr(shop, "call", fail)
    answer = Page(shop.page).answer("GET", "/", [], [])
    text = unescape(answer.content.decode())
    assert answer.status == status
    assert says in text
    assert "secret" not in text
    assert "To the dataset groups" in text


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", ["/_page/", "/_page/groups", f"{GROUP}/events", "/_page/groups/nobody"])
def test_what_is_not_there_is_404(shop: PageShop, path: str, method: str):
    assert Page(shop.page).answer(method, path, [], []).status == 404


def test_each_page_has_a_token_of_its_own(shop: PageShop):
    pages = [Page(shop.page), Page(shop.page)]
    assert pages[0]._token != pages[1]._token
    sent = [("token", pages[0]._token), ("event_item", "i1"), ("event_type", "click"), ("user", "u")]
    refused = pages[1].answer("POST", f"{GROUP}/events", [], sent)
    assert refused.status == 403
    accepted = pages[0].answer("POST", f"{GROUP}/events", [], sent)
    assert (accepted.status, b"has no event tracker" in accepted.content) == (400, True)


@pytest.mark.parametrize("name", ["page.css", "page.js", "icon.svg"])
def test_static_files_have_their_types(name: str):
    content, content_type = static_file(name)
    assert content
    assert content_type.split(";")[0] in ("text/css", "text/javascript", "image/svg+xml")
