"""Loading the product database, on the embedded PostgreSQL."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from demo import movielens, product_database, shop
from demo.postgres import Postgres

LAST_DAY = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with tempfile.TemporaryDirectory(prefix="encore-", ignore_cleanup_errors=True) as folder:
        postgres = Postgres(Path(folder).resolve() / "pg").start()
        yield postgres
        postgres.stop()


@pytest.fixture
def database(postgres: Postgres) -> str:
    return postgres.uri("shop")


def test_every_generated_row_arrives_and_a_second_load_replaces_the_first(database):
    tables = shop.generate(shop.ShopSize(customers=50, products=60, events=800, days=10), last_day=LAST_DAY)
    for source in ("first", "second"):
        product_database.load(database, tables, source)
    assert product_database.loaded_source(database) == "second"
    assert product_database.counts(database) == {
        "customers": 50,
        "products": 60,
        "events": len(tables.events),
    }
    assert product_database.history(database) == (date(2026, 2, 20), date(2026, 3, 1))
    users, items = product_database.busy(database, 3)
    assert len(users) == len(items) == 3
    assert set(items) <= set(product_database.titles(database))


def test_a_load_that_fails_leaves_the_earlier_rows(database):
    tables = shop.generate(shop.ShopSize(customers=30, products=40, events=400, days=5), last_day=LAST_DAY)
    product_database.load(database, tables, "good")
    before = product_database.counts(database)
    broken = product_database.ProductTables(
        tables.customers, tables.products, tables.events.assign(kind="sold")
    )
    with pytest.raises(Exception, match="event_kind"):
        product_database.load(database, broken, "broken")
    assert (product_database.loaded_source(database), product_database.counts(database)) == ("good", before)


def test_a_server_that_was_stopped_starts_again_with_its_rows(postgres):
    tables = shop.generate(shop.ShopSize(customers=30, products=40, events=400, days=5), last_day=LAST_DAY)
    product_database.load(postgres.uri("shop"), tables, "before")
    postgres.stop()
    postgres.start()
    assert product_database.loaded_source(postgres.uri("shop")) == "before"


def test_events_are_old_once_the_data_gate_would_refuse_them():
    today = datetime.now(UTC).date()
    assert product_database.is_old(date(1998, 4, 22), 72)
    assert product_database.is_old(today - timedelta(days=5), 72)
    assert not product_database.is_old(today - timedelta(days=1), 72)
    assert not product_database.is_old(date(1998, 4, 22), None)


def test_movielens_files_that_are_missing_are_named(tmp_path):
    (tmp_path / "u.data").write_text("1\t2\t3\t881250949\n")
    with pytest.raises(FileNotFoundError, match=r"u\.item, u\.user, u\.genre"):
        movielens.read(tmp_path)


def test_movielens_rows_fit_the_tables(database, tmp_path):
    (tmp_path / "u.data").write_text("1\t2\t3\t881250949\n1\t1\t5\t881250950\n")
    (tmp_path / "u.genre").write_text("unknown|0\nAction|1\nComedy|2\n")
    (tmp_path / "u.item").write_text('1|One (1995)|01-Jan-1995||u|0|1|1\n2|Two, "b"|||u|1|0|0\n', "latin-1")
    (tmp_path / "u.user").write_text("1|24|M|technician|85711\n")
    product_database.load(database, movielens.read(tmp_path), "movielens")
    assert product_database.counts(database) == {"customers": 1, "products": 2, "events": 2}
    assert product_database.titles(database) == {"1": "One (1995)", "2": 'Two, "b"'}
