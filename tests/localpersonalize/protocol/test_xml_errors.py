"""Errors of services that answer in XML."""

from __future__ import annotations

from xml.etree import ElementTree

from localpersonalize.protocol.errors import AccessDeniedError
from localpersonalize.protocol.xml_errors import refusal

ERROR = AccessDeniedError("a < b", code="UnrecognizedClientException")


def test_s3_has_its_own_names_for_errors() -> None:
    status, content, kind = refusal("s3", ERROR)
    root = ElementTree.fromstring(content)
    assert (status, kind, root.tag) == (403, "text/xml", "Error")
    assert (root.findtext("Code"), root.findtext("Message")) == ("InvalidAccessKeyId", "a < b")


def test_the_query_protocol_wraps_them() -> None:
    root = ElementTree.fromstring(refusal("iam", ERROR)[1])
    assert root.findtext("Error/Code") == "InvalidClientTokenId"
