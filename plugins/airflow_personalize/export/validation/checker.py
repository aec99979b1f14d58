"""Checks batches of rows against schema, rules and contract: which are written, which rejected and why."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.types as pt

from airflow_personalize.export.exceptions import (
    OutsidePartitionError,
    RuleViolatedError,
    SchemaMismatchError,
)
from airflow_personalize.export.formatting import format_value, instant
from airflow_personalize.export.masks import Mask, none_of, without
from airflow_personalize.export.schema.avro import DatasetSchema, Field
from airflow_personalize.export.schema.matching import match
from airflow_personalize.export.statistics.distinct import SeenIds
from airflow_personalize.export.validation import bounds as partition_bounds
from airflow_personalize.export.validation import value_rules
from airflow_personalize.export.validation.bounds import Bounds
from airflow_personalize.export.validation.casting import UncastableError, convert
from airflow_personalize.export.validation.contract import Action, Contract, Rule

ID_OF = {"USERS": "USER_ID", "ITEMS": "ITEM_ID", "ACTIONS": "ACTION_ID"}


@dataclass(frozen=True)
class Rejected:
    """Rows that are not written: their numbers in the query's result (from 1), why, and what they held."""

    rows: npt.NDArray[np.int64]
    rules: Sequence[Rule]
    fields: Sequence[str]
    values: pa.RecordBatch


@dataclass(frozen=True)
class Checked:
    """A batch after the checks: columns in the schema's order, ready to be written, and what was left out.

    `dropped` counts values by rule: those written as null, and under `text_too_long` texts that were cut off.
    """

    written: pa.RecordBatch
    rejected: Rejected | None = None
    dropped: Counter[Rule] = dataclasses.field(default_factory=Counter)
    row_ids: pa.Array | None = None


@dataclass
class _Verdict:
    """What the contract says about each row of one batch, while its rules are looked at one by one."""

    size: int
    reasons: list[tuple[Rule, str]] = dataclasses.field(default_factory=list)
    reason: npt.NDArray[np.int16] | None = None
    drops: dict[str, list[tuple[Rule, Mask]]] = dataclasses.field(default_factory=dict)
    cuts: dict[str, Mask] = dataclasses.field(default_factory=dict)

    def reject(self, rule: Rule, field: str, mask: Mask) -> None:
        if self.reason is None:
            self.reason = np.zeros(self.size, dtype=np.int16)
        self.reasons.append((rule, field))
        self.reason[mask & (self.reason == 0)] = len(self.reasons)

    @property
    def accepted(self) -> Mask | None:
        """None when every row is kept."""
        return None if self.reason is None else self.reason == 0


class BatchChecker:
    """Checks the batches of one export, in order. Keeps count of rows and, where ids must be unique, of ids.

    :param names: the query's column names
    :param bounds: what the rows' timestamps must lie in
    :param row_id: the column whose values of written rows are given beside them
    """

    def __init__(
        self,
        dataset: str,
        schema: DatasetSchema,
        names: Sequence[str],
        contract: Contract | None = None,
        plausible: value_rules.Plausible | None = None,
        bounds: Bounds | None = None,
        row_id: str | None = None,
    ) -> None:
        self.dataset, self.schema = dataset, schema
        self.contract = contract or Contract()
        self.plausible = plausible or value_rules.Plausible()
        self.bounds = bounds
        self.positions = match(dataset, schema, names, row_id)
        self._row_id = None if row_id is None else [name.upper() for name in names].index(row_id.upper())
        self.rows_read = 0
        self._unique = schema.field(ID_OF.get(schema.dataset_type, ""))
        self._seen = SeenIds()

    def check(self, batch: pa.RecordBatch) -> Checked:
        """Check the next batch.

        :raises SchemaMismatchError: when a column's type can never fit its field
        :raises RuleViolatedError: at the first row that breaks a rule with the action `stop`
        """
        verdict = _Verdict(batch.num_rows)
        columns = []
        for field, position in zip(self.schema.fields, self.positions, strict=True):
            columns.append(self._check_column(field, batch.column(position), verdict))
        if self._unique is not None:
            self._check_unique(columns[self.schema.fields.index(self._unique)], batch, verdict)
        self.rows_read += batch.num_rows
        return self._apply(columns, batch, verdict)

    def _check_column(self, field: Field, source: pa.Array, verdict: _Verdict) -> pa.Array:
        try:
            column = convert(field, source)
        except UncastableError as error:
            problem = f"column {field.name!r} is {source.type}, its field is {field.type}: {error}"
            raise SchemaMismatchError(self.dataset, [problem]) from error
        failed = none_of(source)
        for rule, mask in column.failures:
            if mask.any():
                failed |= mask
                self._judge(rule, field, mask, source, verdict)
        values = column.values
        absent = value_rules.missing(field, values)
        if absent is not None and not field.nullable:
            self._judge(Rule.MISSING_VALUE, field, absent & ~failed, source, verdict)
        elif absent is not None and values.null_count < np.count_nonzero(absent):
            values = without(values, absent)  # an empty text is written like a null
        for rule, mask in value_rules.failures(field, values, self.plausible):
            if mask.any():
                failed |= mask
                self._judge(rule, field, mask, source, verdict)
        if field.canonical == partition_bounds.FIELD and self.bounds is not None:
            self._check_bounds(self.bounds, field, values, failed, verdict)
        return values

    def _check_bounds(
        self, bounds: Bounds, field: Field, values: pa.Array, failed: Mask, verdict: _Verdict
    ) -> None:
        """Instants that broke another rule have a reason of their own, and say nothing about the query."""
        outside = bounds.outside(values) if pt.is_integer(values.type) else None
        outside = None if outside is None else outside & ~failed
        if outside is None or not outside.any():
            return
        if self.contract.action(Rule.OUTSIDE_PARTITION) is not Action.STOP:
            self._judge(Rule.OUTSIDE_PARTITION, field, outside, values, verdict)
            return
        first = int(np.argmax(outside))
        raise OutsidePartitionError(
            self.dataset,
            field.name,
            self.rows_read + first + 1,
            instant(values[first].as_py()),
            query=bounds.query,
            partition=bounds.key,
            bounds=str(bounds),
        )

    def _judge(self, rule: Rule, field: Field, mask: Mask, source: pa.Array, verdict: _Verdict) -> None:
        if not mask.any():
            return
        action = self.contract.action(rule)
        if action is Action.STOP:
            first = int(np.argmax(mask))
            value = value_rules.describe_value(rule, format_value(source[first]))
            raise RuleViolatedError(self.dataset, rule.value, field.name, self.rows_read + first + 1, value)
        if action is Action.TRUNCATE:
            verdict.cuts[field.name] = mask
        elif action is Action.DROP_VALUE and field.nullable:
            verdict.drops.setdefault(field.name, []).append((rule, mask))
        else:
            verdict.reject(rule, field.name, mask)

    def _check_unique(self, ids: pa.Array, batch: pa.RecordBatch, verdict: _Verdict) -> None:
        """The first row of an id is kept, later ones are duplicates; rejected rows claim no id."""
        assert self._unique is not None
        repeated = self._seen.repeated(ids, verdict.accepted)
        position = self.positions[self.schema.fields.index(self._unique)]
        self._judge(Rule.DUPLICATE_ID, self._unique, repeated, batch.column(position), verdict)

    def _apply(self, columns: list[pa.Array], batch: pa.RecordBatch, verdict: _Verdict) -> Checked:
        dropped: Counter[Rule] = Counter()
        accepted = verdict.accepted
        for index, field in enumerate(self.schema.fields):
            gone = none_of(batch)
            for rule, mask in verdict.drops.get(field.name, ()):
                new = mask & ~gone if accepted is None else mask & ~gone & accepted
                dropped[rule] += int(np.count_nonzero(new))
                gone |= mask
            columns[index] = without(columns[index], gone)
            cut = verdict.cuts.get(field.name)
            if cut is not None:
                columns[index] = value_rules.truncated(columns[index], cut)
                dropped[Rule.TEXT_TOO_LONG] += int(
                    np.count_nonzero(cut & ~gone if accepted is None else cut & ~gone & accepted)
                )
        written = pa.RecordBatch.from_arrays(columns, names=list(self.schema.names))
        row_ids = self._row_ids(batch)
        if accepted is None or accepted.all():
            return Checked(written, dropped=+dropped, row_ids=row_ids)
        mask = pa.array(accepted)
        row_ids = None if row_ids is None else row_ids.filter(mask)
        return Checked(written.filter(mask), self._rejected(batch, verdict), +dropped, row_ids)

    def _row_ids(self, batch: pa.RecordBatch) -> pa.Array | None:
        """Numbers or texts."""
        if self._row_id is None:
            return None
        name = batch.schema.names[self._row_id]
        try:
            return convert(Field(name, "string"), batch.column(self._row_id)).values
        except UncastableError as error:
            problem = f"column {name!r}, which the dataset's row_id names: {error}"
            raise SchemaMismatchError(self.dataset, [problem]) from error

    def _rejected(self, batch: pa.RecordBatch, verdict: _Verdict) -> Rejected:
        assert verdict.reason is not None
        where = np.flatnonzero(verdict.reason)
        reasons = [verdict.reasons[code - 1] for code in verdict.reason[where]]
        first = self.rows_read - batch.num_rows + 1
        values = pa.RecordBatch.from_arrays(
            [batch.column(position) for position in self.positions], names=list(self.schema.names)
        ).take(pa.array(where))
        return Rejected(where + first, [rule for rule, _ in reasons], [name for _, name in reasons], values)


def rows_of(rejected: Rejected) -> Iterator[tuple[int, Rule, str, list[str]]]:
    """Row number, rule, field and the original values as text, row by row."""
    for index, (row, rule, field) in enumerate(
        zip(rejected.rows, rejected.rules, rejected.fields, strict=True)
    ):
        yield (
            int(row),
            rule,
            field,
            [format_value(column[index], quote=False) for column in rejected.values.columns],
        )
