"""What OpenLineage learns of an export, an import and a training; and that none of it needs its provider."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import DAG
from airflow.sdk.observability import stats

from airflow_personalize import lineage
from airflow_personalize.operators.dataset_import_job import PersonalizeCreateDatasetImportJobOperator
from airflow_personalize.operators.solution_version import PersonalizeCreateSolutionVersionOperator
from airflow_personalize.transfers.sql_to_personalize_dataset import SqlToPersonalizeDatasetOperator
from tests.airflow_personalize.transfers.test_sql_to_personalize_dataset import SCHEMA

ACCOUNT = "arn:aws:personalize:us-east-1:123456789012"
POSTGRES = SimpleNamespace(conn_type="postgres", host="db", port=5432, schema="shop")
QUERIES = {
    "SELECT a FROM events WHERE at >= {{ start }} AND at < {{ end }}": {"shop.public.events"},
    "SELECT a FROM sales.events e JOIN products p ON p.id = e.p": {
        "shop.sales.events",
        "shop.public.products",
    },
    "WITH day AS (SELECT * FROM events) SELECT a FROM day": {"shop.public.events"},
    "SELECT FROM WHERE": set(),
}


@pytest.mark.parametrize("sql", QUERIES)
def test_an_export_reads_the_tables_of_its_query(sql: str):
    assert lineage.of_tables(sql, POSTGRES) == [("postgres://db:5432", name) for name in sorted(QUERIES[sql])]


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> None:
    """The two classes of OpenLineage's provider and client that are made here."""

    class Made(SimpleNamespace):
        pass

    facets, extractors = ModuleType("facet"), ModuleType("extractors")
    for name in ("InputDataset", "OutputDataset", "OutputStatisticsOutputDatasetFacet"):
        setattr(facets, name, Made)
    extractors.OperatorLineage = Made  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "airflow.providers.common.compat.openlineage.facet", facets)
    monkeypatch.setitem(sys.modules, "airflow.providers.openlineage", ModuleType("openlineage"))
    monkeypatch.setitem(sys.modules, "airflow.providers.openlineage.extractors", extractors)


def _flow(facets: Any) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    inputs, outputs = (
        [(node.namespace, node.name) for node in nodes] for nodes in (facets.inputs, facets.outputs)
    )
    return inputs, outputs


def _made(operator: Any, **arguments: Any) -> Any:
    with DAG("lineage", schedule=None):
        return operator(task_id="task", **arguments)


def test_an_export_goes_from_tables_to_the_datasets_folder_with_its_rows(provider: None, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_PRODUCT_DB", "postgres://u:p@db:5432/shop")
    export = _made(
        SqlToPersonalizeDatasetOperator,
        sql="SELECT a FROM events",
        schema=SCHEMA,
        dataset="users",
        bucket="b",
        prefix="shop",
    )
    export._written = {"rows": 7, "bytes": 70}
    facets = export.get_openlineage_facets_on_complete(None)
    assert _flow(facets) == ([("postgres://db:5432", "shop.public.events")], [("s3://b", "shop/users")])
    assert facets.outputs[0].outputFacets["outputStatistics"].rowCount == 7


def test_an_import_goes_from_the_folder_to_the_dataset_and_a_training_from_there_to_a_version(
    provider: None, monkeypatch
):
    dataset = f"{ACCOUNT}:dataset/shop/USERS"
    imported = _made(
        PersonalizeCreateDatasetImportJobOperator,
        dataset_arn=dataset,
        data_location="s3://b/shop/imports/r/users/",
        role_arn="R",
    ).get_openlineage_facets_on_complete(None)
    of_dataset = (ACCOUNT, "dataset/shop/USERS")
    assert _flow(imported) == ([("s3://b", "shop/imports/r/users")], [of_dataset])
    train = _made(PersonalizeCreateSolutionVersionOperator, solution_arn=f"{ACCOUNT}:solution/you")
    monkeypatch.setattr(train, "describe", lambda kind, **_: {"datasetGroupArn": "g"})
    monkeypatch.setattr(
        "airflow_personalize.operators.solution_version.list_all", lambda *_, **__: [{"datasetArn": dataset}]
    )
    monkeypatch.setitem(vars(train), "hook", SimpleNamespace(conn=None))
    counted: list[tuple[str, Any]] = []
    monkeypatch.setattr(stats, "incr", lambda name, *_, tags: counted.append((name, tags["kind"])))
    context: Any = {"ti": SimpleNamespace(max_tries=1)}
    assert train.completed(context, f"{ACCOUNT}:solution/you/1a") == f"{ACCOUNT}:solution/you/1a"
    assert counted == [("personalize.jobs", "solution_version")]
    trained = train.get_openlineage_facets_on_complete(None)
    assert _flow(trained) == ([of_dataset], [(ACCOUNT, "solution/you/1a")])


def test_the_real_provider_takes_it():
    extractors = pytest.importorskip("airflow.providers.openlineage.extractors")
    facets = lineage.lineage(
        [lineage.of_s3("s3://b/in/")], [lineage.of_s3("s3://b/out")], {"rows": 1, "bytes": 2}
    )
    assert isinstance(facets, extractors.OperatorLineage)
    assert facets.outputs[0].outputFacets["outputStatistics"].rowCount == 1
