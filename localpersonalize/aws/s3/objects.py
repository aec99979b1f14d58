"""Objects as files: the bytes of each version in a file that never changes, beside a note that names it.

A version is written to a new file and flushed; then its note takes the place of the one before, in one step. Who
reads has a file open, and goes on with the version that it began.
"""

from __future__ import annotations

import logging
import os
import threading
import uuid
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from localpersonalize.aws.s3 import notes
from localpersonalize.aws.s3.errors import S3Error, no_such_bucket, no_such_key
from localpersonalize.aws.s3.index import Index
from localpersonalize.aws.s3.notes import DamagedNoteError, Note
from localpersonalize.private_files import flush_folder, make_private_folder, replace_file

log = logging.getLogger(__name__)

STRIPES = 32
MAX_TRIES = 100

Check = Callable[[Note | None], None]
"""Raises if an object, as it is now, must not be changed."""


class NewFile:
    """Bytes on their way to an object. `finish` has them on disk; whoever does not name them discards them."""

    def __init__(self, folder: Path, unfinished: set[str], same_as: Path | None = None) -> None:
        self.file = folder / f"{uuid.uuid4().hex}.data"
        self._unfinished, self.size = unfinished, 0
        self.crc32: int | None = 0
        self._target: BinaryIO | None = None
        if same_as is not None:
            os.link(same_as, self.file)
        else:
            descriptor = os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            self._target = open(descriptor, "wb", buffering=0)  # noqa: SIM115 - closed by finish or discard
        unfinished.add(self.file.name)

    def write(self, content: bytes) -> None:
        assert self._target is not None
        view = memoryview(content)
        while view:
            view = view[self._target.write(view) :]
        self.size += len(content)
        self.crc32 = zlib.crc32(content, self.crc32 or 0)

    def finish(self) -> None:
        assert self._target is not None
        os.fsync(self._target.fileno())
        self._close()

    def named(self) -> None:
        """A note names the file: it is nobody's to discard."""
        self._unfinished.discard(self.file.name)

    def discard(self) -> None:
        """Remove the file, unless it is named by now."""
        self._close()
        if self.file.name in self._unfinished:
            self.file.unlink(missing_ok=True)
            self._unfinished.discard(self.file.name)

    def _close(self) -> None:
        if self._target is not None:
            self._target.close()
            self._target = None


@dataclass
class OpenObject:
    """One version: what is known of it, and its bytes."""

    note: Note
    source: BinaryIO

    def read_at(self, offset: int, size: int) -> bytes:
        """
        :raises S3Error: InternalError, if the file is shorter than its note says.
        """
        content = os.pread(self.source.fileno(), size, offset)
        if not content and size:
            raise damaged(f"the bytes of {self.note.key}, in {self.note.file}, are cut off")
        return content


class ObjectStore:
    """The folder with notes (`*.json`) and bytes (`*.data`)."""

    def __init__(self, folder: Path, has_bucket: Callable[[str], bool]) -> None:
        self.folder, self.index = folder, Index()
        self._has_bucket = has_bucket
        self._locks = [threading.RLock() for _ in range(STRIPES)]
        self._unfinished: set[str] = set()
        self._verified: set[str] = set()
        make_private_folder(folder)
        self._at_start = os.listdir(folder)

    def read_index(self) -> None:
        """Read all notes, and remove the bytes that none of them names: uploads cut off by a kill."""
        names, self._at_start = self._at_start, []
        named = self.index.read_notes(self.folder / name for name in names if name.endswith(".json"))
        if self.index.damaged:
            return  # bytes may belong to a note that can't be read
        for name in names:
            if name.endswith(".partial") or (name.endswith(".data") and name not in named):
                (self.folder / name).unlink(missing_ok=True)

    def note(self, bucket: str, key: str) -> Note | None:
        """What is known of an object, None if there is none.

        :raises S3Error: InternalError, if its note is damaged.
        """
        try:
            return notes.read(notes.note_file(self.folder, bucket, key))
        except FileNotFoundError:
            return None
        except DamagedNoteError as error:
            raise damaged(str(error)) from None

    def require(self, bucket: str, key: str) -> Note:
        """
        :raises S3Error: NoSuchBucket or NoSuchKey.
        """
        note = self.note(bucket, key)
        if note is None:
            raise no_such_key(key) if self._has_bucket(bucket) else no_such_bucket(bucket)
        return note

    def open(self, bucket: str, key: str, verify: bool = True) -> OpenObject:
        """An object as it is now, to be closed by the caller.

        :param verify: compare its bytes with their checksum, if no earlier call has; for who reads them.
        :raises S3Error: NoSuchBucket, NoSuchKey; InternalError, if it is damaged.
        """
        missing = ""
        for _ in range(MAX_TRIES):
            note = self.require(bucket, key)
            try:
                source = open(self.folder / note.file, "rb", buffering=0)  # noqa: SIM115 - the caller's
            except FileNotFoundError:
                if note.file == missing:
                    break  # not replaced meanwhile: it is gone
                missing = note.file
                continue
            if os.fstat(source.fileno()).st_size != note.size:
                source.close()
                raise damaged(f"the bytes of {key}, in {note.file}, are not the {note.size} that were put")
            if verify and note.file not in self._verified:
                self._verify(note, source)
            return OpenObject(note, source)
        raise damaged(f"the file with the bytes of {key}, {missing}, is missing")

    def _verify(self, note: Note, source: BinaryIO) -> None:
        """
        :raises S3Error: InternalError, if the bytes are not those that were put.
        """
        if not notes.has_its_bytes(note, source.fileno()):
            source.close()
            raise damaged(f"the bytes of {note.key}, in {note.file}, are not those that were put")
        self._verified.add(note.file)

    def new_file(self) -> NewFile:
        return NewFile(self.folder, self._unfinished)

    def link(self, source: OpenObject) -> NewFile | None:
        """The bytes of an object under a new name, without copying; None where the file system can't."""
        try:
            made = NewFile(self.folder, self._unfinished, self.folder / source.note.file)
        except OSError:
            return None
        made.size, made.crc32 = source.note.size, source.note.crc32
        return made

    def put(self, note: Note, content: NewFile, check: Check | None = None) -> None:
        """Make a finished file the newest version of its object; on disk when this returns."""
        note = replace(note, crc32=content.crc32)
        with self._change(note.bucket, note.key) as before:
            if not self._has_bucket(note.bucket):
                raise no_such_bucket(note.bucket)
            if check is not None:
                check(before)
            replace_file(notes.note_file(self.folder, note.bucket, note.key), note.to_json())
            content.named()
            self._verified.add(note.file)
            self.index.update(note.bucket, note.key, note)
            self._remove(before, unless=note.file)

    def change(self, bucket: str, key: str, change: Callable[[Note], Note]) -> Note:
        """Say something else of an object, whose bytes stay."""
        with self._change(bucket, key) as before:
            if before is None:
                raise no_such_key(key)
            after = change(before)
            replace_file(notes.note_file(self.folder, bucket, key), after.to_json())
            self.index.update(bucket, key, after)
        return after

    def delete(self, bucket: str, keys: Iterable[str], check: Check | None = None) -> None:
        """Delete objects, those too that are damaged; that there is none is no error."""
        for key in keys:
            with self._change(bucket, key) as before:
                if check is not None:
                    check(before)
                notes.note_file(self.folder, bucket, key).unlink(missing_ok=True)
                self.index.update(bucket, key, None)
                self._remove(before)
        flush_folder(self.folder)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let no object change meanwhile."""
        with ExitStack() as stack:
            for lock in self._locks:  # always in this order, so that two never wait for each other
                stack.enter_context(lock)
            yield

    @contextmanager
    def _change(self, bucket: str, key: str) -> Iterator[Note | None]:
        """Nobody else changes the object between a check and its change."""
        file = notes.note_file(self.folder, bucket, key)
        with self._locks[int(file.name[:8], 16) % STRIPES]:
            try:
                before = self.note(bucket, key)
            except S3Error:
                before = None  # damaged: whatever it was, it is replaced
            yield before

    def _remove(self, before: Note | None, unless: str = "") -> None:
        if before is not None and before.file != unless:
            (self.folder / before.file).unlink(missing_ok=True)
            self._verified.discard(before.file)


def damaged(what: str) -> S3Error:
    log.error("the data directory is damaged: %s", what)
    return S3Error(
        "InternalError", f"The data directory is damaged: {what}. Put the object again, or delete it."
    )
