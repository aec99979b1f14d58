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

from localpersonalize.protocol.errors import AccessDeniedError

ALGORITHM = "AWS4-HMAC-SHA256"
MAX_AGE_SECONDS = 15 * 60
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
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


@dataclass(frozen=True)
class _Claim:
    """What a request says of its own signature. `scope`: key id, date, region, service; `lifetime`: seconds."""

    scope: list[str]
    signed_headers: list[str]
    signature: str
    timestamp: str
    lifetime: int
    presigned: bool


def verify(
    credentials: Credentials,
    method: str,
    path: str,
    query: str,
    headers: Mapping[str, str],
    body: bytes | None,
    now: datetime | None = None,
) -> None:
    """Check a request's signature, in its headers or in its query; header names in lower case.

    :param body: None, if its hash is to be taken from the request's own `x-amz-content-sha256`, as S3 does.
    :raises AccessDeniedError: MissingAuthenticationTokenException, IncompleteSignatureException,
        UnrecognizedClientException or InvalidSignatureException, as AWS does for each cause.
    """
    claim = _claim(query, headers)
    if "/".join(claim.scope[:-4]) != credentials.access_key_id:
        raise AccessDeniedError(
            "The security token included in the request is invalid.", code="UnrecognizedClientException"
        )
    _check_date(claim, now or datetime.now(UTC))
    if body is None:
        payload = headers.get("x-amz-content-sha256", UNSIGNED_PAYLOAD)
    else:
        payload = hashlib.sha256(body).hexdigest()
    signed = claim.signed_headers
    canonical = "\n".join(
        (
            method,
            path or "/",
            _canonical_query(query, without="X-Amz-Signature" if claim.presigned else ""),
            "".join(f"{name}:{' '.join(headers.get(name, '').split())}\n" for name in signed),
            ";".join(signed),
            payload,
        )
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = f"{ALGORITHM}\n{claim.timestamp}\n{'/'.join(claim.scope[-4:])}\n{digest}"
    key = _signing_key(credentials.secret_access_key, *claim.scope[-4:-1])
    expected = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, claim.signature):
        raise AccessDeniedError(
            "The request signature we calculated does not match the signature you provided. Check your AWS"
            " Secret Access Key and signing method.",
            code="InvalidSignatureException",
        )


def _claim(query: str, headers: Mapping[str, str]) -> _Claim:
    authorization, lifetime = headers.get("authorization", ""), str(MAX_AGE_SECONDS)
    values = dict(parse_qsl(query)) if not authorization else {}
    if authorization.startswith(ALGORITHM):
        found = [pattern.search(authorization) for pattern in (_CREDENTIAL, _SIGNED_HEADERS, _SIGNATURE)]
        parts = [match.group(1) if match else "" for match in found] + [headers.get("x-amz-date", "")]
    elif values.get("X-Amz-Algorithm") == ALGORITHM:
        names = ("X-Amz-Credential", "X-Amz-SignedHeaders", "X-Amz-Signature", "X-Amz-Date")
        parts = [values.get(name, "") for name in names]
        lifetime = values.get("X-Amz-Expires", "")
    else:
        raise AccessDeniedError("Missing Authentication Token", code="MissingAuthenticationTokenException")
    scope = parts[0].split("/")
    if not all(parts) or len(scope) < 5 or not lifetime.isdecimal():
        raise AccessDeniedError(
            "Authorization header requires Credential, SignedHeaders, Signature, and an X-Amz-Date header.",
            code="IncompleteSignatureException",
        )
    return _Claim(scope, parts[1].split(";"), parts[2], parts[3], int(lifetime), bool(values))


def _check_date(claim: _Claim, now: datetime) -> None:
    try:
        signed_at = datetime.strptime(claim.timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise AccessDeniedError("X-Amz-Date is not a date.", code="IncompleteSignatureException") from None
    age = (now - signed_at).total_seconds()
    if not -MAX_AGE_SECONDS <= age <= claim.lifetime or not claim.timestamp.startswith(claim.scope[-4]):
        raise AccessDeniedError(
            f"Signature expired: {claim.timestamp} is {abs(age):.0f} seconds from the service's clock"
            f" ({now:%Y%m%dT%H%M%SZ}); {claim.lifetime} are allowed.",
            code="InvalidSignatureException",
        )


def _canonical_query(query: str, without: str = "") -> str:
    pairs = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name != without]
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
