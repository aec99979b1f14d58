"""Generated tables with every kind of dirt: no row gets lost, and what is written is what was there."""

from __future__ import annotations

import io
import math
import re
import time

import pyarrow as pa
import pyarrow.csv as pcsv
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_personalize.export.validation.checker import BatchChecker, rows_of
from airflow_personalize.export.validation.contract import Action, Contract, Rule
from airflow_personalize.export.write.csv_format import encode, encode_texts, header

NOW = int(time.time())
PROFILE = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

text = st.one_of(
    st.text(max_size=12),
    st.text("abc,\"'\n\r\t |=;\\\0\x7f\x85é漢🙂", max_size=12),
    st.sampled_from(
        ["", "x" * 256, "x" * 257, "y" * 1001, "a|b", "|a", "a||b", "a|", "TIMESTAMP", "USER_ID", "=1+1"]
    ),
    st.sampled_from(["null", "NULL", "NaN", "true", "1", "Robert'); DROP TABLE events;--"]),
    st.none(),
)
item_id = st.one_of(st.integers(0, 30).map(str), text)
price = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True), st.sampled_from([0.1, -0.0, 1e308, 5e-324]), st.none()
)
instant = st.one_of(
    st.integers(NOW - 10**8, NOW),
    st.integers(-(2**63), 2**63 - 1),
    st.sampled_from([0, NOW * 1000, NOW * 10**6, -1]),
    st.none(),
)
row = st.tuples(
    item_id,
    text,
    price,
    st.one_of(st.booleans(), st.none()),
    st.one_of(st.integers(-(2**40), 2**40), st.none()),
    st.one_of(text, st.sampled_from(["z" * 20_000, "z" * 20_001, "漢" * 7_001, "line\nbreak"])),
    instant,
)
contract = st.builds(
    Contract,
    default=st.sampled_from([Action.REJECT, Action.DROP_VALUE]),
    rules=st.dictionaries(st.sampled_from(list(Rule)), st.sampled_from([Action.REJECT, Action.DROP_VALUE])),
)
TYPES = [pa.string(), pa.string(), pa.float64(), pa.bool_(), pa.int64(), pa.string(), pa.int64()]


def batches_of(rows, names, size):
    for start in range(0, len(rows), size):
        columns = list(zip(*rows[start : start + size], strict=True))
        arrays = [pa.array(list(values), kind) for values, kind in zip(columns, TYPES, strict=True)]
        yield pa.RecordBatch.from_arrays(arrays, names=names)


def export(schema, agreed, batches):
    """The CSV's rows as they parse back, and the rejected rows with their numbers."""
    checker, lines, rejected = BatchChecker("items", schema, schema.names, agreed), [], []
    written = 0
    for batch in batches:
        checked = checker.check(batch)
        written += checked.written.num_rows
        lines.append(encode(checked.written).to_pybytes())
        rejected += [] if checked.rejected is None else list(rows_of(checked.rejected))
    body = header(schema.names) + b"".join(lines)
    parsed = read_back(body, schema) if written else []
    assert len(parsed) == written
    return checker.rows_read, parsed, rejected, body


def read_back(body, schema):
    table = pcsv.read_csv(
        io.BytesIO(body),
        parse_options=pcsv.ParseOptions(escape_char="\\", double_quote=False),
        convert_options=pcsv.ConvertOptions(
            column_types=schema.arrow(),
            strings_can_be_null=True,
            null_values=[""],
            quoted_strings_can_be_null=True,
        ),
    )
    return list(zip(*table.to_pydict().values(), strict=True))


def same(read, original):
    if original == "":
        original = None
    if isinstance(original, str):  # as the service has it: one record a line, text up to its limit
        original = re.sub("[\r\n]+", " ", original[: 7_000 if original.startswith("漢") else 20_000])
    if isinstance(original, float) and read is not None:
        return math.isclose(read, original, rel_tol=0, abs_tol=0)
    return read == original


@PROFILE
@given(rows=st.lists(row, max_size=40), agreed=contract, size=st.integers(1, 40))
def test_every_row_is_written_as_it_was_or_rejected(items_schema, rows, agreed, size):
    read, written, rejected, _ = export(
        items_schema, agreed, batches_of(rows, list(items_schema.names), size)
    )

    assert read == len(rows) == len(written) + len(rejected)
    numbers = {number for number, *_ in rejected}
    assert len(numbers) == len(rejected)
    remaining = [values for number, values in enumerate(rows, 1) if number not in numbers]
    for parsed, original in zip(written, remaining, strict=True):
        for name, value, before in zip(items_schema.names, parsed, original, strict=True):
            dropped = value is None and agreed != Contract()
            assert same(value, before) or dropped, (name, value, before)


@PROFILE
@given(rows=st.lists(row, max_size=40), size=st.integers(1, 40))
def test_what_is_written_keeps_the_services_rules(items_schema, rows, size):
    _, written, _, body = export(items_schema, Contract(), batches_of(rows, list(items_schema.names), size))

    body.decode("utf-8")
    ids = [values[0] for values in written]
    assert len(set(ids)) == len(ids)
    for item, genres, number, _, stars, description, created in written:
        assert item
        assert len(item) <= 256
        assert not any(ord(character) < 32 for character in item + (genres or ""))
        assert len(genres or "") <= 1000
        assert "|" not in (genres or "") or all(part.strip(" ") for part in genres.split("|"))
        assert number is None or math.isfinite(number)
        assert stars is None or abs(stars) < 2**31
        assert len(description or "") <= 20_000
        assert created is None or 631_152_000 <= created <= NOW + 400 * 86_400


@PROFILE
@given(rows=st.lists(row, max_size=40), size=st.integers(1, 40))
def test_the_size_of_the_batches_changes_nothing(items_schema, rows, size):
    names = list(items_schema.names)
    whole = export(items_schema, Contract(), batches_of(rows, names, len(rows) or 1))
    pieces = export(items_schema, Contract(), batches_of(rows, names, size))

    assert (whole[0], whole[2]) == (pieces[0], pieces[2])
    assert [tuple(map(str, values)) for values in whole[1]] == [tuple(map(str, v)) for v in pieces[1]]


@PROFILE
@given(
    rows=st.lists(
        st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r")), min_size=2, max_size=2)
    )
)
def test_rejected_rows_parse_back_as_they_were(rows):
    body = b'"a","b"\n' + encode_texts(rows)

    table = pcsv.read_csv(
        io.BytesIO(body),
        parse_options=pcsv.ParseOptions(newlines_in_values=True),
        convert_options=pcsv.ConvertOptions(column_types={"a": pa.string(), "b": pa.string()}),
    )
    assert [list(values) for values in zip(*table.to_pydict().values(), strict=True)] == rows
