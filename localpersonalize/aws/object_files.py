"""The objects of moto's S3 as files.

Bytes are written once, to a file of their own; the note that names the file is replaced in one step.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import threading
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

COPY_BYTES = 1 << 20
CHECKSUM = ("checksum_algorithm", "checksum_value", "checksum_type", "checksum_parts")


class FileBuffer:
    """What moto takes for the buffer of an object: a file that is open only while it is read."""

    def __init__(self, file: Path) -> None:
        self.file, self._place = file, 0

    def seek(self, place: int) -> None:
        self._place = place

    def read(self, size: int = -1) -> bytes:
        with open(self.file, "rb") as source:
            source.seek(self._place)
            content = source.read(size)
        self._place += len(content)
        return content

    def close(self) -> None:
        """The file outlives the object in memory."""

    def pieces(self, start: int, size: int) -> Iterator[bytes]:
        """`size` bytes from `start`; safe beside other readers."""
        with open(self.file, "rb") as source:
            source.seek(start)
            while size > 0 and (piece := source.read(min(size, COPY_BYTES))):
                size -= len(piece)
                yield piece


class ObjectStore:
    """A folder with a note (`*.json`) for each object that says all about it and where its bytes are."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)

    def keep(self, bucket: str, key: str) -> None:
        """Make disk say what moto's memory says of an object, or that there is none; on disk when it returns."""
        with self._lock:  # of two changes of an object the later one must also be the later note
            held = held_object(bucket, key)
            note = _note(self.folder, bucket, key)
            before = self.folder / json.loads(note.read_bytes())["file"] if note.exists() else None
            if held is None:
                note.unlink(missing_ok=True)
            else:
                self._write(note, bucket, key, held)
            if before is not None and (held is None or before != held._value_buffer.file):
                before.unlink(missing_ok=True)

    def restore(self) -> None:
        """Bring all objects back into moto's memory, without reading them, and clear away what was left half done."""
        backend, wanted = _backend(), set()
        for note in sorted(self.folder.glob("*.json")):
            entry = json.loads(note.read_bytes())
            wanted |= {note.name, entry["file"]}
            if entry["bucket"] not in backend.buckets:
                continue
            made = backend.put_object(
                entry["bucket"],
                entry["key"],
                b"",
                storage=entry["storage"],
                etag=entry["etag"],
                disable_notification=True,
            )
            _put_on_disk(made, self.folder / entry["file"])
            made.contentsize = entry["size"]
            made.last_modified = datetime.fromisoformat(entry["modified"])
            made.set_metadata(entry["metadata"])
            for name, value in entry["checksum"].items():
                setattr(made, name, value)
            if entry["tags"]:
                backend.tagger.tag_resource(
                    made.arn, backend.tagger.convert_dict_to_tags_input(entry["tags"])
                )
        for file in self.folder.iterdir():
            if file.name not in wanted:
                file.unlink()

    def _write(self, note: Path, bucket: str, key: str, held: Any) -> None:
        etag = held.etag.strip('"')  # moto reads the bytes for it, so before they move
        if not isinstance(held._value_buffer, FileBuffer):
            file = self.folder / f"{uuid.uuid4().hex}.data"
            with held.lock, open(file, "wb") as target:
                held._value_buffer.seek(0)
                shutil.copyfileobj(held._value_buffer, target, COPY_BYTES)
                _put_on_disk(held, file)
            held._etag = etag
        entry = {
            "bucket": bucket,
            "key": key,
            "file": held._value_buffer.file.name,
            "size": held.size,
            "etag": etag,
            "modified": held.last_modified.isoformat(),
            "storage": held.storage_class,
            "metadata": {
                name: value for name, value in dict(held.metadata).items() if isinstance(value, str)
            },
            "checksum": {name: getattr(held, name) for name in CHECKSUM},
            "tags": _backend().tagger.get_tag_dict_for_resource(held.arn),
        }
        replace(note, json.dumps(entry).encode())


def moto_folder(data_dir: Path) -> Path:
    """Where a data directory keeps what moto holds in memory."""
    return data_dir / "standin"


def objects_folder(data_dir: Path) -> Path:
    """Where the built-in S3 of a data directory keeps its objects."""
    return moto_folder(data_dir) / "objects"


def file_of(folder: Path, bucket: str, key: str) -> Path | None:
    """The bytes of an object, None if it is not kept in `folder`; for other processes than the S3 itself."""
    try:
        note = json.loads(_note(folder, bucket, key).read_bytes())
    except FileNotFoundError:
        return None
    return folder / str(note["file"])


def _note(folder: Path, bucket: str, key: str) -> Path:
    return folder / f"{hashlib.sha256(f'{bucket}/{key}'.encode()).hexdigest()}.json"


def held_object(bucket: str, key: str) -> Any:
    """moto's newest version of an object, None if there is none."""
    backend = _backend()
    return backend.get_object(bucket, key) if bucket in backend.buckets else None


def replace(file: Path, content: bytes) -> None:
    """Write a file aside and give it its name when it is whole."""
    partial = file.with_name(f"{file.name}.{threading.get_ident()}.partial")
    partial.write_bytes(content)
    os.replace(partial, file)


def _put_on_disk(held: Any, file: Path) -> None:
    held._value_buffer.close()
    held._value_buffer = FileBuffer(file)
    if held.multipart:  # its parts would keep the bytes a second time
        held.multipart.dispose()
        held.multipart = None


def _backend() -> Any:
    from moto.core.models import DEFAULT_ACCOUNT_ID
    from moto.s3.models import s3_backends

    return s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
