"""Data directories of earlier versions, where buckets were requests in the log of `localpersonalize.aws.iam_journal`.

They become buckets here, once; the log keeps the requests to IAM. Notes of objects are read in either form.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

from localpersonalize.aws import iam_journal
from localpersonalize.aws.s3.buckets import Buckets
from localpersonalize.aws.s3.errors import S3Error

log = logging.getLogger(__name__)

_S3 = re.compile(r"Credential=[^,\s]*/s3/aws4_request")
_BUCKET_HOST = re.compile(r"(.+)\.(?:localhost(?::\d+)?$|s3[.-])")


def migrate(journal: Path, buckets: Buckets, region: str) -> None:
    """Perform the requests to S3 that a log has, and take them out of it."""
    entries, others = iam_journal.read(journal), []
    for entry in entries:
        environ = entry.environ
        if _S3.search(environ.get("HTTP_AUTHORIZATION", "")):
            _perform(environ, entry.body, buckets, region)
        else:
            others.append(entry)
    if len(others) < len(entries):
        iam_journal.write(journal, others)
        log.info("took %d requests to S3 over from %s", len(entries) - len(others), journal)


def _perform(environ: Mapping[str, Any], body: bytes, buckets: Buckets, region: str) -> None:
    method, query = (
        environ["REQUEST_METHOD"],
        parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True),
    )
    host = _BUCKET_HOST.match(environ.get("HTTP_HOST", ""))
    bucket = host[1] if host else unquote(environ.get("PATH_INFO", "/")).strip("/")
    try:
        if "policy" in query:
            buckets.set(bucket, "policy", body.decode() if method == "PUT" else None)
        elif query:
            log.warning("bucket %s had %s set, which is not kept any more", bucket, ", ".join(query))
        elif method == "PUT" and not buckets.has(bucket):
            buckets.create(bucket, region)
        elif method == "DELETE" and buckets.has(bucket):
            buckets.delete(bucket)
    except (S3Error, UnicodeDecodeError) as error:
        log.error("a request to bucket %s could not be taken over: %s", bucket, error)
