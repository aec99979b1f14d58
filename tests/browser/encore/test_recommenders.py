"""A group of recommenders alone: each of their states fits every window, and says what it is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import yaml

from tests.browser.encore.conftest import Reader
from tests.browser.encore.test_states import GROUP, WINDOWS, see
from tests.encore.page.conftest import Shop
from tests.support.browser import overflows, tables_overflow
from tests.support.past_runs import NDCG
from tests.support.recommenders import USE_CASES, pipeline_file, recommender_runs

pytestmark = [pytest.mark.browser, pytest.mark.long]
METRICS = {NDCG: 0.1234, "coverage": 0.51}


@pytest.fixture
def domain(shop: Shop, tmp_path, monkeypatch) -> Shop:
    """Thirty runs that have found all of them active."""
    file = tmp_path / "domain.yaml"
    file.write_text(yaml.safe_dump(pipeline_file()))
    monkeypatch.setenv("ENCORE_PIPELINE", str(file))
    shop.rows = recommender_runs()
    for number in range(24, 30):
        row = shop.rows[3 * number]
        shop.airflow.add_run(row["run_id"], run_after=row["recorded_at"].isoformat())
    for name in USE_CASES:
        shop.service.add_recommender(name, modelMetrics=METRICS)
    return shop


def none_yet(shop: Shop) -> str:
    shop.rows, shop.airflow.runs = [], []
    shop.service.recommenders.clear()
    return "not made yet"


def active_without_a_price(shop: Shop) -> str:
    shop.rows = recommender_runs(usd=None)
    return "the price is not known"


def stopped(shop: Shop) -> str:
    shop.rows = recommender_runs(outcomes={"top": "held"})
    shop.service.add_recommender("top", "INACTIVE", modelMetrics=METRICS)
    return "keeps its model and is not paid for"


def failed(shop: Shop) -> str:
    shop.rows = recommender_runs(outcomes={"top": "failed"})
    why = "The training failed: there are fewer than 1,000 interactions of the event type View."
    shop.service.add_recommender("top", "CREATE FAILED", failureReason=why)
    return why


def on_their_way(shop: Shop) -> str:
    shop.service.add_recommender("top", "CREATE IN_PROGRESS")
    shop.service.add_recommender("for-you", "STOP PENDING", modelMetrics=METRICS)
    update = {"status": "CREATE IN_PROGRESS"}
    shop.service.add_recommender(
        "bought-together", requests=5, modelMetrics=METRICS, latestRecommenderUpdate=update
    )
    return "An update is under way"


@pytest.mark.parametrize(
    "state",
    [none_yet, active_without_a_price, stopped, failed, on_their_way],
    ids=lambda state: state.__name__,
)
def test_a_state_of_recommenders_fits_every_window(
    domain: Shop, reader: Reader, state: Callable[[Shop], str]
):
    see(reader, GROUP, "recommenders", state(domain))


def test_their_metrics_and_their_choice_of_groups_fit_every_window(domain: Shop, reader: Reader):
    see(reader, f"{GROUP}/metrics", "recommender-metrics", "for-you: NDCG@25")
    see(reader, "/?choose=true", "recommender-groups", "active")
    see(reader, f"{GROUP}/try", "recommender-try")


@pytest.mark.parametrize("usd", [12.0, None], ids=["priced", "without-a-price"])
def test_their_report_fits_wide_and_narrow_windows(domain: Shop, reader: Reader, usd):
    domain.rows = recommender_runs(outcomes={"top": "held", "bought-together": "failed"}, usd=usd)
    for window, size, colors in WINDOWS[:2]:
        page = reader.open(f"{GROUP}/report", size, colors)
        assert not overflows(page), window
        assert not tables_overflow(page), window
        reader.picture(page, f"report-{window}")
