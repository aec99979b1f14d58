"""A state as one file: tar, compressed with gzip.

Its first member says whose state it is and what wrote it, its last lists every other member with size and SHA-256, so
that an archive that was cut off has no list, and one that was changed is not what its list says.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import re
import tarfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from localpersonalize.aws.s3.folders import aws_folder
from localpersonalize.check.run import Check
from localpersonalize.data_directory import DATASETS, MODELS
from localpersonalize.database import FILE
from localpersonalize.disk.lock import DataDirectoryError
from localpersonalize.private_files import flush_folder, make_private_folder
from localpersonalize.protocol.arns import AwsAccount
from localpersonalize.state import content
from localpersonalize.state.errors import ArchiveError

FORMAT = 1
HEAD, LIST = "state.json", "checksums.json"
COMPRESSION = 1  # Arrow files and models hardly shrink more, and take ten times as long
PIECE_BYTES = 1 << 20
MAX_TEXT_BYTES = 1 << 28
_NAME = re.compile(r"[A-Za-z0-9_.:\-]{1,255}")
_BROKEN = (tarfile.TarError, EOFError, zlib.error, OSError, ValueError, KeyError, TypeError)


@dataclass(frozen=True)
class Member:
    """A file of an archive, as its list has it."""

    size: int
    sha256: str


def write(folder: Path, account: AwsAccount, target: Path) -> None:
    """Write the state in a folder to a file.

    :raises OSError: if there is no room for it.
    """
    members: dict[str, Member] = {}
    head = {"format": FORMAT, "region": account.region, "account": account.number}
    with (
        open(target, "wb") as file,
        gzip.GzipFile("", "wb", COMPRESSION, file, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w|") as archive,
    ):
        _add_text(archive, HEAD, head)
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            name = path.relative_to(folder).as_posix()
            with open(path, "rb") as source:
                digest = _Digest(source)
                archive.addfile(_info(name, os.fstat(source.fileno()).st_size), digest)
                members[name] = Member(digest.size, digest.hexdigest())
        _add_text(archive, LIST, {name: [member.size, member.sha256] for name, member in members.items()})


def read(source: Path, account: AwsAccount, folder: Path) -> None:
    """Unpack an archive into an empty folder, and look whether a service can use what is in it.

    :raises ArchiveError: if it is no archive of a state, is damaged, or is of another account or region.
    """
    content.make_empty(folder)
    (folder / FILE).unlink()
    try:
        _unpack(source, account, folder)
    except ArchiveError:
        raise
    except _BROKEN as error:
        if isinstance(error, OSError) and error.errno:
            raise  # the disk, not the archive
        raise ArchiveError(f"The archive is damaged: {str(error) or type(error).__name__}.") from None
    _check(folder, account)


def _unpack(source: Path, account: AwsAccount, folder: Path) -> None:
    unpacked: dict[str, Member] = {}
    listed: Mapping[str, Member] | None = None
    with gzip.open(source) as plain, tarfile.open(fileobj=plain, mode="r|") as archive:
        members = iter(archive)
        _check_head(_text(archive, next(members, None), HEAD), account)
        for info in members:
            if listed is not None:
                raise ArchiveError("The archive goes on behind its list of checksums.")
            if info.name == LIST:
                listed = {name: Member(*entry) for name, entry in _text(archive, info, LIST).items()}
                continue
            path = _path_of(info, folder)
            if info.name in unpacked:
                raise ArchiveError(f"The archive has {info.name} twice.")
            unpacked[info.name] = _write(archive, info, path)
        while plain.read(PIECE_BYTES):  # to the end, where gzip compares its checksum
            pass
    if listed is None:
        raise ArchiveError("The archive is cut off: it has no list of checksums at its end.")
    wrong = sorted(name for name in {*listed, *unpacked} if listed.get(name) != unpacked.get(name))
    if wrong:
        raise ArchiveError(f"The archive is damaged: {wrong[0]} is not what was saved.")
    for directory in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
        flush_folder(directory)


def _check_head(head: Mapping[str, Any], account: AwsAccount) -> None:
    if head["format"] != FORMAT:
        raise ArchiveError(
            f"The archive has format {head['format']}, and this localpersonalize knows {FORMAT}."
        )
    of_archive = AwsAccount(str(head["region"]), str(head["account"]))
    if of_archive != account:
        raise ArchiveError(
            f"The archive is of account {of_archive.number} in {of_archive.region}, the service of {account.number} in"
            f" {account.region}. Start it with --account {of_archive.number} --region {of_archive.region}."
        )


def _path_of(info: tarfile.TarInfo, folder: Path) -> Path:
    """Where a member goes: a plain file in one of the folders of a state, or its database."""
    parts = PurePosixPath(info.name).parts
    well = all(_NAME.fullmatch(part) and part not in (".", "..") for part in parts)
    roots = (DATASETS, MODELS, aws_folder(folder).name)
    is_placed = parts == (FILE,) or (len(parts) > 1 and parts[0] in roots)
    if not (well and is_placed and info.isreg()):
        raise ArchiveError(f"The archive has a member that is no file of a state: {info.name[:200]!r}.")
    return folder.joinpath(*parts)


def _write(archive: tarfile.TarFile, info: tarfile.TarInfo, path: Path) -> Member:
    source = archive.extractfile(info)
    assert source is not None
    make_private_folder(path.parent)
    digest = _Digest(source)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "wb") as target:
        while piece := digest.read(PIECE_BYTES):
            target.write(piece)
        target.flush()
        os.fsync(target.fileno())
    return Member(digest.size, digest.hexdigest())


def _check(folder: Path, account: AwsAccount) -> None:
    """
    :raises ArchiveError: naming what a service could not use.
    """
    checked = Check(folder, account.region, False)
    try:
        lines = list(checked.lines())
    except DataDirectoryError as error:
        raise ArchiveError(_without_folder(str(error), folder)) from None
    if checked.left:
        raise ArchiveError(
            f"The state in the archive is damaged in {checked.left} places, the first is"
            f" {_without_folder(lines[0], folder)}. `localpersonalize check --repair` mends the data directory that it"
            " was saved from."
        )


def _without_folder(text: str, folder: Path) -> str:
    return text.replace(f"{folder}/", "")


def _add_text(archive: tarfile.TarFile, name: str, values: Mapping[str, Any]) -> None:
    text = json.dumps(values).encode()
    archive.addfile(_info(name, len(text)), io.BytesIO(text))


def _text(archive: tarfile.TarFile, info: tarfile.TarInfo | None, name: str) -> dict[str, Any]:
    if info is None or info.name != name or not info.isreg() or info.size > MAX_TEXT_BYTES:
        raise ArchiveError(
            f"The archive has no {name} where it should be: it is no state of localpersonalize."
        )
    source = archive.extractfile(info)
    assert source is not None
    values = json.loads(source.read())
    if not isinstance(values, dict):
        raise ArchiveError(f"The archive is damaged: {name} is no JSON object.")
    return values


def _info(name: str, size: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    return info


class _Digest(io.RawIOBase):
    """Reads on, and sums up what went through."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source, self._hash, self.size = source, hashlib.sha256(), 0

    def read(self, size: int = -1) -> bytes:
        piece = self._source.read(size)
        self._hash.update(piece)
        self.size += len(piece)
        return piece

    def hexdigest(self) -> str:
        return self._hash.hexdigest()
