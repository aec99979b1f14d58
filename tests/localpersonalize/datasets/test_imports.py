"""What the developer guide says an import takes and refuses, statement by statement (pages: docs/data-rules.md)."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from localpersonalize.database import Database
from localpersonalize.datasets import imports
from localpersonalize.datasets.csv_files import ImportRefusedError
from localpersonalize.datasets.s3_objects import _is_at
from localpersonalize.datasets.tables import Tables

ARN = "arn:aws:personalize:us-east-1:123456789012:dataset/shop/"
FIELDS: dict[str, list[dict[str, Any]]] = {
    "INTERACTIONS": [
        {"name": "USER_ID", "type": "string"},
        {"name": "ITEM_ID", "type": "string"},
        {"name": "TIMESTAMP", "type": "long"},
        {"name": "EVENT_TYPE", "type": "string"},
        {"name": "EVENT_VALUE", "type": ["null", "float"]},
        {"name": "IMPRESSION", "type": ["null", "string"]},
    ],
    "ITEMS": [
        {"name": "ITEM_ID", "type": "string"},
        {"name": "GENRE", "type": ["null", "string"], "categorical": True},
        {"name": "YEAR", "type": ["null", "int"]},
        {"name": "PRICE", "type": ["null", "double"]},
        {"name": "SOLD", "type": ["null", "boolean"]},
        {"name": "TITLE", "type": ["null", "string"]},
        {"name": "ABOUT", "type": ["null", "string"], "textual": True},
        {"name": "CREATION_TIMESTAMP", "type": ["null", "long"]},
    ],
}
EVENT, ITEM = (
    "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE,IMPRESSION\n",
    "ITEM_ID,GENRE,YEAR,PRICE,SOLD,TITLE,ABOUT,CREATION_TIMESTAMP\n",
)


class Files:
    """Objects of S3 by key, in memory."""

    def __init__(self, files: dict[str, str | bytes]) -> None:
        self.files = {key: text if isinstance(text, bytes) else text.encode() for key, text in files.items()}

    def at(self, location: str) -> Iterator[tuple[str, str]]:
        yield from (("b", key) for key in self.files)

    def open(self, bucket: str, key: str) -> io.BytesIO:
        return io.BytesIO(self.files[key])


class Dataset:
    """One dataset, and imports into it without a server."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.database = Database(folder / "p.sqlite")
        self.tables, self.kind, self.arn = Tables(self.database, folder), kind, ARN + kind
        self.schema = {"schema": json.dumps({"type": "record", "name": kind, "fields": FIELDS[kind]})}
        self.body: dict[str, Any] = {"datasetArn": self.arn, "datasetType": kind, "schemaArn": "schema"}
        self.database.add("Schema", "schema", self.schema)
        self.database.add("Dataset", self.arn, self.body)
        self.number = 0

    def load(self, files: str | bytes | dict[str, str | bytes], mode: str = "FULL") -> dict[str, Any]:
        self.number += 1
        job = {
            "datasetImportJobArn": f"job/{self.number}",
            "importMode": mode,
            "dataSource": {"dataLocation": "s3://b/f/"},
        }
        objects: Any = Files(files if isinstance(files, dict) else {"f.csv": files})
        done = imports.run(self.tables, job, self.body, self.schema, objects)
        self.body["_versions"] = done["versions"]
        self.database.change(self.arn, _versions=done["versions"])
        return done

    def rows(self) -> list[dict[str, Any]]:
        table = self.tables.whole(self.arn)
        return [] if table is None else table.to_pylist()


@pytest.fixture
def items(tmp_path: Path) -> Dataset:
    return Dataset(tmp_path, "ITEMS")


@pytest.fixture
def events(tmp_path: Path) -> Dataset:
    return Dataset(tmp_path, "INTERACTIONS")


def item(**values: str) -> str:
    row = {"ITEM_ID": "i", **values}
    return (
        ITEM
        + "a,war,1999,1.5,true,t,x,5\n"
        + ",".join(row.get(n, "") for n in ITEM.strip().split(","))
        + "\n"
    )


def event(**values: str) -> str:
    row = {"USER_ID": "u", "ITEM_ID": "i", "TIMESTAMP": "5", "EVENT_TYPE": "e", **values}
    return EVENT + "a,b,1,e,,\n" + ",".join(row.get(n, "") for n in EVENT.strip().split(",")) + "\n"


REFUSED = [
    (item(GENRE="g" * 1001), "value of 1001 characters in row 3, column GENRE; at most 1000"),
    (item(ITEM_ID="i" * 257), "value of 257 characters in row 3, column ITEM_ID"),
    (item(ITEM_ID=""), "empty value in row 3, column ITEM_ID"),
    (item(YEAR="2006-2007"), "row 3, column YEAR"),
    (item(YEAR="2147483648"), "row 3, column YEAR"),
    (item(YEAR="1.0"), "row 3, column YEAR"),
    (item(YEAR="0x1F"), "in row 3, column YEAR"),
    (item(PRICE="NaN"), "value in row 3, column PRICE that is no finite number"),
    (item(PRICE="1e400"), "value in row 3, column PRICE that is no finite number"),
    (item(PRICE="-Infinity"), "value in row 3, column PRICE that is no finite number"),
    (item(SOLD="True"), "row 3, column SOLD"),
    (item(SOLD="1"), "row 3, column SOLD"),
    (item(CREATION_TIMESTAMP="2020-07-31"), "row 3, column CREATION_TIMESTAMP"),
    (
        item(CREATION_TIMESTAMP="1596238243000"),
        "time in row 3, column CREATION_TIMESTAMP that is not in epoch",
    ),
    (item(TITLE="TIMESTAMP"), "has the value TIMESTAMP in row 3, column TITLE"),
    (item(GENRE="EVENT_TYPE"), "has the value EVENT_TYPE in row 3, column GENRE"),
    (item(ABOUT='"one\ntwo"'), "a record in row 3 that does not end on its line"),
    (item(ABOUT='"one\r\ntwo"'), "a record in row 3 that does not end on its line"),
    (item(ABOUT='"never closed'), "a record in row 3 that does not end on its line"),
    (item(TITLE="a,b"), "row 3"),
    (item().replace("ITEM_ID,", '"ITEM_ID",', 1), "quotation marks in its header"),
    (item().replace("ITEM_ID", "ID", 1), "missing the following columns of the schema: ITEM_ID"),
    (item().replace("GENRE", "item_id", 1), "names columns more than once: ITEM_ID"),
    (item().partition("\n")[2], "missing the following columns of the schema"),
    ("", "is empty: it has no header"),
    (ITEM, "hold no records"),
    (item().replace("\n", "\n\n").encode("utf-16"), "can't be read|missing the following"),
    (item(TITLE="é").encode("latin-1"), "can't be read"),
]


@pytest.mark.parametrize(("text", "says"), REFUSED)
def test_an_import_of_items_is_refused_with_file_row_and_field(
    items: Dataset, text: str | bytes, says: str
) -> None:
    items.load(item())
    with pytest.raises(ImportRefusedError, match=says):
        items.load(text)
    assert [row["ITEM_ID"] for row in items.rows()] == ["a", "i"]  # what was there is there


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (event(EVENT_TYPE="e" * 257), "value of 257 characters in row 3, column EVENT_TYPE"),
        (event(IMPRESSION="i" * 1001), "value of 1001 characters in row 3, column IMPRESSION"),
        (event(EVENT_VALUE="1e39"), "row 3, column EVENT_VALUE that is no finite number of type float"),
        (event(TIMESTAMP="1700000000000"), "time in row 3, column TIMESTAMP that is not in epoch seconds"),
        (event(TIMESTAMP=""), "empty value in row 3, column TIMESTAMP"),
        (event(USER_ID="USER_ID"), "has the value USER_ID in row 3, column USER_ID"),
        (event(EVENT_TYPE="EVENT_TYPE"), "has the value EVENT_TYPE in row 3"),
    ],
)
def test_an_import_of_interactions_is_refused_alike(events: Dataset, text: str, says: str) -> None:
    with pytest.raises(ImportRefusedError, match=says):
        events.load(text)


def kinds(first: int, number: int) -> str:
    return EVENT + "".join(f"u,i,{n},kind {first + n},,\n" for n in range(number))


def test_event_types_and_metadata_are_ten_together_with_event_type_and_event_value(events: Dataset) -> None:
    events.load(kinds(0, 8))
    with pytest.raises(ImportRefusedError, match=r"9 or more distinct event types in EVENT_TYPE .*at most 8"):
        events.load(kinds(0, 9))
    with pytest.raises(ImportRefusedError, match="distinct event types"):
        events.load(kinds(8, 1), "INCREMENTAL")
    with pytest.raises(ImportRefusedError, match="distinct event types"):
        events.load({"1.csv": kinds(0, 5), "2.csv": kinds(5, 4)})
    events.load(kinds(8, 8))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("header_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", ["", "\n", "\r", "\r\n"])
def test_lines_may_end_in_any_way_and_in_several(
    items: Dataset, end: str, header_end: str, last: str
) -> None:
    rows = [f"i{n},g,{n},,,,," for n in range(50)]
    assert items.load(ITEM.strip() + header_end + end.join(rows) + last)["rows"] == 50
    assert [row["YEAR"] for row in items.rows()] == list(range(50))


def test_empty_lines_are_no_records(items: Dataset) -> None:
    assert items.load(item().replace("\n", "\n\n"))["rows"] == 2


def test_columns_that_the_schema_lacks_are_left_out_and_names_may_be_in_any_case_and_order(
    items: Dataset,
) -> None:
    text = ",title,item_id,Genre,unnamed,YEAR,price,sold,about,creation_timestamp,unnamed\n0,t,i,g,x,1,2,true,a,5,y\n"
    items.load(text)
    assert items.rows() == [
        {
            "ITEM_ID": "i",
            "GENRE": "g",
            "YEAR": 1,
            "PRICE": 2.0,
            "SOLD": True,
            "TITLE": "t",
            "ABOUT": "a",
            "CREATION_TIMESTAMP": 5,
        }
    ]


def test_each_file_has_a_header_of_its_own(items: Dataset) -> None:
    other = "TITLE,ABOUT,ITEM_ID,GENRE,YEAR,PRICE,SOLD,CREATION_TIMESTAMP\nt,x,z,g,1,2,true,5\n"
    assert items.load({"1.csv": item(), "2.csv": other})["rows"] == 3
    with pytest.raises(ImportRefusedError, match=r"s3://b/2\.csv is missing the following columns"):
        items.load({"1.csv": item(), "2.csv": "ITEM_ID,GENRE\nz,g\n"})


def test_text_is_quoted_with_escapes(items: Dataset) -> None:
    items.load(
        ITEM + r'a,,,,,C:\temp,"she said \"no, never\" \\ and left, \d",'
        "\n" + r'b,,,,,,"ends with \\",' + "\n" + 'c,,,,,,"rfc ""quotes""",\n' + r"d,,,,,a\\b\,," + "\n"
    )
    rows = {row["ITEM_ID"]: (row["TITLE"], row["ABOUT"]) for row in items.rows()}
    assert rows == {
        "a": (r"C:\temp", r'she said "no, never" \ and left, \d'),
        "b": (None, "ends with \\"),
        "c": (None, 'rfc "quotes"'),
        "d": ("a\\b\\", None),
    }


def test_text_over_its_limit_is_cut_off_and_counted(items: Dataset) -> None:
    done = items.load(
        ITEM
        + "".join(f'{n},,,,,,"{text}",\n' for n, text in enumerate(["z" * 20_001, "漢" * 7_001, "é" * 7_001]))
    )
    assert done["truncated"] == {"ABOUT": 2}
    assert [len(row["ABOUT"]) for row in items.rows()] == [20_000, 7_000, 7_001]


def test_strings_without_a_mark_have_no_limit(items: Dataset) -> None:
    items.load(item(TITLE="t" * 5000))
    assert len(items.rows()[1]["TITLE"]) == 5000


@pytest.mark.parametrize(
    ("path", "key", "read", "deleted"),
    [
        ("f/", "f/a.csv", True, True),
        ("f", "f/a.csv", True, True),
        ("f/a.csv", "f/a.csv", True, True),
        ("f/", "f/sub/a.csv", False, True),
        ("f", "f/sub/a.csv", False, True),
        ("f", "folder/a.csv", False, False),
        ("f/", "f/sub/", False, False),
        ("", "a.csv", True, True),
        ("", "f/a.csv", False, True),
    ],
)
def test_an_import_reads_no_sub_folders_and_a_deletion_does(
    path: str, key: str, read: bool, deleted: bool
) -> None:
    assert _is_at(path, key, sub_folders=False) == read
    assert _is_at(path, key, sub_folders=True) == deleted


def test_a_stored_record_that_no_longer_fits_costs_itself(
    items: Dataset, caplog: pytest.LogCaptureFixture
) -> None:
    items.load(item())
    good, bad = (
        {"ITEM_ID": "new", "YEAR": 7},
        [{"YEAR": 2**40}, {"TITLE": "\ud800"}, {"PRICE": "much"}, {"SOLD": []}],
    )
    records = {"new": good, **{f"bad{n}": {"ITEM_ID": f"bad{n}", **row} for n, row in enumerate(bad)}}
    items.database.put_records(items.arn, records)
    assert [row["ITEM_ID"] for row in items.rows()] == ["a", "i", "new"]
    assert caplog.text.count("A stored record is left out") == 4
