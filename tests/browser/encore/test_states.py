"""Every state of the page fits wide and narrow windows in light and dark, and what can be done there is done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Literal
from urllib.parse import quote

import pytest
import yaml
from botocore.exceptions import EndpointConnectionError

from encore.page import service
from tests.browser.encore.conftest import Reader
from tests.encore.page.conftest import ARN, Shop, pipeline
from tests.support.browser import NARROW, WIDE, overflows, tables_overflow
from tests.support.planted_run import plant_run
from tests.support.profiled_runs import runs_with_profiles

pytestmark = [pytest.mark.browser, pytest.mark.long]
GROUP = "/groups/shop"
RUN = f"{GROUP}/runs/retrain_recommenders/"
WINDOWS: tuple[tuple[str, tuple[int, int], Literal["light", "dark"]], ...] = (
    ("wide", WIDE, "light"),
    ("narrow", NARROW, "light"),
    ("wide-dark", WIDE, "dark"),
    ("narrow-dark", NARROW, "dark"),
)
FAILURE = {
    "task": "export_users",
    "reason": "connection 'product_db': no connection to its database: password authentication failed for user"
    ' "shop". Check host, port, user and password under Admin > Connections.',
    "link": "",
    "label": None,
}


def nothing(shop: Shop) -> str:
    """A group that has never run."""
    shop.rows, shop.airflow.runs = [], []
    shop.service.campaigns.clear()
    return GROUP


def first_run(shop: Shop) -> str:
    """It goes on, and nothing is live."""
    nothing(shop)
    run = shop.airflow.add_run("manual__1", "running")
    for name, state in (
        ("preflight", "success"),
        ("export_users", "success"),
        ("solution.train", "deferred"),
    ):
        shop.airflow.add_task(run, name, state, end_date=None if state == "deferred" else run["start_date"])
    return GROUP


def normal(shop: Shop) -> str:
    return GROUP


def held(shop: Shop) -> str:
    """The newest version is not live."""
    shop.rows = shop.rows[:44]
    shop.service.serve("you", f"{ARN}:solution/you/{20:08x}")
    return GROUP


def failed(shop: Shop) -> str:
    """The newest run has brought no version."""
    run = shop.airflow.add_run("manual__1", "failed", run_after="2026-03-01T03:00:00Z")
    shop.airflow.add_task(run, "export_users", "failed")
    shop.airflow.xcoms["export_users", -1, "failure"] = FAILURE
    return GROUP


def question(shop: Shop) -> str:
    """A version waits for an answer."""
    run = shop.airflow.add_run("manual__1", "running", run_after="2026-03-01T03:00:00Z")
    task = shop.airflow.add_task(run, "solution.approve", "awaiting_input", map_index=1, end_date=None)
    shop.airflow.questions.append(
        {
            "subject": f"shop: shall {ARN}:solution/you/0000001e go live?",
            "body": "",
            "options": ["Approve", "Reject"],
            "created_at": "2026-03-01T03:10:00Z",
            "task_instance": task,
        }
    )
    return GROUP


def question_run(shop: Shop) -> str:
    return RUN + str(question(shop) and "manual__1")


def run(shop: Shop) -> str:
    """A run of which all is known."""
    shop.rows = shop.rows[:44]
    shop.airflow.runs = []
    plant_run(shop.airflow, shop.rows[-1])
    return RUN + quote(shop.rows[-1]["run_id"], safe="")


def run_that_trains(shop: Shop) -> str:
    """It is measured by what the last training took."""
    begin = datetime.now(UTC) - timedelta(minutes=9)
    running = shop.airflow.add_run("manual__1", "running", start_date=begin.isoformat())
    task = {"map_index": 1, "rendered_map_index": "you", "start_date": begin.isoformat(), "end_date": None}
    shop.airflow.add_task(running, "solution.train", "deferred", **task)
    return f"{RUN}manual__1"


def failed_run(shop: Shop) -> str:
    failed(shop)
    return f"{RUN}manual__1"


def metrics(shop: Shop) -> str:
    return f"{GROUP}/metrics"


def no_metrics(shop: Shop) -> str:
    return nothing(shop) + "/metrics"


def try_it(shop: Shop) -> str:
    return f"{GROUP}/try"


def answered(shop: Shop) -> str:
    """Two campaigns side by side."""
    shop.service.serve("you-next", f"{ARN}:solution/you/0000001e", ["5", "4", "1"])
    shop.service.filters = {"of-genre": "INCLUDE ItemID WHERE Items.GENRE IN ($GENRE)"}
    return f"{GROUP}/try?campaign=you&beside=you-next&id=42"


def nothing_to_try(shop: Shop) -> str:
    return nothing(shop) + "/try"


def unknown(shop: Shop) -> str:
    """There is no such group."""
    return "/groups/none"


STATES = (
    nothing,
    first_run,
    normal,
    held,
    failed,
    question,
    question_run,
    run,
    run_that_trains,
    failed_run,
    metrics,
    no_metrics,
    try_it,
    answered,
    nothing_to_try,
    unknown,
)


def see(reader: Reader, path: str, name: str, text: str = "") -> None:
    for window, size, colors in WINDOWS:
        page = reader.open(path, size, colors)
        page.locator("main").wait_for()
        assert text in page.inner_text("main")
        assert "The page has failed" not in page.inner_text("main")
        assert not overflows(page), f"{path} {window}"
        reader.picture(page, f"{name}-{window}")


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_a_state_fits_every_window(live: Shop, reader: Reader, state: Callable[[Shop], str]):
    see(reader, state(live), "seen")


def test_many_groups_fit_every_window(live: Shop, reader: Reader, tmp_path, monkeypatch):
    names = ["shop", *(f"a-group-with-a-long-name-{number}" for number in range(4))]
    file = tmp_path / "groups.yaml"
    file.write_text(yaml.safe_dump(pipeline(*names)))
    monkeypatch.setenv("ENCORE_PIPELINE", str(file))
    live.airflow.dags |= {f"retrain_recommenders_{name}" for name in names}
    see(reader, "/", "seen", names[-1])


def test_a_service_that_is_down_fits_every_window(live: Shop, reader: Reader, monkeypatch):
    def down(group):
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:9")

    monkeypatch.setattr(service, "personalize", down)
    see(reader, GROUP, "group", "Amazon Personalize does not answer")
    see(reader, f"{GROUP}/try", "try", "Amazon Personalize does not answer")


def test_a_page_on_its_way_says_so(live: Shop, reader: Reader):
    page = reader.open(GROUP)
    page.evaluate("document.addEventListener('click', (event) => event.preventDefault())")  # it never comes
    page.get_by_role("link", name="Metrics").click()
    page.locator("#progress").get_by_text("Loading").wait_for()
    reader.picture(page, "loading")


def test_an_answer_is_given_after_a_question_and_by_keyboard(live: Shop, reader: Reader):
    page = reader.open(question(live))
    page.get_by_role("button", name="Reject…").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("shall you/0000001e go live?").wait_for()
    reader.picture(page, "dialog")
    dialog.get_by_role("button", name="Leave it as it is").click()
    assert live.airflow.answers == []
    page.get_by_role("button", name="Approve…").click()
    page.get_by_role("dialog").get_by_role("button", name="Approve").click()
    page.get_by_role("button", name="Approve…").wait_for(state="detached")
    assert live.airflow.answers == [(f"shop: shall {ARN}:solution/you/0000001e go live?", ["Approve"])]


def test_who_may_not_answer_is_told_so(live: Shop, reader: Reader):
    page = reader.open(question(live))
    live.airflow.refused["manual__1"] = 403
    page.get_by_role("button", name="Approve…").click()
    page.get_by_role("dialog").get_by_role("button", name="Approve").click()
    page.get_by_role("dialog").get_by_text("You may not do this").wait_for()


def test_a_held_version_is_put_live_from_where_it_says_that_it_was_held(live: Shop, reader: Reader):
    page = reader.open(held(live))
    page.get_by_role("link", name="Put it live all the same").click()
    choice = page.locator("#rollback-choice")
    choice.wait_for()
    assert choice.input_value() == f"{ARN}:solution/you/{21:08x}"
    page.wait_for_load_state(
        "load"
    )  # a person is too slow to notice: a page is seen before its scripts listen
    page.get_by_role("button", name="Roll back…").click()
    page.get_by_role("dialog").get_by_role("button", name="Roll back").click()
    page.get_by_role("heading", name="Run of").wait_for()
    started = live.airflow.runs[-1]
    assert started["dag_id"] == "rollback_campaign"
    assert started["conf"] == {"campaign": "you", "version": f"{ARN}:solution/you/{21:08x}"}
    reader.picture(page, "started")


def test_the_report_of_runs_with_profiles_fits_wide_and_narrow_windows(shop: Shop, reader: Reader):
    shop.rows = runs_with_profiles(12, fault_from=9)
    for window, size, colors in WINDOWS[:2]:
        page = reader.open(f"{GROUP}/report", size, colors)
        page.get_by_role("heading", name="The data of the last run").wait_for()
        assert not overflows(page), window
        assert not tables_overflow(page), window
        reader.picture(page, f"report-{window}")
