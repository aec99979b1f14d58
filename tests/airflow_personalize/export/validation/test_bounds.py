"""A partition holds its day: rows of another one stop the export, or go where the contract says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from airflow_personalize.export.exceptions import OutsidePartitionError, RuleViolatedError
from airflow_personalize.export.partitions import Partition, cut_in_time
from airflow_personalize.export.validation.bounds import Bounds
from airflow_personalize.export.validation.checker import BatchChecker
from airflow_personalize.export.validation.contract import Action, Contract, Rule

START = 1767225600  # 2026-01-01 in UTC
DAY = Bounds(
    "2026-01-01", datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC), "query sql/e.sql"
)


def check(schema, timestamps, contract=None, bounds=DAY, kind=None):
    values = {
        "user_id": ["u"],
        "item_id": ["i"],
        "event_type": ["view"],
        "event_value": [1.0],
        "device": ["tv"],
    }
    columns = [pa.array(entry * len(timestamps)) for entry in values.values()]
    batch = pa.RecordBatch.from_arrays([*columns, pa.array(timestamps, kind)], names=list(schema.names))
    return BatchChecker("interactions", schema, schema.names, contract, bounds=bounds).check(batch)


@pytest.mark.parametrize("seconds", [START - 1, START + 86_400, START - 10 * 86_400])
def test_a_row_of_another_partition_stops_the_export_with_query_bounds_and_example(
    interactions_schema, seconds
):
    with pytest.raises(OutsidePartitionError) as caught:
        check(interactions_schema, [START, seconds])

    error = caught.value
    assert (error.rule, error.field, error.row) == ("outside_partition", "timestamp", 2)
    instant = datetime.fromtimestamp(seconds, UTC).isoformat()
    for part in (
        "query sql/e.sql, row 2 of its result, field 'timestamp'",
        f"{instant} ({seconds}) lies outside",
        "'2026-01-01', which is [2026-01-01T00:00:00+00:00, 2026-01-02T00:00:00+00:00)",
        "column >= {{ start }} AND column < {{ end }}",
    ):
        assert part in str(error)


def test_the_first_and_the_last_second_of_a_partition_belong_to_it(interactions_schema):
    checked = check(interactions_schema, [START, START + 86_399])

    assert checked.written.num_rows == 2


@pytest.mark.parametrize("kind", [pa.timestamp("us", "UTC"), pa.timestamp("ns"), pa.timestamp("s")])
def test_database_instants_are_compared_too(interactions_schema, kind):
    inside = datetime(2026, 1, 1, 23, 59, 59, 999_999 if kind.unit != "s" else 0)

    assert check(interactions_schema, [inside], kind=kind).written.num_rows == 1
    with pytest.raises(OutsidePartitionError):
        check(interactions_schema, [inside, datetime(2026, 1, 2)], kind=kind)


@pytest.mark.parametrize("action", [Action.REJECT, Action.DROP_VALUE])
def test_a_contract_may_reject_such_rows(interactions_schema, action):
    contract = Contract(rules={Rule.OUTSIDE_PARTITION: action})

    checked = check(interactions_schema, [START - 1, START, START + 86_400], contract)

    assert checked.written.column("timestamp").to_pylist() == [START]
    assert list(checked.rejected.rules) == [Rule.OUTSIDE_PARTITION] * 2


def test_the_default_action_of_a_contract_does_not_hide_it():
    assert Contract(default=Action.REJECT).action(Rule.OUTSIDE_PARTITION) is Action.STOP


def test_a_value_that_is_no_instant_has_its_own_reason(interactions_schema):
    checked = check(interactions_schema, [START * 1000, None, 7])

    assert set(checked.rejected.rules) == {
        Rule.TIMESTAMP_NOT_SECONDS,
        Rule.MISSING_VALUE,
        Rule.TIMESTAMP_OUT_OF_RANGE,
    }
    with pytest.raises(RuleViolatedError, match="timestamp_not_seconds"):
        check(interactions_schema, [START * 1000], Contract(rules={Rule.TIMESTAMP_NOT_SECONDS: Action.STOP}))


def test_the_whole_table_has_no_bounds(interactions_schema):
    assert Bounds.of(Partition("full"), "q") is None
    assert check(interactions_schema, [START - 1], bounds=None).written.num_rows == 1


@pytest.mark.parametrize("shards", [2, 7, 11, 97])
def test_slices_in_time_begin_at_whole_seconds_so_each_instant_is_in_one(shards):
    day = Partition("2026-01-01", DAY.start, DAY.end)

    slices = cut_in_time(day, shards)

    assert all(part.start.microsecond == part.end.microsecond == 0 for part in slices)
    assert (slices[0].start, slices[-1].end) == (day.start, day.end)
    bounds = [Bounds.of(part, "q") for part in slices]
    for second in {
        edge + delta
        for part in slices
        for edge in [part.start]
        for delta in (timedelta(0), timedelta(seconds=1))
    }:
        instants = pa.array([int(second.timestamp())])
        assert [part.outside(instants) is None for part in bounds].count(True) == 1
