"""Where batch jobs read and write: every object under an S3 prefix to one `.out` object each."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from localpersonalize.runtime.batch.lines import Outcome

MAX_INPUT_FILES = 1000
MAX_INPUT_BYTES = 1 << 30

Run = Callable[[Iterable[bytes]], Iterator[Outcome]]


class BatchJobError(Exception):
    """The job can't be done; the text is its `failureReason`."""


@dataclass(frozen=True)
class BatchSummary:
    """What a job did: files read, lines answered, lines with an error."""

    files: int = 0
    answered: int = 0
    failed: int = 0


@dataclass(frozen=True)
class S3Location:
    """`s3://bucket/key`."""

    bucket: str
    key: str

    @classmethod
    def parse(cls, path: str, what: str) -> S3Location:
        """``what`` is `input` or `output`, for the message."""
        parts = urlsplit(path)
        if parts.scheme != "s3" or not parts.netloc:
            raise BatchJobError(f"Invalid S3 {what} path: {path}")
        return cls(parts.netloc, parts.path.lstrip("/"))


def run_on_files(
    s3: Any,
    input_path: str,
    output_path: str,
    run: Run,
    progress: Callable[[float, str], None] = lambda fraction, message: None,
) -> BatchSummary:
    """Answer every file under ``input_path`` into `<output_path>/<name>.out`.

    Lines that could not be answered stand in the `.out` file with their ``error``, and once more alone in
    `<name>.errors`, which is only there when there are some. An output appears whole or not at all.

    :param s3: a boto3 S3 client that may read the input and write the output.
    :raises BatchJobError: for paths that are none, or an input that is missing, too large or not readable.
    """
    source, target = S3Location.parse(input_path, "input"), S3Location.parse(output_path, "output")
    inputs = list(_inputs(s3, source))
    if not inputs:
        raise BatchJobError(f"Invalid S3 input path: there is no file at {input_path}")
    _check_size(inputs)
    summary = BatchSummary()
    for number, (key, _) in enumerate(inputs):
        progress(number / len(inputs), f"Answering s3://{source.bucket}/{key}")
        done = _run_on_file(s3, source.bucket, key, target, run)
        summary = BatchSummary(number + 1, summary.answered + done.answered, summary.failed + done.failed)
    progress(1.0, f"{summary.answered} lines answered, {summary.failed} with an error")
    return summary


def _inputs(s3: Any, source: S3Location) -> Iterator[tuple[str, int]]:
    """(key, bytes) of the files under the prefix; folders' marks left out."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=source.bucket, Prefix=source.key):
        for entry in page.get("Contents", ()):
            if not entry["Key"].endswith("/"):
                yield entry["Key"], entry["Size"]


def _check_size(inputs: list[tuple[str, int]]) -> None:
    if len(inputs) > MAX_INPUT_FILES:
        raise BatchJobError(f"The input has {len(inputs)} files; at most {MAX_INPUT_FILES} are allowed.")
    total = sum(size for _, size in inputs)
    if total > MAX_INPUT_BYTES:
        raise BatchJobError(f"The input has {total} bytes; at most {MAX_INPUT_BYTES} are allowed.")


def _run_on_file(s3: Any, bucket: str, key: str, target: S3Location, run: Run) -> BatchSummary:
    answered = failed = 0
    name = key.rsplit("/", 1)[-1]
    prefix = target.key if not target.key or target.key.endswith("/") else target.key + "/"
    with tempfile.TemporaryDirectory(prefix="batch-") as folder:
        out, errors = os.path.join(folder, "out"), os.path.join(folder, "errors")
        with open(out, "wb") as good, open(errors, "wb") as bad:
            try:
                for outcome in run(s3.get_object(Bucket=bucket, Key=key)["Body"].iter_lines(1 << 20)):
                    encoded = outcome.encode()
                    good.write(encoded)
                    answered += outcome.error is None
                    if outcome.error is not None:
                        failed += 1
                        bad.write(encoded)
            except ValueError as problem:
                raise BatchJobError(f"s3://{bucket}/{key}: {problem}") from problem
        s3.upload_file(out, target.bucket, f"{prefix}{name}.out")
        if failed:
            s3.upload_file(errors, target.bucket, f"{prefix}{name}.errors")
    return BatchSummary(1, answered, failed)
