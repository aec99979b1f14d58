"""Requests to the services that moto plays: signed by the account's key, or refused in the service's words.

S3 hashes bodies of any size itself, so there the hash that was signed is taken as it is; the others' bodies are small.
"""

from __future__ import annotations

from xml.sax.saxutils import escape

from localpersonalize.protocol.errors import ServiceError

S3_CODES = {
    "MissingAuthenticationTokenException": "AccessDenied",
    "IncompleteSignatureException": "AuthorizationHeaderMalformed",
    "UnrecognizedClientException": "InvalidAccessKeyId",
    "InvalidSignatureException": "SignatureDoesNotMatch",
}
QUERY_CODES = {
    "MissingAuthenticationTokenException": "MissingAuthenticationToken",
    "IncompleteSignatureException": "IncompleteSignature",
    "UnrecognizedClientException": "InvalidClientTokenId",
    "InvalidSignatureException": "SignatureDoesNotMatch",
}


def refusal(service: str, error: ServiceError) -> tuple[int, bytes, str]:
    """Status, body and content type of an error as the service (``s3``, or one of the query protocol) gives it."""
    codes = S3_CODES if service == "s3" else QUERY_CODES
    inner = f"<Code>{codes.get(error.code, error.code)}</Code><Message>{escape(error.message)}</Message>"
    if service == "s3":
        text = f"<Error>{inner}</Error>"
    else:
        text = f"<ErrorResponse><Error><Type>Sender</Type>{inner}</Error></ErrorResponse>"
    return error.status, f'<?xml version="1.0" encoding="UTF-8"?>{text}'.encode(), "text/xml"
