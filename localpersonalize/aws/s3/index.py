"""The keys of each bucket in order, read from the notes by a thread of its own and kept up to date from then on.

Only lists need it: they wait until it is read; objects are put and read meanwhile.
"""

from __future__ import annotations

import logging
import threading
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from localpersonalize.aws.s3.notes import DamagedNoteError, Note, read

log = logging.getLogger(__name__)

LAST = "\U0010ffff"


@dataclass(frozen=True)
class Entry:
    """One line of a list: an object, or with `note` None what several keys have in common up to the delimiter."""

    key: str
    note: Note | None = None


class _Bucket:
    def __init__(self) -> None:
        self.keys: list[str] = []
        self.notes: dict[str, Note] = {}


class Index:
    """Call `read_notes` once, in a thread; `update` after each change."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ready = threading.Event()
        self._buckets: dict[str, _Bucket] = {}
        self._changed: dict[tuple[str, str], Note | None] = {}
        self.damaged: list[str] = []

    def read_notes(self, files: Iterable[Path]) -> set[str]:
        """Read all notes; the names of the files with bytes that they name."""
        named = set()
        for file in files:
            try:
                note = read(file)
            except FileNotFoundError:
                continue  # replaced or deleted since its name was read: it is among the changes
            except (DamagedNoteError, OSError) as error:
                log.error("an object can't be served: %s", error)
                self.damaged.append(file.name)
                continue
            named.add(note.file)
            with self._lock:
                self._set(note.bucket, note.key, note)
        with self._lock:
            for (bucket, key), changed in self._changed.items():
                self._set(bucket, key, changed)
            self._changed.clear()
            self._ready.set()
        return named

    def update(self, bucket: str, key: str, note: Note | None) -> None:
        """An object is now as `note` says, or is gone."""
        with self._lock:
            if self._ready.is_set():
                self._set(bucket, key, note)
            else:
                self._changed[bucket, key] = note

    def buckets(self) -> list[str]:
        """Names of the buckets that have objects."""
        self._ready.wait()
        with self._lock:
            return [name for name, bucket in self._buckets.items() if bucket.keys]

    def is_empty(self, bucket: str) -> bool:
        """Whether a bucket has no object."""
        self._ready.wait()
        with self._lock:
            bucket_keys = self._buckets.get(bucket)
            return bucket_keys is None or not bucket_keys.keys

    def page(
        self, bucket: str, prefix: str, delimiter: str, after: str, size: int
    ) -> tuple[list[Entry], bool]:
        """So many entries behind the key or common prefix `after`, and whether there are more."""
        self._ready.wait()
        with self._lock:
            bucket_keys = self._buckets.get(bucket)
            if bucket_keys is None:
                return [], False
            entries: list[Entry] = []
            for entry in _entries(bucket_keys, prefix, delimiter, after):
                if len(entries) == size:
                    return entries, True
                entries.append(entry)
            return entries, False

    def _set(self, bucket: str, key: str, note: Note | None) -> None:
        held = self._buckets.setdefault(bucket, _Bucket())
        if note is not None:
            if key not in held.notes:
                insort(held.keys, key)
            held.notes[key] = note
        elif held.notes.pop(key, None) is not None:
            del held.keys[bisect_left(held.keys, key)]


def _entries(bucket: _Bucket, prefix: str, delimiter: str, after: str) -> Iterator[Entry]:
    keys = bucket.keys
    position = bisect_left(keys, prefix)
    if after >= prefix and after:
        position = max(position, bisect_left(keys, _behind(after, prefix, delimiter)))
    while position < len(keys) and keys[position].startswith(prefix):
        end = keys[position].find(delimiter, len(prefix)) if delimiter else -1
        if end < 0:
            yield Entry(keys[position], bucket.notes[keys[position]])
            position += 1
        else:
            common = keys[position][: end + len(delimiter)]
            if common != after:  # a list that goes on behind a common prefix
                yield Entry(common)
            position = bisect_left(keys, common + LAST * 4, position)


def _behind(after: str, prefix: str, delimiter: str) -> str:
    """The least key that comes behind `after`; behind all keys in common if it is a common prefix."""
    if delimiter and after.startswith(prefix) and after.endswith(delimiter) and len(after) > len(prefix):
        return after + LAST * 4
    return after + "\0"
