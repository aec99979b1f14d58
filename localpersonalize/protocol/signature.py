"""AWS Signature Version 4: is a request signed with the account's key, whole, and fresh?

Source: the "Signature Version 4" chapter of the AWS Identity and Access Management guide.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import parse_qsl, quote

from localpersonalize.protocol.errors import AccessDenied

ALGORITHM = "AWS4-HMAC-SHA256"
MAX_AGE_SECONDS = 15 * 60
_CREDENTIAL = re.compile(r"Credential=([^,\s]+)")
_SIGNED_HEADERS = re.compile(r"SignedHeaders=([^,\s]+)")
_SIGNATURE = re.compile(r"Signature=([0-9a-f]+)")


@dataclass(frozen=True)
class Credentials:
    """A key pair."""

    access_key_id: str
    secret_access_key: str


def signing_service(authorization: str, query: str = "") -> str | None:
    """The service name in a request's credential scope; None if it carries no signature."""
    found = _CREDENTIAL.search(authorization)
    scope = found.group(1) if found else dict(parse_qsl(query)).get("X-Amz-Credential", "")
    parts = scope.split("/")
    return parts[-2] if len(parts) >= 5 else None


def verify(
    credentials: Credentials,
    method: str,
    path: str,
    query: str,
    headers: Mapping[str, str],
    body: bytes,
    now: datetime | None = None,
) -> None:
    """Check a request's signature; header names in lower case.

    :raises AccessDenied: MissingAuthenticationTokenException, IncompleteSignatureException,
        UnrecognizedClientException or InvalidSignatureException, as AWS does for each cause.
    """
    authorization = headers.get("authorization", "")
    if not authorization.startswith(ALGORITHM):
        raise AccessDenied("Missing Authentication Token", code="MissingAuthenticationTokenException")
    parts = [pattern.search(authorization) for pattern in (_CREDENTIAL, _SIGNED_HEADERS, _SIGNATURE)]
    timestamp = headers.get("x-amz-date", "")
    scope = parts[0].group(1).split("/") if parts[0] else []
    if not all(parts) or not timestamp or len(scope) < 5:
        raise AccessDenied(
            "Authorization header requires Credential, SignedHeaders, Signature, and an X-Amz-Date header.",
            code="IncompleteSignatureException",
        )
    if "/".join(scope[:-4]) != credentials.access_key_id:
        raise AccessDenied(
            "The security token included in the request is invalid.", code="UnrecognizedClientException"
        )
    _check_date(timestamp, scope[-4], now or datetime.now(UTC))
    signed = parts[1].group(1).split(";")  # type: ignore[union-attr]
    canonical = "\n".join(
        (
            method,
            path or "/",
            _canonical_query(query),
            "".join(f"{name}:{' '.join(headers.get(name, '').split())}\n" for name in signed),
            ";".join(signed),
            hashlib.sha256(body).hexdigest(),
        )
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = f"{ALGORITHM}\n{timestamp}\n{'/'.join(scope[-4:])}\n{digest}"
    key = _signing_key(credentials.secret_access_key, *scope[-4:-1])
    expected = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, parts[2].group(1)):  # type: ignore[union-attr]
        raise AccessDenied(
            "The request signature we calculated does not match the signature you provided. Check your AWS"
            " Secret Access Key and signing method.",
            code="InvalidSignatureException",
        )


def _check_date(timestamp: str, scope_date: str, now: datetime) -> None:
    try:
        signed_at = datetime.strptime(timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise AccessDenied("X-Amz-Date is not a date.", code="IncompleteSignatureException") from None
    age = (now - signed_at).total_seconds()
    if abs(age) > MAX_AGE_SECONDS or not timestamp.startswith(scope_date):
        raise AccessDenied(
            f"Signature expired: {timestamp} is {abs(age):.0f} seconds from the service's clock"
            f" ({now:%Y%m%dT%H%M%SZ}); {MAX_AGE_SECONDS} are allowed.",
            code="InvalidSignatureException",
        )


def _canonical_query(query: str) -> str:
    pairs = parse_qsl(query, keep_blank_values=True)
    return "&".join(
        f"{name}={value}"  # sorted as they are written, where a percent sign comes before letters and digits
        for name, value in sorted((quote(n, safe="-_.~"), quote(v, safe="-_.~")) for n, v in pairs)
    )


@lru_cache(maxsize=16)
def _signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    key = ("AWS4" + secret).encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key
