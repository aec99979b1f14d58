"""Where rows come from: Arrow record batches out of PostgreSQL (ADBC) or of any DB-API connection."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Protocol

import pyarrow as pa
import pyarrow.types as pt

from airflow_personalize.export.exceptions import DatabaseConnectionError, ExportError
from airflow_personalize.export.read import sql as markers
from airflow_personalize.export.read.sessions import driver_of, in_utc

BATCH_BYTES = 2 << 20
BATCH_ROWS = 50_000

#: PostgreSQL's types whose numbers the driver does not give as they are shown, with what to do about it.
_MISREAD = {
    "money": "which has no exact value: cast it to numeric",
    "oid": "which is read with a sign: cast it to bigint",
}


@dataclass(frozen=True)
class Rows:
    """The result of a query: its columns, then its rows in batches, read as they are asked for."""

    names: Sequence[str]
    batches: Iterator[pa.RecordBatch]
    cancel: Callable[[], None] | None = None


class Source(Protocol):
    """A database that a query can be streamed from."""

    @property
    def dialect(self) -> str | None:
        """sqlglot's name of the database's SQL."""

    def query(self, statement: str, parameters: Mapping[str, Any]) -> Any:
        """A context manager around `Rows`; leaving it ends the query, read to its end or not."""


@dataclass(frozen=True)
class PostgresSource:
    """PostgreSQL through ADBC, which reads COPY's binary format straight into Arrow columns.

    The bounds of the partition are written as literals, because a query with bound parameters leaves that
    fast path. The session's time zone is UTC, so that columns without a time zone compare as UTC.

    :param conninfo: libpq's key=value string, or a URI
    :param name: how errors call the connection
    """

    conninfo: str
    batch_bytes: int = BATCH_BYTES
    name: str = "postgres"
    dialect: ClassVar[str | None] = "postgres"
    #: Scans that join each other half way through would give another order of rows, so another content hash.
    _settings: ClassVar[Sequence[str]] = ("SET TIME ZONE 'UTC'", "SET synchronize_seqscans = off")

    @contextmanager
    def query(self, statement: str, parameters: Mapping[str, Any]) -> Iterator[Rows]:
        # The driver's low level, since its DB-API module imports pyarrow.dataset and with it pandas.
        import adbc_driver_manager
        import adbc_driver_postgresql

        text = markers.with_literals(statement, parameters)
        with ExitStack() as opened:
            try:
                database = opened.enter_context(adbc_driver_postgresql.connect(self.conninfo))
                connection = opened.enter_context(adbc_driver_manager.AdbcConnection(database))
            except adbc_driver_manager.Error as error:
                raise DatabaseConnectionError(self.name, str(error)) from None
            for setting in self._settings:
                with adbc_driver_manager.AdbcStatement(connection) as prepared:
                    prepared.set_sql_query(setting)
                    prepared.execute_update()
            with adbc_driver_manager.AdbcStatement(connection) as select:
                select.set_options(**{"adbc.postgresql.batch_size_hint_bytes": str(self.batch_bytes)})
                select.set_sql_query(text)
                _require_exact_types(connection, text, pa.schema(select.execute_schema()))
                stream, _ = select.execute_query()
                with pa.RecordBatchReader.from_stream(stream) as reader:
                    yield Rows(reader.schema.names, reader, select.cancel)


@dataclass(frozen=True)
class DbApiSource:
    """Any database with a DB-API 2.0 driver, read `batch_rows` at a time.

    :param connect: opens a connection
    :param name: how errors call the connection
    :param placeholder: how the driver writes a bound parameter: `?` or `%s`
    :param text_instants: bind instants as text `YYYY-MM-DD HH:MM:SS` (SQLite has no type for them)
    :param dialect: sqlglot's name of the database's SQL; None is its permissive one
    """

    connect: Callable[[], Any]
    placeholder: str = "%s"
    text_instants: bool = False
    batch_rows: int = BATCH_ROWS
    dialect: str | None = None
    name: str = "database"

    @contextmanager
    def query(self, statement: str, parameters: Mapping[str, Any]) -> Iterator[Rows]:
        markers.checked(statement, self.dialect)  # before a connection is opened for it
        try:
            connection = self.connect()
        except Exception as error:  # each driver has classes of its own
            raise DatabaseConnectionError(self.name, str(error)) from None
        try:
            in_utc(connection)
            text, values = self._written(driver_of(connection), statement, parameters)
            cursor = streaming_cursor(connection)
            cursor.execute(text) if values is None else cursor.execute(text, values)
            first = cursor.fetchmany(self.batch_rows)  # a server-side cursor describes itself only now
            if cursor.description is None:
                raise ExportError("the query returns no rows at all: it must be a SELECT")
            names = [column[0] for column in cursor.description]
            yield Rows(names, self._batches(cursor, names, first))
        finally:
            connection.close()

    def _written(
        self, driver: str, statement: str, parameters: Mapping[str, Any]
    ) -> tuple[str, list[Any] | None]:
        """The statement as the driver takes it, and what it binds."""
        # MySQL's own connector takes any %s for a placeholder, and has no escape for it.
        if driver == "mysql":
            return markers.with_literals(statement, parameters, "mysql"), None
        return markers.with_placeholders(statement, parameters, self.placeholder, self._adapt, self.dialect)

    def _batches(self, cursor: Any, names: Sequence[str], rows: Sequence[Any]) -> Iterator[pa.RecordBatch]:
        while rows:
            columns = [column_of(values) for values in zip(*rows, strict=True)]
            yield pa.RecordBatch.from_arrays(columns, names=list(names))
            rows = cursor.fetchmany(self.batch_rows)

    def _adapt(self, value: Any) -> Any:
        if not isinstance(value, datetime):
            return value
        naive = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
        return naive.isoformat(sep=" ") if self.text_instants else naive


def streaming_cursor(connection: Any) -> Any:
    """A cursor that leaves the result on the server, where the driver keeps it all in memory otherwise."""
    driver = driver_of(connection)
    if driver in {"psycopg2", "psycopg"}:
        return connection.cursor(name=f"export_{uuid.uuid4().hex}")
    if driver == "MySQLdb":
        from MySQLdb.cursors import SSCursor

        return connection.cursor(SSCursor)
    if driver == "pymysql":
        from pymysql.cursors import SSCursor as PureSSCursor

        return connection.cursor(PureSSCursor)
    return connection.cursor()


def column_of(values: Sequence[Any]) -> pa.Array:
    """An Arrow column of driver objects: of their common type, else of their texts; objects of JSON as its text."""
    try:
        column = pa.array(values)
        if not pt.is_struct(column.type) and not pt.is_list(column.type):
            return column
        if not any(isinstance(value, dict) or _holds_objects(value) for value in values):
            return column
        return pa.array([_json(value) for value in values], pa.string())
    except (pa.ArrowException, TypeError, OverflowError, UnicodeError):
        return pa.array([_bytes(value) for value in values], pa.binary())


def _holds_objects(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(entry, dict) for entry in value)


def _json(value: Any) -> str | None:
    """What a driver parsed (psycopg does), as the database writes it."""
    return None if value is None else json.dumps(value, ensure_ascii=False, default=str)


def _bytes(value: Any) -> bytes | None:
    if value is None or isinstance(value, bytes):
        return value
    if isinstance(value, dict | list):
        value = _json(value)
    if isinstance(value, bytearray | memoryview):
        return bytes(value)
    return str(value).encode("utf-8", "surrogatepass")  # a lone surrogate is recognised from the bytes later


def _require_exact_types(connection: Any, statement: str, columns: pa.Schema) -> None:
    """Refuse columns of types that the driver gives as integers, but not as the integers that they show.

    The types come from an outer join that finds nothing, which PostgreSQL plans without running the query.
    """
    import adbc_driver_manager

    names = [f"c{position}" for position in range(len(columns))]
    integers = [position for position, kind in enumerate(columns.types) if pt.is_integer(kind)]
    if not integers:
        return
    types = ", ".join(f"pg_typeof({names[position]})::text" for position in integers)
    with adbc_driver_manager.AdbcStatement(connection) as question:
        nothing = f"(SELECT) AS one LEFT JOIN (\n{statement}\n) AS q({', '.join(names)}) ON false"
        question.set_sql_query(f"SELECT {types} FROM {nothing}")  # noqa: S608
        stream, _ = question.execute_query()
        with pa.RecordBatchReader.from_stream(stream) as reader:
            kinds = [column[0].as_py() for column in reader.read_all().columns]
    for position, kind in zip(integers, kinds, strict=True):
        if kind in _MISREAD:
            raise ExportError(
                f"column {columns.names[position]!r} is of type {kind}, {_MISREAD[kind]} in the query"
            )
