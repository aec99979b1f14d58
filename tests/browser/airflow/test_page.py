"""A person's day with the page in Airflow: a run by the form, followed, answered, looked at, tried, rolled back."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.pipeline_stack import RETRAIN, PipelineStack
from tests.support.browser import NARROW, WIDE, Windows, overflows

if TYPE_CHECKING:
    from playwright.sync_api import FrameLocator, Page

pytestmark = pytest.mark.browser
MINUTE = 60_000
RUN = 12 * MINUTE


def test_a_day_with_the_page(shop: PipelineStack, windows: Windows, sign_in: Callable[[Page], None]):
    page = windows.open()
    page.set_default_timeout(2 * MINUTE)
    shop.airflow.wait_for_dag(RETRAIN)
    # Nobody is signed in yet: Airflow answers 401 once before it shows its sign-in.
    sign_in(page)
    windows.problems.clear()

    frame = open_page(page, shop)
    frame.get_by_text("Nothing is live yet").wait_for()
    windows.screenshot(page, "1-nothing-yet", whole=False)

    run_id = trigger(page, shop, promote="ask")
    follow(page, shop, windows)
    for number in (1, 2):
        answer(page, shop, windows, number)
    assert shop.finish(RETRAIN, run_id, RUN / 1000)["state"] == "success"

    assert shop.run(RETRAIN, {"promote": "promote"})["state"] == "success"
    see_what_is_live(page, shop, windows)
    try_it(page, shop, windows)
    roll_back(page, shop, windows)
    assert windows.problems == []


def test_the_tab_of_each_dag_of_the_group_leads_to_its_page(
    shop: PipelineStack, windows: Windows, sign_in: Callable[[Page], None]
):
    page = windows.open()
    page.set_default_timeout(2 * MINUTE)
    sign_in(page)
    windows.problems.clear()
    for dag_id in (RETRAIN, "export_interactions", "rollback_campaign", "clean_up"):
        shop.airflow.wait_for_dag(dag_id)
        page.goto(f"{shop.settings.airflow_url}/dags/{dag_id}")
        page.get_by_role("link", name="Encore").last.click()
        page.frame_locator("iframe").get_by_role("heading", name="shop").wait_for()
    assert windows.problems == []


FORMS = {
    RETRAIN: ("Run Parameters", "What", "Data", "Training", "What goes live"),
    "export_interactions": ("Days of a single run (leave empty in a backfill)",),
    "rollback_campaign": ("Run Parameters",),
    "clean_up": ("Run Parameters",),
    "batch_recommendations": ("Run Parameters",),
}


@pytest.mark.parametrize("dag_id", FORMS)
def test_a_form_fits_wide_and_narrow_windows(
    shop: PipelineStack, windows: Windows, sign_in: Callable[[Page], None], dag_id: str
):
    shop.airflow.wait_for_dag(dag_id)
    for name, size in (("wide", WIDE), ("narrow", NARROW)):
        page = windows.open(size=size)
        page.set_default_timeout(2 * MINUTE)
        sign_in(page)
        windows.problems.clear()
        page.goto(f"{shop.settings.airflow_url}/dags/{dag_id}")
        page.get_by_test_id("trigger-dag-button").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_test_id("trigger-dag-submit").wait_for()
        for number, section in enumerate(FORMS[dag_id]):
            button = dialog.get_by_role("button", name=section, exact=True)
            if button.get_attribute("aria-expanded") != "true":
                button.click()
            page.wait_for_timeout(500)  # it opens slowly, for people to see
            windows.screenshot(page, f"{name}-{number}", whole=False)
        assert not overflows(page)
        if dag_id == "rollback_campaign":
            link = dialog.get_by_role("link", name="Choose another from a list")
            address = f"{shop.settings.airflow_url}/encore/groups/shop/try#rollback"
            assert link.evaluate("link => link.href") == address
    assert windows.problems == []


def open_page(page: Page, shop: PipelineStack) -> FrameLocator:
    """The page, by Airflow's navigation."""
    page.goto(f"{shop.settings.airflow_url}/")
    page.get_by_role("link", name="Encore").click()
    frame = page.frame_locator("iframe")
    frame.get_by_role("heading", name="shop").wait_for()
    return frame


def trigger(page: Page, shop: PipelineStack, promote: str) -> str:
    """A run by the form, with one choice changed."""
    page.goto(f"{shop.settings.airflow_url}/dags/{RETRAIN}")
    page.get_by_test_id("trigger-dag-button").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="What goes live").click()
    choice = dialog.locator("xpath=.//input[@name='element_promote']/..//input[@role='combobox']")
    choice.fill(promote)
    page.keyboard.press("Enter")
    assert dialog.locator("input[name=element_promote]").input_value() == promote
    dialog.get_by_test_id("trigger-dag-submit").click()
    page.wait_for_url("**/runs/**")
    shop.airflow.unpause(RETRAIN)
    runs = shop.airflow.get(f"/dags/{RETRAIN}/dagRuns", order_by="-run_after", limit=1)["dag_runs"]
    return str(runs[0]["dag_run_id"])


def follow(page: Page, shop: PipelineStack, windows: Windows) -> None:
    """From the list of runs to the run's page, which goes on by itself until a question waits."""
    frame = open_page(page, shop)
    frame.locator("table.runs a").first.click()
    frame.locator(".timeline").wait_for()
    frame.get_by_text("runs for").wait_for()
    windows.screenshot(page, "2-a-run-goes-on", whole=False)
    frame.locator(".bar.awaiting_input").first.wait_for(timeout=RUN)
    windows.screenshot(page, "3-it-waits", whole=False)


def answer(page: Page, shop: PipelineStack, windows: Windows, number: int) -> None:
    """Approve what waits: the first in the page, the second in Airflow's own form, which the page leads to."""
    before = answered(shop)
    frame = open_page(page, shop)
    question = frame.locator(".notice.asked")
    question.first.wait_for(timeout=RUN)
    # Airflow takes a task for dead that is answered before its worker has exited.
    page.wait_for_timeout(5_000)
    windows.screenshot(page, f"4-question-{number}", whole=False)
    if number == 1:
        question.first.get_by_role("button", name="Approve…").click()
        frame.get_by_role("dialog").get_by_role("button", name="Approve").click()
    else:
        question.first.get_by_role("link", name="Look at the figures first").click()
        page.wait_for_url("**/required_actions**")
        page.get_by_role("button", name="Approve").click()
    deadline = time.monotonic() + 120
    while answered(shop) == before:
        assert time.monotonic() < deadline, "the answer has not arrived"
        page.wait_for_timeout(1_000)  # not `sleep`: the window asks this process about each request
    windows.screenshot(page, f"5-answered-{number}", whole=False)


def wait_for_scripts(page: Page) -> None:
    """What a person is too slow to notice: a page is seen before its scripts listen."""
    page.frames[-1].wait_for_load_state("load")


def answered(shop: PipelineStack) -> int:
    """How many questions somebody has answered; those that wait may become more meanwhile."""
    path = f"/dags/{RETRAIN}/dagRuns/~/hitlDetails"
    return int(shop.airflow.get(path, response_received=True)["total_entries"])


def see_what_is_live(page: Page, shop: PipelineStack, windows: Windows) -> None:
    """What is live, since when, better than before, at what cost; the run; charts; the report."""
    frame = open_page(page, shop)
    frame.get_by_text(re.compile("is live since")).first.wait_for()
    frame.get_by_text(re.compile("the version before it")).first.wait_for()
    frame.get_by_text(re.compile(r"\d+\.\d\d USD")).first.wait_for()
    windows.screenshot(page, "6-live", whole=False)
    frame.get_by_role("link", name="Metrics").click()
    chart = frame.locator(".chart:visible").first
    chart.wait_for()
    wait_for_scripts(page)
    chart.focus()
    page.keyboard.press("End")
    frame.locator("#tip").get_by_text("promoted:").wait_for()
    windows.screenshot(page, "7-metrics", whole=False)
    narrow = windows.open(size=NARROW, colors="dark", storage_state=page.context.storage_state())
    narrow.goto(f"{shop.settings.airflow_url}/encore/groups/shop")
    narrow.get_by_text("The last runs").wait_for()
    assert narrow.evaluate("document.documentElement.scrollWidth") <= NARROW[0]
    windows.screenshot(narrow, "8-narrow")
    narrow.goto(f"{shop.settings.airflow_url}/encore/groups/shop/report")
    narrow.get_by_text("Run by run").wait_for()


def try_it(page: Page, shop: PipelineStack, windows: Windows) -> None:
    """What a user would see, found by the beginning of an id."""
    frame = open_page(page, shop)
    frame.get_by_role("link", name="Try it").click()
    identifier = frame.get_by_label("User, by id or title")
    identifier.wait_for()
    wait_for_scripts(page)
    identifier.fill("42")
    frame.locator("#suggestions option[value='42']").wait_for(state="attached")
    frame.get_by_role("button", name="Ask").click()
    frame.locator(".answer li").first.wait_for()
    frame.get_by_text("What they did last").wait_for()
    windows.screenshot(page, "9-try", whole=False)


def roll_back(page: Page, shop: PipelineStack, windows: Windows) -> None:
    """Put an earlier version back, from the page, after a question."""
    frame = page.frame_locator("iframe")
    option = frame.locator("#rollback-choice option").first
    version, campaign = option.get_attribute("value"), option.get_attribute("data-campaign") or ""
    assert shop.serves(campaign) != version
    wait_for_scripts(page)
    frame.get_by_role("button", name="Roll back…").click()
    frame.get_by_role("dialog").wait_for()
    windows.screenshot(page, "10-roll-back", whole=False)
    frame.get_by_role("dialog").get_by_role("button", name="Roll back").click()
    frame.get_by_role("heading", name="Run of").wait_for()
    runs = shop.airflow.get("/dags/rollback_campaign/dagRuns", limit=1)["dag_runs"]
    assert shop.finish("rollback_campaign", runs[0]["dag_run_id"], RUN / 1000)["state"] == "success"
    assert shop.serves(campaign) == version
    open_page(page, shop).get_by_text(re.compile("Rolled back from .* by admin")).first.wait_for()
    windows.screenshot(page, "11-rolled-back", whole=False)
