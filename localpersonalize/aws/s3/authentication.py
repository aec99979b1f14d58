"""Who asks: requests signed in their headers, presigned URLs and presigned forms, as SDKs make them.

URLs and forms come in two versions: that of today, and the older one with HMAC-SHA1 ("Signing and authenticating REST
requests (AWS signature version 2)" of the S3 user guide), which boto3 makes for other endpoints than AWS's unless it is
configured otherwise.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qsl, unquote

from localpersonalize.aws.s3.errors import S3Error
from localpersonalize.protocol.sigv4 import (
    ALGORITHM,
    Credentials,
    SignatureError,
    Signed,
    signature_of,
    signing_key,
    verify,
)

# The parts of a query that the older signature covers.
SUB_RESOURCES = frozenset(
    (
        "accelerate",
        "acl",
        "analytics",
        "cors",
        "delete",
        "inventory",
        "lifecycle",
        "location",
        "logging",
        "metrics",
        "notification",
        "object-lock",
        "partNumber",
        "policy",
        "replication",
        "requestPayment",
        "response-cache-control",
        "response-content-disposition",
        "response-content-encoding",
        "response-content-language",
        "response-content-type",
        "response-expires",
        "restore",
        "select",
        "select-type",
        "storageClass",
        "tagging",
        "torrent",
        "uploadId",
        "uploads",
        "versionId",
        "versioning",
        "versions",
        "website",
    )
)
MAX_SECONDS_OF_OLD_URLS = 7 * 24 * 3600
_CODES = {
    "missing": "AccessDenied",
    "key": "InvalidAccessKeyId",
    "headers": "AccessDenied",
    "skewed": "RequestTimeTooSkewed",
    "expired": "AccessDenied",
    "mismatch": "SignatureDoesNotMatch",
}
_SENTENCES = {
    "missing": "Access Denied: the request is not signed.",
    "key": "The AWS Access Key Id you provided does not exist in our records.",
    "expired": "Request has expired",
}


class Authenticator:
    """Knows the account's key pair and region."""

    def __init__(self, credentials: Credentials, region: str) -> None:
        self._credentials, self._region = credentials, region

    def authenticate(
        self, method: str, path: str, resource: str, query: str, headers: Mapping[str, str]
    ) -> Signed | None:
        """The signature of a request; None for an older URL, which signs nothing of the body.

        :param path: as it was sent; `resource`: the same with the bucket in it, if the host's name had it.
        :raises S3Error: AccessDenied, SignatureDoesNotMatch, ..., as S3 for each cause.
        """
        values = dict(parse_qsl(query, keep_blank_values=True))
        authorization = headers.get("authorization", "")
        if not authorization and "AWSAccessKeyId" in values:
            self._older_url(method, resource, query, values, headers)
            return None
        if authorization.startswith("AWS "):
            raise S3Error(
                "InvalidRequest",
                "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
            )
        try:
            signed = verify(
                self._credentials,
                method,
                path,
                query,
                headers,
                None,
                regions=(self._region,),
                services=("s3",),
            )
        except SignatureError as error:
            raise self._refusal(error) from None
        if not signed.presigned and "x-amz-content-sha256" not in headers:
            raise S3Error("InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
        return signed

    def authenticate_form(self, fields: Mapping[str, str]) -> None:
        """The signature of a form's policy.

        :raises S3Error: AccessDenied, InvalidAccessKeyId or SignatureDoesNotMatch.
        """
        policy = fields.get("policy", "")
        if "awsaccesskeyid" in fields:
            key_id, signature = fields["awsaccesskeyid"], fields.get("signature", "")
            expected = self._older_signature(policy)
        elif fields.get("x-amz-algorithm") == ALGORITHM:
            scope = fields.get("x-amz-credential", "").split("/")
            if len(scope) < 5 or scope[-3:] != [self._region, "s3", "aws4_request"]:
                raise S3Error("AccessDenied", f"The credential of the form is not one of {self._region}/s3.")
            if fields.get("x-amz-date", "")[:8] != scope[-4]:
                raise S3Error("AccessDenied", "The date of the form is not that of its credential.")
            key_id, signature = "/".join(scope[:-4]), fields.get("x-amz-signature", "")
            key = signing_key(self._credentials.secret_access_key, *scope[-4:-1])
            expected = signature_of(key, policy)
        else:
            raise S3Error("AccessDenied", _SENTENCES["missing"])
        self._compare(key_id, expected, signature)

    def _older_url(
        self, method: str, resource: str, query: str, values: Mapping[str, str], headers: Mapping[str, str]
    ) -> None:
        expires, now = values.get("Expires", ""), time.time()
        if not (expires.isascii() and expires.isdecimal() and len(expires) < 12):
            raise S3Error("AccessDenied", "Query-string authentication requires the Expires parameter.")
        known = {name.lower(): value for name, value in values.items()}
        of_request = {
            name: headers.get(name) or known.get(name, "") for name in ("content-md5", "content-type")
        }
        amazon = {
            name: value.strip()
            for name, value in sorted({**headers, **known}.items())
            if name.startswith("x-amz-")
        }
        covered = sorted(
            field.partition("=")[::2]
            for field in query.split("&")
            if field.partition("=")[0] in SUB_RESOURCES
        )
        sub_resources = "&".join(f"{n}={unquote(v)}" if v else n for n, v in covered)
        text = "\n".join(
            (
                method,
                of_request["content-md5"],
                of_request["content-type"],
                expires,
                *(f"{name}:{value}" for name, value in amazon.items()),
                resource + (f"?{sub_resources}" if sub_resources else ""),
            )
        )
        self._compare(values["AWSAccessKeyId"], self._older_signature(text), values.get("Signature", ""))
        if not now <= int(expires):
            raise S3Error("AccessDenied", _SENTENCES["expired"])
        if int(expires) - now > MAX_SECONDS_OF_OLD_URLS + 60:
            raise S3Error("AccessDenied", "A presigned URL may be valid for 7 days.")

    def _older_signature(self, text: str) -> str:
        secret = self._credentials.secret_access_key.encode()
        return base64.b64encode(hmac.new(secret, text.encode(), hashlib.sha1).digest()).decode()

    def _compare(self, key_id: str, expected: str, signature: str) -> None:
        if self._credentials.accepts_any:
            return
        if key_id != self._credentials.access_key_id:
            raise S3Error("InvalidAccessKeyId", _SENTENCES["key"])
        if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace")):
            raise S3Error(
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided. Check your key and"
                " signing method.",
            )

    def _refusal(self, error: SignatureError) -> S3Error:
        malformed = "AuthorizationQueryParametersError" if error.presigned else "AuthorizationHeaderMalformed"
        details = {"Region": self._region} if error.cause == "scope" else {}
        code = _CODES.get(error.cause, malformed)
        return S3Error(code, _SENTENCES.get(error.cause, error.message), **details)


def check_form(
    policy_text: str, fields: Mapping[str, str], bucket: str, now: datetime | None = None
) -> tuple[int, int]:
    """Hold the fields of a form against its policy; the least and most bytes that its file may have.

    Source: "Creating a POST policy" of the S3 API reference.

    :raises S3Error: AccessDenied or InvalidPolicyDocument.
    """
    policy = _policy(policy_text)
    expiration = _time(policy.get("expiration"))
    if (now or datetime.now(UTC)) > expiration:
        raise S3Error("AccessDenied", "Invalid according to Policy: Policy expired.")
    values = {**fields, "bucket": bucket}
    covered, least, most = set(_UNCOVERED), 0, 5 << 30
    for condition in policy["conditions"]:
        operator, name, value = _condition(condition)
        if operator == "content-length-range":
            try:
                least, most = int(name), int(value)
            except ValueError:
                raise S3Error("InvalidPolicyDocument", "content-length-range needs two numbers.") from None
            continue
        covered.add(name)
        held = values.get(name, "")
        if not (held == value if operator == "eq" else held.startswith(value)):
            raise S3Error(
                "AccessDenied", f"Invalid according to Policy: Policy Condition failed: {condition}"
            )
    extra = [name for name in fields if name not in covered and not name.startswith("x-ignore-")]
    if extra:
        raise S3Error("AccessDenied", f"Invalid according to Policy: Extra input fields: {extra[0]}")
    return least, most


_UNCOVERED = (
    "awsaccesskeyid",
    "signature",
    "policy",
    "file",
    "x-amz-signature",
    "x-amz-algorithm",
    "x-amz-credential",
    "x-amz-date",
    "bucket",
)


def _policy(text: str) -> Mapping[str, list[object]]:
    import json

    try:
        policy = json.loads(base64.b64decode(text, validate=True))
        if not isinstance(policy["conditions"], list):
            raise ValueError("conditions")
    except (ValueError, KeyError, TypeError, RecursionError):
        raise S3Error("InvalidPolicyDocument", "The policy is not JSON with conditions.") from None
    return policy  # type: ignore[no-any-return]


def _time(text: object) -> datetime:
    try:
        date = datetime.fromisoformat(str(text))
    except ValueError:
        raise S3Error("InvalidPolicyDocument", "The policy's expiration is not a date.") from None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _condition(condition: object) -> tuple[str, str, str]:
    if isinstance(condition, dict) and len(condition) == 1:
        ((name, value),) = condition.items()
        return "eq", str(name).lower(), str(value)
    if isinstance(condition, list) and len(condition) == 3:
        operator, name, value = (str(part) for part in condition)
        if operator.lower() in ("eq", "starts-with"):
            return operator.lower(), name.removeprefix("$").lower(), value
        if operator.lower() == "content-length-range":
            return "content-length-range", name, value
    raise S3Error("InvalidPolicyDocument", f"A condition can't be read: {str(condition)[:200]}")
