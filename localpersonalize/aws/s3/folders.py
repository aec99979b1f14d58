"""Where a data directory keeps S3: also for processes that read its objects without HTTP."""

from __future__ import annotations

from pathlib import Path

from localpersonalize.aws.s3.notes import DamagedNoteError, note_file, read


def aws_folder(data_dir: Path) -> Path:
    """All that stands beside the service."""
    return data_dir / "standin"


def objects_folder(data_dir: Path) -> Path:
    """Notes and bytes of all objects."""
    return aws_folder(data_dir) / "objects"


def object_file(folder: Path, bucket: str, key: str) -> Path | None:
    """The bytes of an object as it is now, None if it is not kept in `folder` or can't be read there."""
    try:
        return folder / read(note_file(folder, bucket, key)).file
    except (FileNotFoundError, DamagedNoteError):
        return None
