"""Buckets, objects, unfinished uploads, and the log of IAM."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

from localpersonalize.aws import iam_journal
from localpersonalize.aws.s3 import notes
from localpersonalize.aws.s3.buckets import Bucket
from localpersonalize.aws.s3.folders import aws_folder, objects_folder
from localpersonalize.check.findings import Aside, Finding
from localpersonalize.disk.sealed import crc32_of, seal, unseal
from localpersonalize.private_files import replace_file


def findings(data_dir: Path, region: str, aside: Aside) -> Iterator[Finding]:
    yield from _buckets(aws_folder(data_dir), region, aside)
    yield from _objects(objects_folder(data_dir), aside)
    yield from _uploads(aws_folder(data_dir) / "uploads", aside)
    yield from _journal(aws_folder(data_dir) / iam_journal.FILE, aside)


def _buckets(folder: Path, region: str, aside: Aside) -> Iterator[Finding]:
    named = {folder / "buckets" / f"{name}.json" for name in _names_of_buckets(folder / "objects")}
    for file in sorted({*folder.glob("buckets/*.json"), *named}):
        if problem := _problem_of_json(file) if file.exists() else "is missing, though it has objects":
            lost = f"policy, tags and time of bucket {file.stem}: put its policy again"
            yield Finding(file, problem, lost, partial(_plain_bucket, file, region, aside))


def _names_of_buckets(folder: Path) -> Iterator[str]:
    for file in folder.glob("*.json"):
        with suppress(notes.DamagedNoteError):
            yield notes.read(file).bucket


def _plain_bucket(file: Path, region: str, aside: Aside) -> str:
    moved = aside.move(file)
    bucket = Bucket(file.stem, notes.now(), region)
    content = {"name": bucket.name, "created": bucket.created, "region": bucket.region, "documents": {}}
    replace_file(file, seal(content))
    return f"{moved}; the bucket is there without them"


def _objects(folder: Path, aside: Aside) -> Iterator[Finding]:
    named: set[str] = set()
    damaged = False
    for file in sorted(folder.glob("*.json")):
        try:
            note = notes.read(file)
        except notes.DamagedNoteError as error:
            damaged = True
            yield Finding(file, str(error), "the object that it says", partial(aside.move, file))
            continue
        named.add(note.file)
        if problem := _problem_of_bytes(folder, note):
            lost = f"s3://{note.bucket}/{note.key}: put it again"
            yield Finding(
                folder / note.file, problem, lost, partial(_move_both, folder / note.file, file, aside)
            )
    for file in sorted(folder.glob("*.data")) if damaged else ():
        if file.name not in named:  # the server would take it for the rest of a broken upload
            lost = "its name, which a damaged note has"
            yield Finding(
                file, "has the bytes of an object that no note names", lost, partial(aside.move, file)
            )


def _problem_of_bytes(folder: Path, note: notes.Note) -> str:
    try:
        with open(folder / note.file, "rb", buffering=0) as source:
            whole = notes.has_its_bytes(note, source.fileno())
    except FileNotFoundError:
        return "is missing"
    return "" if whole else "does not have the bytes that were put"


def _move_both(content: Path, note: Path, aside: Aside) -> str:
    aside.move(content)
    return aside.move(note)


def _uploads(folder: Path, aside: Aside) -> Iterator[Finding]:
    for upload in sorted(folder.glob("*")):
        if problem := _problem_of_json(upload / "upload.json"):
            yield Finding(upload, problem, "an unfinished upload", partial(aside.move, upload))
            continue
        for file in sorted(upload.glob("[0-9]*.json")):
            problem = _problem_of_json(file) or _problem_of_part(file)
            if problem:
                lost = f"part {int(file.stem)} of an unfinished upload: upload it again"
                yield Finding(file, problem, lost, partial(aside.move, file))


def _problem_of_part(file: Path) -> str:
    part = unseal(file.read_bytes())
    content = file.parent / str(part["file"])
    if not content.exists():
        return f"names {content.name}, which is missing"
    whole = content.stat().st_size == part["size"] and part.get("crc32") in (None, crc32_of(content))
    return "" if whole else f"names {content.name}, whose bytes are not those that were uploaded"


def _journal(file: Path, aside: Aside) -> Iterator[Finding]:
    if not file.exists():
        return
    if not file.stat().st_size:
        yield Finding(file, "is empty", "all roles and policies: make them again", partial(aside.move, file))
        return
    lines = [line for line in file.read_bytes().splitlines() if line.strip()]
    damaged = len(lines) - len(iam_journal.read(file))
    if damaged:
        lost = f"{damaged} of {len(lines)} changes of roles and policies: make them again"
        yield Finding(file, "has damaged lines", lost, partial(_rewrite, file, aside))


def _rewrite(file: Path, aside: Aside) -> str:
    entries = iam_journal.read(file)
    moved = aside.move(file)
    iam_journal.write(file, entries)
    return f"{moved}; {len(entries)} changes are kept"


def _problem_of_json(file: Path) -> str:
    try:
        unseal(file.read_bytes())
    except (OSError, ValueError) as error:
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else error
        return f"is damaged: {reason}"
    return ""
