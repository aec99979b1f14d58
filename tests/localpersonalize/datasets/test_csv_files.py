"""What becomes of CSV bytes: rows in order, or a refusal that names the file, row and field."""

from __future__ import annotations

import io
from unittest.mock import patch

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from localpersonalize.datasets import csv_chunks, csv_files
from localpersonalize.datasets.csv_files import ImportRefusedError
from localpersonalize.datasets.schemas import Field

FIELDS = [
    Field("user_id", "string", False),
    Field("item_id", "string", False),
    Field("timestamp", "long", False),
    Field("event_value", "float", True),
    Field("note", "string", True),
]
NAMES = [field.name for field in FIELDS]
HEADER = ",".join(NAMES) + "\n"
ESCAPED = str.maketrans({'"': '\\"', "\\": "\\\\"})


def read(text: str | bytes, fields: list[Field] = FIELDS, kind: str = "INTERACTIONS") -> pa.Table:
    content = text.encode() if isinstance(text, str) else text
    batches = csv_files.read(io.BytesIO(content), "s3://bucket/f.csv", fields, kind)
    return pa.Table.from_batches(batches, csv_files.arrow_schema(fields))


def refusal(text: str | bytes, fields: list[Field] = FIELDS) -> str:
    with pytest.raises(ImportRefusedError) as raised:
        read(text, fields)
    return str(raised.value)


def test_columns_are_in_upper_case_and_in_the_schemas_order() -> None:
    table = read("timestamp,note,item_id,user_id,event_value\n5,x,i,u,1.5\n")
    assert table.column_names == [name.upper() for name in NAMES]
    assert table.to_pylist() == [
        {"USER_ID": "u", "ITEM_ID": "i", "TIMESTAMP": 5, "EVENT_VALUE": 1.5, "NOTE": "x"}
    ]


def test_a_byte_order_mark_windows_line_ends_and_a_missing_last_line_end_do_not_matter() -> None:
    text = b"\xef\xbb\xbf" + (HEADER + "u,i,1,,\nv,j,2,0.5,n").replace("\n", "\r\n").encode()
    assert read(text).column("USER_ID").to_pylist() == ["u", "v"]


def test_a_mark_at_the_beginning_of_a_value_stays_wherever_a_block_begins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(csv_chunks.blocks, "__defaults__", (40,))
    assert read(HEADER + "\ufeffu,i,1,,\n" * 9).column("USER_ID").to_pylist() == ["\ufeffu"] * 9


def test_a_header_alone_is_no_rows() -> None:
    assert read(HEADER).num_rows == 0
    assert read(HEADER.strip()).num_rows == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "is empty"),
        (
            "user_id,item_id,timestamp,event_value\nu,i,1,\n",
            "missing the following columns of the schema: note",
        ),
        (HEADER.strip() + ",note\nu,i,1,,,x\n", "names columns more than once: note"),
        (HEADER + "u,i,1,,\nv,,2,,\n", "empty value in row 3, column item_id"),
        (HEADER + "u,i,1,,\nv,j,soon,,\n", "in row 3, column timestamp"),
        (HEADER + "u,i,1,,\nv,j,2,much,\n", "in row 3, column event_value"),
        (HEADER + "u,i,1,,\nv,j,2\n", "in row 3"),
        (HEADER + f"u,i,1,,\n{'v' * 257},j,2,,\n", "value of 257 characters in row 3, column user_id"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(text: str, expected: str) -> None:
    message = refusal(text)
    assert "s3://bucket/f.csv" in message
    assert expected in message


def test_rows_are_counted_through_all_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_chunks.blocks, "__defaults__", (64,))
    rows = [f"u{n},i,{n},,\n" for n in range(100)]
    assert read(HEADER + "".join(rows)).column("TIMESTAMP").to_pylist() == list(range(100))
    assert "in row 79, column timestamp" in refusal(HEADER + "".join([*rows[:77], "u,i,x,,\n", *rows[77:]]))
    assert "in row 79, column user_id" in refusal(HEADER + "".join([*rows[:77], ",i,1,,\n", *rows[77:]]))


def test_bytes_that_are_not_utf8_are_refused() -> None:
    assert "can't be read" in refusal(HEADER.encode() + b"\xff\xfe,i,1,,\n")


def test_braces_in_a_bad_value_are_shown_as_they_are() -> None:
    assert "{where}" not in refusal(HEADER + "u,i,{oops},,\n")
    assert "{oops}" in refusal(HEADER + "u,i,{oops},,\n")


def test_a_quote_that_is_never_closed_is_refused_in_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_chunks, "MAX_ROW_BYTES", 1000)
    monkeypatch.setattr(csv_chunks.blocks, "__defaults__", (100,))
    assert "never closed" in refusal(HEADER + 'u,"i,1,,\n' + "v,j,2,,\n" * 1000)


@given(
    st.lists(st.tuples(st.text('ab"\\,é', min_size=1, max_size=6), st.integers(0, 9)), max_size=30),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.integers(20, 60),
)
def test_blocks_end_where_rows_end_whatever_is_quoted(
    rows: list[tuple[str, int]], end: str, size: int
) -> None:
    lines = ["user_id,timestamp", *(f'"{text.translate(ESCAPED)}",{number}' for text, number in rows)]
    content = end.join([*lines, ""]).encode()
    cut = list(csv_chunks.blocks(io.BytesIO(content), size))
    assert b"".join(cut) == content
    assert all(bytes(block).endswith(end.encode()) for block in cut[:-1])
    fields = [Field("user_id", "string", False), Field("timestamp", "long", False)]
    with patch.object(csv_chunks.blocks, "__defaults__", (size,)):
        table = read(content, fields)
    assert [tuple(row.values()) for row in table.to_pylist()] == rows
