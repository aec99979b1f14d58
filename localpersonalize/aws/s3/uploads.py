"""Unfinished multipart uploads: a folder each, so that they go on after a restart.

`upload.json` says of which object; each part has its bytes and, when they are whole, a note beside them.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import threading
import uuid
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from localpersonalize.aws.s3.errors import S3Error, no_such_upload
from localpersonalize.aws.s3.notes import now
from localpersonalize.aws.s3.objects import NewFile
from localpersonalize.disk.sealed import seal, unseal
from localpersonalize.private_files import flush_folder, make_private_folder, replace_file

log = logging.getLogger(__name__)

STRIPES = 32
COPY_BYTES = 1 << 24
_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Upload:
    """What CreateMultipartUpload said of the object to come."""

    upload_id: str
    bucket: str
    key: str
    begun: str
    storage: str = "STANDARD"
    metadata: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    checksum: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Part:
    """One part, whole on disk."""

    number: int
    file: str
    size: int
    etag: str
    modified: str
    checksum: Mapping[str, str] = field(default_factory=dict)
    crc32: int | None = None


class Uploads:
    """All unfinished uploads of the account."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._locks = [threading.Lock() for _ in range(STRIPES)]
        self._unfinished: set[str] = set()
        make_private_folder(folder)
        for name in os.listdir(folder):
            if not (folder / name / "upload.json").exists():  # cut off by a kill, as it began or as it ended
                shutil.rmtree(folder / name, ignore_errors=True)

    def begin(self, bucket: str, key: str, **more: object) -> Upload:
        upload = Upload(uuid.uuid4().hex, bucket, key, now(), **more)  # type: ignore[arg-type]
        folder = self.folder / upload.upload_id
        folder.mkdir(mode=0o700)
        replace_file(folder / "upload.json", seal(asdict(upload)))
        flush_folder(self.folder)
        return upload

    def require(self, upload_id: str, bucket: str, key: str) -> Upload:
        """
        :raises S3Error: NoSuchUpload.
        """
        upload = self._read(upload_id) if _ID.fullmatch(upload_id) else None
        if upload is None or (upload.bucket, upload.key) != (bucket, key):
            raise no_such_upload(upload_id[:100])
        return upload

    def all(self, bucket: str) -> list[Upload]:
        """The uploads into a bucket, by key and then by age."""
        uploads = [self._read(name) for name in os.listdir(self.folder)]
        return sorted(
            (upload for upload in uploads if upload is not None and upload.bucket == bucket),
            key=lambda upload: (upload.key, upload.begun, upload.upload_id),
        )

    def new_file(self, upload: Upload) -> NewFile:
        """
        :raises S3Error: NoSuchUpload, if it was aborted meanwhile.
        """
        try:
            return NewFile(self.folder / upload.upload_id, self._unfinished)
        except FileNotFoundError:
            raise no_such_upload(upload.upload_id) from None

    def put_part(self, upload: Upload, part: Part, content: NewFile) -> None:
        """Take a finished file as a part, in place of one of the same number."""
        folder = self.folder / upload.upload_id
        with self.alone(upload.upload_id):
            before = self.parts(upload).get(part.number)
            if not (folder / "upload.json").exists():
                raise no_such_upload(upload.upload_id)
            named = replace(part, crc32=content.crc32)
            replace_file(folder / f"{part.number:05}.json", seal(asdict(named)))
            content.named()
            if before is not None:
                (folder / before.file).unlink(missing_ok=True)

    def parts(self, upload: Upload) -> dict[int, Part]:
        """The parts that are whole, by number."""
        parts = {}
        for file in sorted((self.folder / upload.upload_id).glob("[0-9]*.json")):
            try:
                part = Part(**unseal(file.read_bytes()))
                if (file.parent / part.file).stat().st_size != part.size:
                    raise ValueError("the size of its bytes is another")
            except FileNotFoundError as error:
                log.warning(
                    "a part of an upload is lost, or was replaced just now: %s is missing", error.filename
                )
                continue
            except (ValueError, TypeError) as error:
                log.error("a part of an upload is lost: %s is damaged (%s)", file, error)
                continue
            parts[part.number] = part
        return parts

    def join(self, upload: Upload, parts: list[Part], target: NewFile) -> None:
        """Write the bytes of parts, one behind the other.

        :raises S3Error: InternalError, if those of a part are not what was uploaded.
        """
        for part in parts:
            checksum = 0
            with open(self.folder / upload.upload_id / part.file, "rb") as source:
                while content := source.read(COPY_BYTES):
                    target.write(content)
                    checksum = zlib.crc32(content, checksum)
            if part.crc32 not in (None, checksum):
                raise S3Error(
                    "InternalError",
                    f"The data directory is damaged: the bytes of part {part.number}, in {part.file}, are not those"
                    " that were uploaded. Upload the part again.",
                )

    def end(self, upload: Upload) -> None:
        """Forget an upload and its parts."""
        folder = self.folder / upload.upload_id
        (folder / "upload.json").unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)

    def forget_bucket(self, bucket: str) -> None:
        """Its uploads can't be finished any more."""
        for upload in self.all(bucket):
            with self.alone(upload.upload_id):
                self.end(upload)

    @contextmanager
    def alone(self, upload_id: str) -> Iterator[None]:
        """Nobody else puts a part, completes or aborts meanwhile."""
        with self._locks[int(upload_id[:8], 16) % STRIPES]:
            yield

    def _read(self, upload_id: str) -> Upload | None:
        with suppress(OSError):
            content = (self.folder / upload_id / "upload.json").read_bytes()
            try:
                return Upload(**unseal(content))
            except (ValueError, TypeError) as error:
                log.error("upload %s can't go on: its note is damaged (%s)", upload_id, error)
        return None


def wanted_parts(numbers: list[tuple[int, str]], parts: Mapping[int, Part], least_size: int) -> list[Part]:
    """The parts that a list of (number, ETag) names.

    :raises S3Error: InvalidPartOrder, InvalidPart or EntityTooSmall.
    """
    if [number for number, _ in numbers] != sorted({number for number, _ in numbers}):
        raise S3Error(
            "InvalidPartOrder",
            "The list of parts was not in ascending order. The parts list must be specified in order by part number.",
        )
    wanted = []
    for number, etag in numbers:
        part = parts.get(number)
        if part is None or etag.strip().strip('"') != part.etag:
            raise S3Error(
                "InvalidPart",
                "One or more of the specified parts could not be found. The part may not have been uploaded, or the"
                " specified entity tag may not match the part's entity tag.",
                PartNumber=str(number),
            )
        wanted.append(part)
    for part in wanted[:-1]:
        if part.size < least_size:
            raise S3Error(
                "EntityTooSmall",
                "Your proposed upload is smaller than the minimum allowed size",
                ProposedSize=str(part.size),
                MinSizeAllowed=str(least_size),
                PartNumber=str(part.number),
            )
    return wanted
