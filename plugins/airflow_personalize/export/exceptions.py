"""What can go wrong in an export, by class: each message names the place and the next step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class ExportError(Exception):
    """An export that cannot go on. Trying again without a change gives the same error."""


class DatabaseConnectionError(Exception):
    """The database cannot be reached, or lets nobody in. Trying again helps where it was only away.

    :param conn_id: the Airflow connection
    """

    def __init__(self, conn_id: str, problem: str) -> None:
        self.conn_id = conn_id
        super().__init__(
            f"connection {conn_id!r}: no connection to its database: {problem.strip().rstrip('.')}. Check host, port, "
            f"user and password under Admin > Connections, or in AIRFLOW_CONN_{conn_id.upper()}"
        )


class QueryError(ExportError):
    """A query that cannot be run for a partition, whatever the database holds.

    :param line: where in the query, counted from 1
    """

    def __init__(self, problem: str, line: int) -> None:
        self.problem, self.line = problem, line
        super().__init__(f"line {line} of the query: {problem}")


class SchemaError(ExportError):
    """An Avro schema that the service would refuse.

    :param source: the file or resource that holds it
    :param problems: one sentence a problem, each naming its field
    """

    def __init__(self, source: str, problems: Sequence[str]) -> None:
        self.source = source
        self.problems = tuple(problems)
        super().__init__(f"{source}: " + "; ".join(self.problems))


class SchemaMismatchError(ExportError):
    """The query's columns are not the schema's fields, whatever the rows hold."""

    def __init__(self, dataset: str, problems: Sequence[str]) -> None:
        self.dataset = dataset
        self.problems = tuple(problems)
        super().__init__(
            f"the query of dataset {dataset!r} does not fit its schema: "
            + "; ".join(self.problems)
            + ". Change the query or the schema; no row was written"
        )


class RuleViolatedError(ExportError):
    """A row broke a rule whose action is `stop`."""

    def __init__(self, dataset: str, rule: str, field: str, row: int, value: str) -> None:
        self.rule, self.field, self.row, self.value = rule, field, row, value
        super().__init__(
            f"dataset {dataset!r}, row {row} of the query, field {field!r}: {rule} ({value}). "
            f"Mend the row, or set the rule {rule!r} to reject or drop_value in the dataset's contract"
        )


class OutsidePartitionError(RuleViolatedError):
    """The query gave a row that belongs to another partition, where it would be imported a second time."""

    def __init__(
        self, dataset: str, field: str, row: int, value: str, *, query: str, partition: str, bounds: str
    ) -> None:
        ExportError.__init__(
            self,
            f"dataset {dataset!r}, {query}, row {row} of its result, field {field!r}: {value} lies outside of "
            f"partition {partition!r}, which is {bounds}. Let the query keep to {{{{ start }}}} (included) and "
            "{{ end }} (excluded): WHERE column >= {{ start }} AND column < {{ end }}, without quotes around the "
            "markers. Or set the rule 'outside_partition' to reject in the dataset's contract; the partition "
            "stays as it was",
        )
        self.rule, self.field, self.row, self.value = "outside_partition", field, row, value
        self.query, self.partition, self.bounds = query, partition, bounds


class TooManyRejectedError(ExportError):
    """More rows were rejected than the dataset's limit allows; the partition stays as it was."""

    def __init__(
        self,
        dataset: str,
        partition: str,
        *,
        read: int,
        rejected: Mapping[str, int],
        limit: float,
        examples: Sequence[str],
        location: str,
    ) -> None:
        self.read, self.rejected, self.limit = read, dict(rejected), limit
        self.examples, self.location = tuple(examples), location
        total = sum(rejected.values())
        counts = ", ".join(f"{rule} {count:,}" for rule, count in sorted(rejected.items(), key=_by_count))
        super().__init__(
            f"dataset {dataset!r}, partition {partition!r}: {total:,} of {read:,} rows "
            f"({total / read:.2%}) rejected, the limit is {limit:.2%}. By reason: {counts}. "
            f"Examples: {' | '.join(examples)}. All of them: {location}. "
            "Mend the rows, mend the query, or raise rejected_limit; the partition stays as it was"
        )


class TooManyEventTypesError(ExportError):
    """More distinct event types than the service takes; partitions stay as they were."""

    def __init__(
        self, dataset: str, where: str, count: int, listed: str, metadata_columns: int, limit: int
    ) -> None:
        self.count, self.metadata_columns, self.limit = count, metadata_columns, limit
        super().__init__(
            f"dataset {dataset!r}, {where}, field EVENT_TYPE: {count} distinct event types ({listed}) and "
            f"{metadata_columns} metadata columns, the service takes {limit} of both together. Give rare types "
            "one name in the query, leave some out, or take a metadata column out of the schema"
        )


def _by_count(entry: tuple[str, int]) -> tuple[int, str]:
    return -entry[1], entry[0]
