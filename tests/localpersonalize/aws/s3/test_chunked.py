"""Chunks and their signatures: whole ones are taken however they are cut, and each changed byte is found."""

from __future__ import annotations

import hashlib
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localpersonalize.aws.s3.chunked import SIGNED, SIGNED_TRAILER, UNSIGNED_TRAILER, ChunkedDecoder
from localpersonalize.aws.s3.errors import S3Error
from localpersonalize.protocol.sigv4 import Signed, signature_of, signing_key
from tests.support.localpersonalize.s3_server import S3Server

KEY = signing_key("secret", "20260101", "us-east-1", "s3")
EMPTY = hashlib.sha256(b"").hexdigest()
TRAILER = "x-amz-checksum-crc32c"


def signed(form: str) -> Signed:
    return Signed("s3", form, "20260101T000000Z", "20260101/us-east-1/s3/aws4_request", "0" * 64, KEY)


def sign(head: Signed, algorithm: str, *parts: str) -> str:
    assert head.key
    return signature_of(head.key, "\n".join((algorithm, head.timestamp, head.scope, *parts)))


def chunks(form: str, contents: list[bytes], trailer: str | None = None, head: Signed | None = None) -> bytes:
    """A body as the API reference describes it."""
    head = head or signed(form)
    previous, body = head.signature, b""
    for content in [*contents, b""]:
        line = f"{len(content):x}"
        if form != UNSIGNED_TRAILER:
            digest = hashlib.sha256(content).hexdigest()
            previous = sign(head, "AWS4-HMAC-SHA256-PAYLOAD", previous, EMPTY, digest)
            line += f";chunk-signature={previous}"
        body += line.encode() + b"\r\n" + (content + b"\r\n" if content else b"")
    if trailer is not None:
        body += f"{TRAILER}:{trailer}\r\n".encode()
        if form == SIGNED_TRAILER:
            digest = hashlib.sha256(f"{TRAILER}:{trailer}\n".encode()).hexdigest()
            body += f"x-amz-trailer-signature:{sign(head, 'AWS4-HMAC-SHA256-TRAILER', previous, digest)}\r\n".encode()
    return body + b"\r\n"


def decoded(form: str, body: bytes, cuts: list[int], trailer: bool) -> tuple[bytes, dict[str, str]]:
    decoder = ChunkedDecoder(signed(form), [TRAILER] if trailer else [])
    content, begin = b"", 0
    for end in [*sorted(cuts), len(body)]:
        content += b"".join(decoder.feed(body[begin:end]))
        begin = end
    decoder.finish()
    return content, decoder.trailers


FORMS = [(SIGNED, False), (SIGNED_TRAILER, True), (UNSIGNED_TRAILER, True), (UNSIGNED_TRAILER, False)]


@pytest.mark.parametrize(("form", "trailer"), FORMS)
@settings(max_examples=60, deadline=None)
@given(contents=st.lists(st.binary(min_size=1, max_size=300), max_size=4), data=st.data())
def test_whole_bodies_are_taken_however_they_are_cut(
    form: str, trailer: bool, contents: list[bytes], data: st.DataObject
) -> None:
    body = chunks(form, contents, "AAAAAA==" if trailer else None)
    cuts = data.draw(st.lists(st.integers(0, len(body)), max_size=5))
    assert decoded(form, body, cuts, trailer) == (
        b"".join(contents),
        {TRAILER: "AAAAAA=="} if trailer else {},
    )


@pytest.mark.parametrize(("form", "trailer"), FORMS[:2])
def test_each_byte_that_changes_is_found(form: str, trailer: bool) -> None:
    """O3. Only the case of a size's digits and the name of the trailer's case say the same in two ways."""
    contents = [b"first chunk", b"second chunk"]
    body = chunks(form, contents, "AAAAAA==" if trailer else None)
    chance = random.Random(7)
    for position in range(len(body)):
        altered = bytearray(body)
        altered[position] ^= 1 << chance.randrange(8)
        try:
            outcome = decoded(form, bytes(altered), [], trailer)
        except (S3Error, UnicodeDecodeError):
            continue
        assert outcome == (b"".join(contents), {TRAILER: "AAAAAA=="} if trailer else {}), (
            position,
            bytes(altered),
        )


def test_of_an_account_that_takes_any_key_no_chunk_is_compared() -> None:
    head = replace(signed(SIGNED), key=signing_key("another", "20260101", "us-east-1", "s3"))
    decoder = ChunkedDecoder(replace(signed(SIGNED), key=None))
    assert b"".join(decoder.feed(chunks(SIGNED, [b"a", b"b"], head=head))) == b"ab"


@pytest.mark.parametrize(("form", "trailer"), FORMS[:3])
def test_a_body_that_ends_too_early_is_not_whole(form: str, trailer: bool) -> None:
    body = chunks(form, [b"some content"], "AAAAAA==" if trailer else None)
    for end in range(len(body) - 2):
        with pytest.raises(S3Error):
            decoded(form, body[:end], [], trailer)


def test_lines_and_trailers_are_bounded() -> None:
    for body in (b"1" * 10_000, b"fffffffffffffffffffff\r\n", b"0\r\n" + b"x:y\r\n" * 3, b"0\r\n\r\nmore"):
        with pytest.raises(S3Error):
            decoded(UNSIGNED_TRAILER, body, [], False)


@pytest.mark.parametrize("altered", [False, True])
def test_signed_chunks_over_http(server: S3Server, bucket: str, altered: bool) -> None:
    """As SDKs send bodies whose hash they don't know before."""
    path, contents = f"/{bucket}/k", [b"a" * 70_000, b"b" * 100]
    size = sum(map(len, contents))
    headers = server.signed_chunks("PUT", path, SIGNED, size, {"content-encoding": "aws-chunked,gzip"})
    authorization = headers["Authorization"]
    scope = authorization.split("Credential=")[1].split(",")[0].split("/")[1:]
    from tests.support.localpersonalize.s3_server import SECRET

    head = Signed(
        "s3",
        SIGNED,
        headers["X-Amz-Date"],
        "/".join(scope),
        authorization.split("Signature=")[1],
        signing_key(SECRET, *scope[:3]),
    )
    body = chunks(SIGNED, contents, head=head)
    if altered:
        body = body.replace(b"b" * 100, b"b" * 99 + b"c")
    status, content, _ = server.send("PUT", path, body, headers)
    if altered:
        assert (status, b"SignatureDoesNotMatch" in content) == (403, True)
        return
    assert status == 200
    answer = server.client().get_object(Bucket=bucket, Key="k")
    assert answer["Body"].read() == b"".join(contents)
    assert answer["ContentEncoding"] == "gzip"
