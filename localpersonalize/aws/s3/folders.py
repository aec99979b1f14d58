"""Where a data directory keeps S3: also for processes that read its objects without HTTP."""

from __future__ import annotations

from pathlib import Path

from localpersonalize.aws.s3.notes import DamagedNoteError, has_its_bytes, note_file, read


def aws_folder(data_dir: Path) -> Path:
    """All that stands beside the service."""
    return data_dir / "standin"


def objects_folder(data_dir: Path) -> Path:
    """Notes and bytes of all objects."""
    return aws_folder(data_dir) / "objects"


def object_file(folder: Path, bucket: str, key: str) -> Path | None:
    """The bytes of an object as it is now, None if it is not kept in `folder`, or is damaged there."""
    try:
        note = read(note_file(folder, bucket, key))
        with open(folder / note.file, "rb", buffering=0) as source:
            return folder / note.file if has_its_bytes(note, source.fileno()) else None
    except (FileNotFoundError, DamagedNoteError):
        return None
