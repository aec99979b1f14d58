"""AWS Signature Version 4: is a request signed with the account's key, whole, and fresh?

Source: the "Signature Version 4" chapter of the AWS Identity and Access Management guide.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal
from urllib.parse import parse_qsl, quote, unquote_to_bytes

from localpersonalize.protocol.errors import AccessDeniedError

ALGORITHM = "AWS4-HMAC-SHA256"
MAX_AGE_SECONDS = 15 * 60
MAX_PRESIGNED_SECONDS = 7 * 24 * 3600
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
_CREDENTIAL = re.compile(r"Credential=([^,\s]+)")
_SIGNATURE = re.compile(r"[0-9a-f]{64}")

Cause = Literal["missing", "incomplete", "key", "scope", "headers", "skewed", "expired", "mismatch"]
CODES: Mapping[Cause, str] = {
    "missing": "MissingAuthenticationTokenException",
    "incomplete": "IncompleteSignatureException",
    "key": "UnrecognizedClientException",
}


class SignatureError(AccessDeniedError):
    """A request is not signed as it must be; `cause` says how, for services that have other codes."""

    def __init__(self, message: str, cause: Cause, presigned: bool = False) -> None:
        super().__init__(message, code=CODES.get(cause, "InvalidSignatureException"))
        self.cause, self.presigned = cause, presigned


@dataclass(frozen=True)
class Credentials:
    """A key pair. `accepts_any`: requests signed with any other are taken as well, so that no signature is compared."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    accepts_any: bool = False


@dataclass(frozen=True)
class Signed:
    """A signature that holds, and what the chunks of a body are signed with in turn; no key, if any is accepted."""

    service: str
    payload: str
    timestamp: str
    scope: str
    signature: str
    key: bytes | None = field(repr=False)
    presigned: bool = False

    def signs(self, signature: str, algorithm: str, *parts: str) -> bool:
        """Whether a signature is that of what follows the head of the request."""
        if self.key is None:
            return True
        expected = signature_of(self.key, "\n".join((algorithm, self.timestamp, self.scope, *parts)))
        return hmac.compare_digest(expected.encode(), signature.encode())


def signing_service(authorization: str, query: str = "") -> str | None:
    """The service name in a request's credential scope; None if it carries no signature."""
    match = _CREDENTIAL.search(authorization)
    scope = match.group(1) if match else dict(parse_qsl(query)).get("X-Amz-Credential", "")
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
    regions: Collection[str] = (),
    services: Collection[str] = (),
) -> Signed:
    """Check a request's signature, in its headers or in its query; header names in lower case.

    :param path: as it was sent, percent signs and all.
    :param body: None, if its hash is to be taken from the request's own `x-amz-content-sha256`, as S3 does; who reads
        the body compares it.
    :param regions: that the scope may name; any, if empty. So for `services`.
    :raises SignatureError: MissingAuthenticationTokenException, IncompleteSignatureException,
        UnrecognizedClientException or InvalidSignatureException, as AWS does for each cause.
    """
    claim = _claim(query, headers)
    if not credentials.accepts_any and "/".join(claim.scope[:-4]) != credentials.access_key_id:
        raise SignatureError("The security token included in the request is invalid.", "key", claim.presigned)
    _check_scope(claim, regions, services)
    _check_headers(claim, headers)
    _check_date(claim, now or datetime.now(UTC))
    payload = _payload(claim, query, headers, body)
    scope = "/".join(claim.scope[-4:])
    if credentials.accepts_any:
        return Signed(
            claim.scope[-2], payload, claim.timestamp, scope, claim.signature, None, claim.presigned
        )
    signed = claim.signed_headers
    canonical = b"\n".join(
        (
            method.encode("latin-1"),
            _canonical_path(path, claim.scope[-2]).encode(),
            _canonical_query(query, without="X-Amz-Signature" if claim.presigned else "").encode(),
            b"".join(
                name.encode()
                + b":"
                + b" ".join(headers.get(name, "").encode("latin-1", "replace").split())
                + b"\n"
                for name in signed
            ),
            ";".join(signed).encode(),
            payload.encode(),
        )
    )
    to_sign = f"{ALGORITHM}\n{claim.timestamp}\n{scope}\n{hashlib.sha256(canonical).hexdigest()}"
    key = signing_key(credentials.secret_access_key, *claim.scope[-4:-1])
    if not hmac.compare_digest(signature_of(key, to_sign), claim.signature):
        raise SignatureError(
            "The request signature we calculated does not match the signature you provided. Check your AWS"
            " Secret Access Key and signing method.",
            "mismatch",
            claim.presigned,
        )
    return Signed(claim.scope[-2], payload, claim.timestamp, scope, claim.signature, key, claim.presigned)


def signature_of(key: bytes, text: str) -> str:
    """A string, signed."""
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


@lru_cache(maxsize=16)
def signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    """The key of one day, region and service."""
    key = ("AWS4" + secret).encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def _claim(query: str, headers: Mapping[str, str]) -> _Claim:
    authorization, lifetime = headers.get("authorization", ""), str(MAX_AGE_SECONDS)
    values = dict(parse_qsl(query)) if not authorization else {}
    if authorization.startswith(ALGORITHM):
        pairs = [entry.strip().partition("=") for entry in authorization.removeprefix(ALGORITHM).split(",")]
        named = {name: value for name, _, value in pairs}
        expected = ("Credential", "SignedHeaders", "Signature")
        whole = len(pairs) == len(expected) and set(named) == set(expected)
        parts = [named[name] if whole else "" for name in expected] + [headers.get("x-amz-date", "")]
    elif values.get("X-Amz-Algorithm") == ALGORITHM:
        names = ("X-Amz-Credential", "X-Amz-SignedHeaders", "X-Amz-Signature", "X-Amz-Date")
        parts = [values.get(name, "") for name in names]
        lifetime = values.get("X-Amz-Expires", "")
    else:
        raise SignatureError("Missing Authentication Token", "missing")
    scope = parts[0].split("/")
    well = all(parts) and len(scope) >= 5 and lifetime.isascii() and lifetime.isdecimal()
    if not well or not _SIGNATURE.fullmatch(parts[2]):
        raise SignatureError(
            "Authorization header requires Credential, SignedHeaders, Signature, and an X-Amz-Date header.",
            "incomplete",
            bool(values),
        )
    if not 1 <= int(lifetime[:10]) <= MAX_PRESIGNED_SECONDS:
        raise SignatureError(
            f"X-Amz-Expires must be between 1 and {MAX_PRESIGNED_SECONDS} seconds.",
            "incomplete",
            bool(values),
        )
    return _Claim(scope, parts[1].split(";"), parts[2], parts[3], int(lifetime), bool(values))


def _check_scope(claim: _Claim, regions: Collection[str], services: Collection[str]) -> None:
    _, region, service, end = claim.scope[-4:]
    wrong = (
        f"a valid region, not '{region}'. Use {', '.join(sorted(regions))}"
        if regions and region not in regions
        else f"the correct service, not '{service}'"
        if services and service not in services
        else f"aws4_request, not '{end}'"
        if end != "aws4_request"
        else ""
    )
    if wrong:
        raise SignatureError(f"Credential should be scoped to {wrong}.", "scope", claim.presigned)


def _check_headers(claim: _Claim, headers: Mapping[str, str]) -> None:
    """Whatever changes what a request does is signed with it."""
    unsigned = {name for name in headers if name.startswith("x-amz-")} | {"host"}
    if missing := sorted(unsigned - set(claim.signed_headers)):
        raise SignatureError(
            f"There were headers present in the request which were not signed: {', '.join(missing)[:200]}.",
            "headers",
            claim.presigned,
        )


def _check_date(claim: _Claim, now: datetime) -> None:
    try:
        signed_at = datetime.strptime(claim.timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise SignatureError("X-Amz-Date is not a date.", "incomplete", claim.presigned) from None
    age = (now - signed_at).total_seconds()
    if claim.timestamp[:8] != claim.scope[-4]:
        raise SignatureError(
            f"Date in Credential scope does not match {claim.timestamp[:8]}.", "scope", claim.presigned
        )
    if not -MAX_AGE_SECONDS <= age <= claim.lifetime:
        raise SignatureError(
            f"Signature expired: {claim.timestamp} is {abs(age):.0f} seconds from the service's clock"
            f" ({now:%Y%m%dT%H%M%SZ}); {claim.lifetime} are allowed.",
            "expired" if claim.presigned and age > 0 else "skewed",
            claim.presigned,
        )


def _payload(claim: _Claim, query: str, headers: Mapping[str, str], body: bytes | None) -> str:
    if body is not None:
        return hashlib.sha256(body).hexdigest()
    if claim.presigned:
        return dict(parse_qsl(query)).get("X-Amz-Content-Sha256", UNSIGNED_PAYLOAD)
    return headers.get("x-amz-content-sha256", UNSIGNED_PAYLOAD)


def _canonical_path(path: str, service: str) -> str:
    """S3 takes a path as it is; the others without dots and double slashes, and encoded once more."""
    if service == "s3":
        return quote(unquote_to_bytes(path or "/"), safe="/-_.~")
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    normal = "/" + "/".join(parts) + ("/" if parts and path.endswith("/") else "")
    return quote(normal, safe="/-_.~")


def _canonical_query(query: str, without: str = "") -> str:
    pairs = []
    for field_ in query.split("&"):
        name, _, value = field_.partition("=")
        if name and name != without:
            pairs.append((_canonical(name), _canonical(value)))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def _canonical(text: str) -> str:
    """Encoded as AWS does it, whatever the client left as it was."""
    return quote(unquote_to_bytes(text.replace("+", " ")), safe="-_.~")
