"""Lists, beside a model of them: sort, filter, roll up, cut into pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from localpersonalize.aws.s3.index import Index
from localpersonalize.aws.s3.notes import Note
from tests.support.localpersonalize.live import code

KEYS = ["a", "a/", "a/1", "a/2", "a/b/3", "ab", "b/1", "b/2/x", "c", "ä/ö", "😀"]


def note(key: str) -> Note:
    return Note("b", key, "f", 1, "e", "2026-01-01T00:00:00+00:00")


def model(keys: set[str], prefix: str, delimiter: str, after: str) -> list[str]:
    """Keys and common prefixes behind `after`, as the API reference describes them."""
    names: dict[str, None] = {}
    for key in sorted(keys):
        if not key.startswith(prefix):
            continue
        end = key.find(delimiter, len(prefix)) if delimiter else -1
        name = key if end < 0 else key[: end + len(delimiter)]
        if name > after and (key > after):
            names[name] = None
    return list(names)


@settings(max_examples=400, deadline=None)
@given(
    keys=st.sets(st.text("ab/", min_size=1, max_size=5), max_size=20),
    prefix=st.text("ab/", max_size=2),
    delimiter=st.sampled_from(["", "/", "b", "a/"]),
    size=st.integers(1, 5),
)
def test_pages_put_together_are_the_whole_list(
    keys: set[str], prefix: str, delimiter: str, size: int
) -> None:
    index = Index()
    index.read_notes(())
    for key in keys:
        index.update("b", key, note(key))

    def pages() -> Iterator[str]:
        after, more = "", True
        while more:
            entries, more = index.page("b", prefix, delimiter, after, size)
            assert len(entries) <= size
            yield from (entry.key for entry in entries)
            after = entries[-1].key if entries else after

    assert list(pages()) == model(keys, prefix, delimiter, "")


@pytest.fixture
def filled(s3: Any, bucket: str) -> str:
    for key in KEYS:
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    return bucket


def listed(pages: Iterator[dict[str, Any]]) -> tuple[list[str], list[str]]:
    keys, prefixes = [], []
    for page in pages:
        keys += [entry["Key"] for entry in page.get("Contents", ())]
        prefixes += [entry["Prefix"] for entry in page.get("CommonPrefixes", ())]
    return keys, prefixes


@pytest.mark.parametrize("operation", ["list_objects", "list_objects_v2"])
@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_lists_in_pages_of_any_size(s3: Any, filled: str, operation: str, size: int) -> None:
    pages = s3.get_paginator(operation).paginate
    page = {"PageSize": size}
    assert listed(pages(Bucket=filled, PaginationConfig=page))[0] == KEYS
    keys, prefixes = listed(pages(Bucket=filled, Delimiter="/", PaginationConfig=page))
    assert (keys, prefixes) == (["a", "ab", "c", "😀"], ["a/", "b/", "ä/"])
    keys, prefixes = listed(pages(Bucket=filled, Prefix="a/", Delimiter="/", PaginationConfig=page))
    assert (keys, prefixes) == (["a/", "a/1", "a/2"], ["a/b/"])


def test_versions_are_listed_one_each(s3: Any, filled: str) -> None:
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=filled, PaginationConfig={"PageSize": 3})
    results = [entry for page in pages for entry in page.get("Versions", ())]
    assert [entry["Key"] for entry in results] == KEYS
    assert {entry["VersionId"] for entry in results} == {"null"}
    assert all(entry["IsLatest"] for entry in results)


def test_what_a_list_says_of_an_object(s3: Any, filled: str) -> None:
    entry = s3.list_objects_v2(Bucket=filled, FetchOwner=True)["Contents"][0]
    head = s3.head_object(Bucket=filled, Key=entry["Key"])
    assert (entry["ETag"], entry["Size"], entry["LastModified"]) == (
        head["ETag"],
        head["ContentLength"],
        head["LastModified"],
    )
    assert (entry["StorageClass"], entry["Owner"]["ID"]) == ("STANDARD", "123456789012")


def test_start_after_max_keys_and_forged_tokens(s3: Any, filled: str) -> None:
    assert [e["Key"] for e in s3.list_objects_v2(Bucket=filled, StartAfter="b")["Contents"]][:1] == ["b/1"]
    none = s3.list_objects_v2(Bucket=filled, MaxKeys=0)
    assert (none["KeyCount"], none["IsTruncated"]) == (0, False)
    for token in ("forged", "Zm9yZ2Vk", "ü", ""):
        refused = code(lambda text=token: s3.list_objects_v2(Bucket=filled, ContinuationToken=text))
        assert refused == "InvalidArgument", token
    assert code(lambda: s3.list_objects_v2(Bucket="no-such-bucket")) == "NoSuchBucket"


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(size=st.sampled_from(["-1", "abc", "1e3", "٣", "99999999999999"]))
def test_numbers_that_are_none_are_refused(server: Any, filled: str, size: str) -> None:
    from urllib.parse import quote

    path = f"/{filled}?max-keys={quote(size)}"
    status, content, _ = server.send("GET", path, headers=server.signed("GET", path))
    assert (status, b"InvalidArgument" in content) == (400, True)
