"""Titles that only the product database knows."""

from __future__ import annotations

import sqlite3
from types import SimpleNamespace

import pytest
from airflow.sdk import BaseHook

from encore.config import load_pipeline
from encore.page.catalogue import Catalogue
from encore.page.titles import Titles
from tests.encore.page.conftest import plant_catalogue


@pytest.fixture
def films(monkeypatch) -> Titles:
    """A database of three films, one of which nobody may see."""
    database = sqlite3.connect(":memory:")
    database.executescript(
        "CREATE TABLE films (id INTEGER, name TEXT);"
        "INSERT INTO films VALUES (1, 'Heat'), (2, '100% Wolf'), (3, 'Fargo_1'), (4, NULL);"
    )

    def run(sql, parameters=(), handler=None):
        return handler(database.execute(sql, parameters))

    monkeypatch.setattr(BaseHook, "get_hook", lambda conn_id: SimpleNamespace(placeholder="?", run=run))
    return Titles("item", "product_db", "SELECT CAST(id AS TEXT) AS item_id, name AS title FROM films -- all")


def test_titles_of_some_ids(films):
    assert films.of(["1", "3", "77"]) == {"1": "Heat", "3": "Fargo_1"}
    assert films.of(["4"]) == {}, "it has none"
    assert films.of([]) == {}


@pytest.mark.parametrize(
    ("text", "ids"), [("HEA", ["1"]), ("100%", ["2"]), ("%", ["2"]), ("_", ["3"]), ("'; DROP", [])]
)
def test_a_search_takes_no_character_for_a_pattern(films, text, ids):
    assert list(films.search(text, 10)) == ids


def test_a_query_with_percent_signs_stays_what_it_is(monkeypatch):
    statements = []

    def run(sql, parameters, handler):
        statements.append(sql % tuple(repr(value) for value in parameters))
        return []

    monkeypatch.setattr(BaseHook, "get_hook", lambda conn_id: SimpleNamespace(placeholder="%s", run=run))
    Titles("item", "c", "SELECT item_id, title FROM x WHERE title LIKE 'a%'").of(["7"])
    assert "LIKE 'a%'" in statements[0]
    assert "IN ('7')" in statements[0]


def test_a_database_that_does_not_answer_leaves_the_page_without_titles(monkeypatch):
    def refuse_all(conn_id):
        raise OSError("no route")

    monkeypatch.setattr(BaseHook, "get_hook", refuse_all)
    assert Titles("item", "c", "SELECT 1").of(["1"]) == {}


def test_a_group_without_such_a_query_asks_nothing():
    group = load_pipeline().dataset_groups[0]
    assert "FROM products" in Titles.of_group(group, "item").query
    assert "AS bookmarks" in Titles.of_group(group, "item").dataset_query
    assert Titles.of_group(group, "user") == Titles("user", "product_db", ""), (
        "their names are nobody's business"
    )
    without = group.model_copy(update={"datasets": {"interactions": group.datasets["interactions"]}})
    assert Titles.of_group(without, "item").of(["1"]) == {}


def test_without_a_query_for_titles_a_column_of_that_name_in_the_datasets_table_does(films):
    dataset_query = "SELECT id AS item_id, 1 AS year FROM films"
    assert Titles("item", "c", "", dataset_query).of(["1"]) == {"1": "Heat"}
    assert list(Titles("item", "c", "", dataset_query).search("wolf", 9)) == ["2"]
    joined = "SELECT f.id AS item_id FROM films f JOIN films g ON g.id = f.id"
    assert Titles("item", "c", "", joined).of(["1"]) == {}, (
        "which of the tables has the titles is anybody's guess"
    )


def test_items_are_found_by_a_title_that_no_export_has(shop, films, monkeypatch):
    plant_catalogue(shop)
    monkeypatch.setattr(Catalogue, "titles", lambda self, kind: films)
    catalogue = Catalogue(shop.exports, load_pipeline().dataset_groups[0])
    assert [(entry.id, entry.title) for entry in catalogue.search("item", "wolf")] == [("2", "Emma (1996)")]
