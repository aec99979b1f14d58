"""What a run needs outside of Airflow, looked at without changing anything: database, queries, bucket, role.

Each function gives what is missing, a sentence each, with the one thing to do. The first task of a run and
`encore doctor` say the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from airflow_personalize.export.exceptions import DatabaseConnectionError, ExportError
from airflow_personalize.export.read.first_instant import result_columns
from airflow_personalize.export.read.sources import Source
from airflow_personalize.export.schema.avro import parse_schema
from airflow_personalize.export.schema.matching import match
from airflow_personalize.transfers.sql_source import source_of
from encore.config.models import Dataset, DatasetGroup, DatasetType
from encore.deployment.iam import SERVICE

GONE = {"404", "NoSuchEntity"}
REFUSED = {"403", "AccessDenied", "AccessDeniedException"}


class NotAllowedError(Exception):
    """AWS lets nobody look at this with these credentials, which says nothing of what is looked for."""


def database_problems(group: DatasetGroup, queries: Mapping[str, str], include: Path) -> Iterator[str]:
    """The database, and each query's columns against its dataset's schema; queries are asked for no row.

    :raises DatabaseConnectionError: if the database can't be reached: that may pass
    """
    source = source_of(group.product_db)
    for kind, settings in group.datasets.items():
        try:
            _check_columns(source, kind, settings, queries[kind], include)
        except DatabaseConnectionError:
            raise
        except ExportError as error:
            yield f"{settings.sql}: {error}"
        except Exception as error:  # the database's own words, in each driver's class
            yield f"{settings.sql}: the database of {group.product_db!r} refuses it: {error}"


def bucket_problems(group: DatasetGroup, s3: Any) -> list[str]:
    try:
        s3.list_objects_v2(Bucket=group.bucket, Prefix=f"{group.prefix}/", MaxKeys=1)
    except ClientError as error:
        return [f"bucket {group.bucket!r} of the pipeline file: {error}"]
    return []


def role_problems(group: DatasetGroup, iam: Any) -> list[str]:
    """
    :raises NotAllowedError: many accounts don't let Airflow look at roles; Personalize will tell
    """
    role = group.role
    try:
        details = iam.get_role(RoleName=role.rsplit("/", 1)[-1])["Role"]
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in GONE:
            return [f"role {role!r} of the pipeline file: there is none; create it, or correct its name"]
        if code in REFUSED:
            raise NotAllowedError(f"The role {role} was not looked at: iam:GetRole is not allowed") from error
        return [f"role {role!r}: {error}"]
    if SERVICE not in str(details.get("AssumeRolePolicyDocument", "")):
        return [f"role {role!r}: Personalize can't take it; let it trust {SERVICE}"]
    return []


def _check_columns(
    source: Source, kind: DatasetType, settings: Dataset, statement: str, include: Path
) -> None:
    """
    :raises ExportError: naming what does not fit
    """
    schema = parse_schema((include / settings.avro_schema).read_text(encoding="utf-8"))
    now = datetime.now(UTC)
    bounds = {"start": now - timedelta(days=1), "end": now} if kind == "interactions" else {}
    keys = {"low": 0, "high": 1} if settings.bounds_sql and bounds else {}
    match(kind, schema, result_columns(source, statement, {**bounds, **keys}), settings.row_id)
