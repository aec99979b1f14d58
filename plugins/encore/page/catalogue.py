"""Users, items and their events as the last exports have them: who is who, and what somebody did last."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from airflow_personalize.export import manifest as manifests
from airflow_personalize.export.manifest import DatasetLocation
from encore.config.models import DatasetGroup
from encore.page.titles import DATASETS, TITLES, Titles

if TYPE_CHECKING:
    import pyarrow as pa

#: A table above this is not read into the memory of Airflow's API server.
MOST_BYTES = 200_000_000
#: Events are looked for in the newest days only, and in no more than so many bytes.
MOST_DAYS, MOST_EVENT_BYTES = 60, 100_000_000
EVENTS, SUGGESTIONS = 12, 12


@dataclass(frozen=True)
class Entry:
    """A user or an item.

    :param facts: its metadata, column by column, without the empty ones
    """

    id: str
    title: str
    facts: Mapping[str, str]


@dataclass(frozen=True)
class Event:
    """What a user did with an item."""

    item: str
    user: str
    type: str
    value: str
    when: datetime


class Catalogue:
    """The exports of a group.

    :param client: of S3
    """

    def __init__(self, client: Any, group: DatasetGroup) -> None:
        self._client, self._group = client, group

    def entries(self, kind: str, ids: Sequence[str]) -> dict[str, Entry]:
        """What is known of users or items, by id; those that no export has are left out.

        :param kind: user or item
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        table = self._table(kind)
        if table is None or not ids:
            return {}
        rows = table.filter(pc.is_in(table[f"{kind}_id"], pa.array(list(ids), pa.string()))).to_pylist()
        return {entry.id: entry for entry in self._titled(kind, [_entry(kind, row) for row in rows])}

    def search(self, kind: str, text: str) -> list[Entry]:
        """Users or items whose id begins with a text, or whose title has it; of an empty text the first."""
        import pyarrow.compute as pc

        table = self._table(kind)
        if table is None:
            return self._met(kind, text)
        by_id = pc.starts_with(table[f"{kind}_id"], text)
        titled = pc.and_(by_id, False)
        for name in TITLES:
            if name in table.column_names:
                titled = pc.or_(
                    titled, pc.fill_null(pc.match_substring(table[name], text, ignore_case=True), False)
                )
        masks = (by_id, pc.and_(titled, pc.invert(by_id)))
        rows = [row for mask in masks for row in table.filter(mask).slice(0, SUGGESTIONS).to_pylist()]
        entries = [_entry(kind, row) for row in rows[:SUGGESTIONS]]
        others = list(self.titles(kind).search(text, SUGGESTIONS)) if text else []
        more = self.entries(kind, others[: SUGGESTIONS - len(entries)])
        return self._titled(kind, list({**{entry.id: entry for entry in entries}, **more}.values()))

    def titles(self, kind: str) -> Titles:
        """What the product database calls them."""
        return Titles.of_group(self._group, kind)

    def _titled(self, kind: str, entries: Sequence[Entry]) -> list[Entry]:
        names = self.titles(kind).of([entry.id for entry in entries if not entry.title])
        return [replace(entry, title=entry.title or names.get(entry.id, "")) for entry in entries]

    def events(self, kind: str, identifier: str) -> list[Event]:
        """The last events of a user, or with an item, the newest first."""
        import pyarrow.compute as pc

        events: list[Event] = []
        for table in self._days():
            own = table.filter(pc.equal(table[f"{kind}_id"], identifier)).to_pylist()
            events += sorted((_event(row) for row in own), key=lambda event: event.when, reverse=True)
            if len(events) >= EVENTS:
                break
        return events[:EVENTS]

    def _met(self, kind: str, text: str) -> list[Entry]:
        """Who is in the events of the newest day: for groups without a dataset of their own for the kind."""
        import pyarrow.compute as pc

        for table in self._days():
            ids = pc.unique(table[f"{kind}_id"])
            hits = ids.filter(pc.starts_with(ids, text)).slice(0, SUGGESTIONS).to_pylist()
            if hits:
                return [Entry(identifier, "", {}) for identifier in hits]
        return []

    def _table(self, kind: str) -> pa.Table | None:
        dataset = DATASETS[kind]
        if dataset not in self._group.datasets:
            return None
        location = DatasetLocation(self._group.bucket, self._group.prefix, dataset)
        for directory in manifests.directories(self._client, location):
            manifest = manifests.read(self._client, location, directory)
            if manifest and manifest.rows and manifest.bytes <= MOST_BYTES:
                keys = tuple(file["key"] for file in manifest.files)
                return _tables(_Reader(self._client, location.bucket), keys)
        return None

    def _days(self) -> Iterator[pa.Table]:
        """The interactions of each day, the newest first."""
        location = DatasetLocation(self._group.bucket, self._group.prefix, "interactions")
        remaining = MOST_EVENT_BYTES
        for directory in manifests.directories(self._client, location)[: -MOST_DAYS - 1 : -1]:
            manifest = manifests.read(self._client, location, directory)
            if manifest is None or not manifest.rows:
                continue
            remaining -= manifest.bytes
            if remaining < 0:
                return
            keys = tuple(file["key"] for file in manifest.files)
            yield _tables(_Reader(self._client, location.bucket), keys)


class _Reader:
    """Reads files of a bucket; equal for one bucket, so that what was read is found again by its keys."""

    def __init__(self, client: Any, bucket: str) -> None:
        self.client, self.bucket = client, bucket

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Reader) and other.bucket == self.bucket

    def __hash__(self) -> int:
        return hash(self.bucket)

    def read(self, key: str) -> bytes:
        content: bytes = self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return content


@lru_cache(maxsize=64)
def _tables(reader: _Reader, keys: tuple[str, ...]) -> pa.Table:
    """The rows of files whose keys never get another content; columns are text, named in lower case."""
    import pyarrow as pa
    from pyarrow import csv

    parts = []
    for key in keys:
        content = reader.read(key)
        names = content.split(b"\n", 1)[0].decode().strip().split(",")
        table = csv.read_csv(
            io.BytesIO(content),
            parse_options=csv.ParseOptions(newlines_in_values=True, escape_char="\\"),
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]
            ),
        )
        parts.append(table.rename_columns([name.lower() for name in table.column_names]))
    return pa.concat_tables(parts)


def _entry(kind: str, row: Mapping[str, Any]) -> Entry:
    title = next((row[name] for name in TITLES if row.get(name)), "")
    facts = {
        name.replace("_", " "): _readable(name, value)
        for name, value in row.items()
        if value and name != f"{kind}_id" and name not in TITLES
    }
    return Entry(row[f"{kind}_id"], title, facts)


def _readable(name: str, value: str) -> str:
    """Categories without bars, times as days."""
    if name.endswith("timestamp") and value.lstrip("-").isdigit():
        return f"{datetime.fromtimestamp(int(value), UTC):%-d %b %Y}"
    return value.replace("|", ", ")


def _event(row: Mapping[str, Any]) -> Event:
    return Event(
        row["item_id"],
        row["user_id"],
        row.get("event_type") or "",
        row.get("event_value") or "",
        datetime.fromtimestamp(int(row["timestamp"]), UTC),
    )
