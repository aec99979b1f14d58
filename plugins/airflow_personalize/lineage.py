"""Where data came from and went, for OpenLineage: tables, files in S3, datasets and solution versions of the service.

Airflow's OpenLineage provider asks each operator once its task has succeeded. It is optional: nothing here imports it
before it asks. Names follow OpenLineage's naming: `postgres://host:port` and `database.schema.table`, `s3://bucket` and
the key; those of Amazon Personalize are split likewise, at the account.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from airflow_personalize.export.read.dialects import dialect_of
from airflow_personalize.export.read.query_check import USUAL
from airflow_personalize.export.read.query_template import read_template
from airflow_personalize.pagination import split_uri

#: A dataset's namespace and name.
Node = tuple[str, str]


def lineage(inputs: Sequence[Node], outputs: Sequence[Node], written: Mapping[str, int] | None = None) -> Any:
    """What the provider takes (`OperatorLineage`).

    :param written: `rows` and `bytes` of the one output, where they are known
    """
    from airflow.providers.common.compat.openlineage.facet import (
        InputDataset,
        OutputDataset,
        OutputStatisticsOutputDatasetFacet,
    )
    from airflow.providers.openlineage.extractors import OperatorLineage

    facets = {}
    if written:
        statistics = OutputStatisticsOutputDatasetFacet(rowCount=written["rows"], size=written["bytes"])
        facets = {"outputStatistics": statistics}
    return OperatorLineage(
        inputs=[InputDataset(namespace=namespace, name=name) for namespace, name in inputs],
        outputs=[
            OutputDataset(namespace=namespace, name=name, outputFacets=facets) for namespace, name in outputs
        ],
    )


def of_s3(uri: str) -> Node:
    """Of an `s3://` address."""
    bucket, key = split_uri(uri)
    return f"s3://{bucket}", key.strip("/") or "/"


def of_arn(arn: str) -> Node:
    """Of a resource of the service: `arn:aws:personalize:us-east-1:123456789012` and `dataset/shop/USERS`."""
    *account, resource = arn.split(":", 5)
    return ":".join(account), resource


def of_tables(sql: str, connection: Any) -> list[Node]:
    """Of the tables that a query reads; none where its text can't be read.

    :param connection: Airflow's connection of the database
    """
    dialect = dialect_of(connection.conn_type)
    scheme = "postgres" if dialect == "postgres" else connection.conn_type
    port = f":{connection.port}" if connection.port else ""
    namespace = f"{scheme}://{connection.host or ''}{port}"
    return [(namespace, name) for name in sorted(_tables(sql, dialect, connection.schema or ""))]


def _tables(sql: str, dialect: str | None, database: str) -> Iterator[str]:
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    text = read_template(sql).sql
    for name in [dialect] if dialect else USUAL:
        try:
            tree = sqlglot.parse_one(text, dialect=name)
        except SqlglotError:
            continue
        local = {cte.alias_or_name for cte in tree.find_all(exp.CTE)}
        tables = {table for table in tree.find_all(exp.Table) if table.db or table.name not in local}
        schema = "public" if dialect == "postgres" else ""
        yield from {
            ".".join(filter(None, (table.catalog or database, table.db or schema, table.name)))
            for table in tables
        }
        return
