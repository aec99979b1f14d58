"""The XML of S3's requests and answers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias
from xml.etree import ElementTree
from xml.sax.saxutils import escape

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
Content: TypeAlias = "str | int | Mapping[str, Content] | Sequence[Content] | None"
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

_FIRST_CONTROL = 0x10FF00  # of no use to anybody: characters for private use
_CONTROLS = {_FIRST_CONTROL + number: chr(number) for number in range(0x20) if number not in (9, 10, 13)}
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|&#x(0{0,4}[0-9a-fA-F]{1,2});|&#(0{0,4}[0-9]{1,2});")


class MalformedError(ValueError):
    """A document that can't be read."""


def document(name: str, content: Content, namespace: str = NAMESPACE) -> bytes:
    """A document of one element. Lists repeat their element; what is None is left out."""
    attribute = f' xmlns="{namespace}"' if namespace else ""
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<{name}{attribute}>{_inner(content)}</{name}>'
    return text.encode()


def parse(body: bytes) -> ElementTree.Element:
    """The root of a document, names without their namespaces.

    :raises MalformedError: if it is none, or has a DOCTYPE (which could make it expand without end).
    """
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise MalformedError("A document type is not allowed.")
    try:
        root = ElementTree.fromstring(_without_controls(body))
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise MalformedError(str(error)) from None
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        if element.text:
            element.text = element.text.translate(_CONTROLS)
    return root


def _without_controls(body: bytes) -> bytes:
    """Keys may have characters that XML has not, and SDKs send them: they pass the parser under other numbers."""
    if not _CONTROL.search(body) or any(chr(stand_in).encode() in body for stand_in in _CONTROLS):
        return body

    def replaced(match: re.Match[bytes]) -> bytes:
        number = int(match[1], 16) if match[1] else int(match[2]) if match[2] else match[0][0]
        return chr(_FIRST_CONTROL + number).encode() if _FIRST_CONTROL + number in _CONTROLS else match[0]

    return _CONTROL.sub(replaced, body)


def text_of(element: ElementTree.Element, name: str) -> str:
    """The text of a child, empty if it has none."""
    return element.findtext(name) or ""


def _inner(content: Content) -> str:
    if isinstance(content, Mapping):
        return "".join(_element(name, value) for name, value in content.items())
    if isinstance(content, bool):
        return "true" if content else "false"
    return _escaped(str(content))


def _element(name: str, value: Content) -> str:
    if value is None:
        return ""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "".join(_element(name, entry) for entry in value)
    return f"<{name}>{_inner(value)}</{name}>"


def _escaped(text: str) -> str:
    """Text with references for what a parser would change; what XML can't have at all is written as S3 does."""
    safe = escape(text, {"\r": "&#13;", '"': "&quot;"})
    return _NOT_IN_XML.sub(lambda match: f"&#x{ord(match[0]):x};", safe)
