"""Dataset groups, jobs, metrics and campaigns, as somebody sees them who leaves the page open."""

from __future__ import annotations

import re

import pytest

from tests.support.browser import Windows, overflows
from tests.support.localpersonalize.films import Films
from tests.support.localpersonalize.live import Live

pytestmark = [pytest.mark.browser, pytest.mark.long]

SECONDS = 30_000


def test_an_empty_service_says_how_to_begin_and_shows_what_is_made(empty: Live, windows: Windows):
    from playwright.sync_api import expect

    page = windows.open(empty.endpoint)
    expect(page.locator(".steps li")).to_have_count(3)
    expect(page.locator(".steps")).to_contain_text(f"AWS_ENDPOINT_URL={empty.endpoint}")
    windows.screenshot(page, "empty")
    empty.make("DatasetGroup", name="shop")
    expect(page.get_by_role("link", name="shop")).to_be_visible(timeout=SECONDS)
    page.get_by_role("link", name="shop").click()
    expect(page.get_by_role("heading", name="What comes next")).to_be_visible()
    expect(page.locator("[data-part=step]")).to_contain_text("create-schema --name shop-interactions")
    windows.screenshot(page, "first-step")


def test_commands_are_copied(empty: Live, windows: Windows):
    page = windows.open(empty.endpoint, permissions=["clipboard-read", "clipboard-write"])
    page.locator(".steps li").nth(1).get_by_role("button", name="Copy").click()
    page.get_by_role("button", name="Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "aws personalize create-dataset-group --name shop"


def test_a_service_that_ends_is_noticed_and_so_is_its_return(empty: Live, windows: Windows):
    from playwright.sync_api import expect

    page = windows.open(empty.endpoint)
    page.wait_for_load_state("load")
    empty.stop()
    expect(page.locator("#offline")).to_be_visible(timeout=SECONDS)
    windows.screenshot(page, "offline")
    empty.start()
    expect(page.locator("#offline")).to_be_hidden(timeout=SECONDS)


def test_a_group_with_everything(films: Films, windows: Windows):
    from playwright.sync_api import expect

    page = windows.open(films.live.endpoint)
    expect(page.locator(".card")).to_contain_text("1 failed")
    windows.screenshot(page, "home")
    page.get_by_role("link", name="films").click()
    failed = page.locator("#jobs ~ ul > li").first
    expect(failed).to_contain_text("users-again")
    expect(failed.locator(".reason")).to_contain_text("column AGE")
    expect(failed).to_contain_text("create another import job")
    expect(page.locator("table.metrics tbody tr")).to_have_count(3)
    assert not overflows(page)
    windows.screenshot(page, "group")
    page.get_by_role("link", name="Coverage").click()
    expect(page.locator("figcaption")).to_contain_text("Coverage of each version")
    expect(page.locator("svg.chart.wide circle")).to_have_count(3)


def test_a_training_is_followed_without_loading_the_page_again(films: Films, windows: Windows):
    from playwright.sync_api import expect

    version = films.begin_training()
    page = windows.open(f"{films.live.endpoint}/_page/groups/films")
    page.evaluate("window.isTheSame = true")
    row = page.locator("#jobs ~ ul > li", has_text="long")
    expect(row.locator(".progress")).to_contain_text(re.compile(r"[1-9]\d* %"), timeout=4 * SECONDS)
    expect(row.locator(".badge")).to_have_text("create in progress")
    windows.screenshot(page, "training")
    films.live.personalize.stop_solution_version_creation(solutionVersionArn=version)
    expect(row.locator(".badge")).to_have_text("create stopped", timeout=2 * SECONDS)
    expect(row.locator(".progress")).to_have_count(0)
    assert page.evaluate("window.isTheSame")


def test_what_has_the_focus_keeps_it_while_the_page_refreshes(films: Films, windows: Windows):
    page = windows.open(f"{films.live.endpoint}/_page/groups/films")
    link = page.get_by_role("link", name="Precision at 10")
    link.focus()
    page.evaluate("document.querySelector('main').dataset.seconds = 1")
    with page.expect_response(lambda response: response.url.endswith("/films"), timeout=SECONDS):
        page.evaluate("refresh(document.querySelector('main'))")
    page.locator("[data-part=metrics]").wait_for()
    assert page.evaluate("document.activeElement.textContent").replace("\u00a0", " ") == "Precision at 10"
