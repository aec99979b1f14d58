"""Bodies that break off, or are not what was said of them: nothing is stored."""

from __future__ import annotations

import base64
import gc
import hashlib
import os
import socket
import threading
import time
import zlib
from pathlib import Path
from typing import Any

import pytest

from localpersonalize.aws.s3 import body
from localpersonalize.aws.s3.checksums import encoded, hasher
from tests.support.localpersonalize.live import code
from tests.support.localpersonalize.s3_server import S3Server, wait_until

CONTENT = os.urandom(100_000)


def begun(server: S3Server, path: str, headers: dict[str, str], part: bytes) -> socket.socket:
    """A PUT whose body stops in its middle."""
    connection = socket.create_connection(("127.0.0.1", server.port))
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    connection.sendall(f"PUT {path} HTTP/1.1\r\n{head}\r\n".encode() + part)
    return connection


def broken_off(server: S3Server, bucket: str, kind: str) -> socket.socket:
    path = f"/{bucket}/k"
    headers = server.signed("PUT", path, CONTENT)
    if kind == "chunked":
        part = b"%x\r\n" % 1000 + CONTENT[:1000] + b"\r\n"
        return begun(server, path, {**headers, "transfer-encoding": "chunked"}, part)
    return begun(server, path, {**headers, "content-length": str(len(CONTENT))}, CONTENT[:1000])


@pytest.mark.parametrize("kind", ["chunked", "with a length"])
def test_an_upload_that_breaks_off_stores_nothing(server: S3Server, s3: Any, bucket: str, kind: str) -> None:
    """O2."""
    s3.put_object(Bucket=bucket, Key="k", Body=b"before")
    files = set(server.storage.objects.folder.iterdir())
    for _ in range(3):
        broken_off(server, bucket, kind).close()
    time.sleep(0.3)
    wait_until(lambda: set(server.storage.objects.folder.iterdir()) == files, "the files to be removed")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"before"


@pytest.mark.parametrize("number", [70, pytest.param(1000, marks=pytest.mark.long)])
def test_many_uploads_that_break_off_leave_nothing_open(
    server: S3Server, s3: Any, bucket: str, number: int
) -> None:
    """O2: handles, files and memory stay as they were, and S3 answers on."""

    def handles() -> int:
        return len(os.listdir("/proc/self/fd"))

    def memory() -> int:
        gc.collect()
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    for _ in range(20):
        broken_off(server, bucket, "with a length").close()
    s3.list_buckets()
    time.sleep(0.5)
    before, files, used = handles(), len(list(server.storage.objects.folder.iterdir())), memory()
    for count in range(number):
        broken_off(server, bucket, "chunked" if count % 2 else "with a length").close()
    s3.put_object(Bucket=bucket, Key="after", Body=b"x")
    wait_until(lambda: handles() <= before + 3, "connections to be closed")
    wait_until(lambda: len(list(server.storage.objects.folder.iterdir())) <= files + 2, "files to be removed")
    assert memory() - used < 20 << 20
    assert code(lambda: s3.head_object(Bucket=bucket, Key="k")) == "404"


def test_an_upload_that_stops_without_ending_is_timed_out(
    server: S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body, "READ_SECONDS", 0.3)
    connection = broken_off(server, bucket, "with a length")
    connection.settimeout(10)
    answer = connection.recv(10_000)
    assert b"400 Bad Request" in answer
    assert b"RequestTimeout" in answer
    connection.close()


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"])
def test_checksums_are_compared(server: S3Server, s3: Any, bucket: str, algorithm: str) -> None:
    """O3. The headers are set by hand: boto3 can't compute all of them."""
    made = hasher(algorithm)
    made.update(CONTENT)
    right, path, name = encoded(made.digest()), f"/{bucket}/k", f"x-amz-checksum-{algorithm.lower()}"
    wrong = encoded(bytes(255 - byte for byte in made.digest()))

    def put(value: str) -> tuple[int, bytes]:
        return server.send("PUT", path, CONTENT, server.signed("PUT", path, CONTENT, {name: value}))[:2]

    status, content = put(wrong)
    assert (status, b"<Code>BadDigest</Code>" in content) == (400, True)
    status, content = put("AAAA")
    assert (status, b"<Code>InvalidRequest</Code>" in content) == (400, True)
    assert code(lambda: s3.head_object(Bucket=bucket, Key="k")) == "404"
    assert put(right)[0] == 200
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert head[f"Checksum{algorithm}"] == right


def test_two_checksums_or_one_of_an_unknown_algorithm_are_refused(server: S3Server, bucket: str) -> None:
    path = f"/{bucket}/k"
    for headers, expected in (
        ({"x-amz-checksum-crc32": "AAAAAA==", "x-amz-checksum-sha1": "AA=="}, b"InvalidRequest"),
        ({"x-amz-checksum-xxhash3": "AAAAAA=="}, b"XXHASH3"),
    ):
        content = server.send("PUT", path, b"x", server.signed("PUT", path, b"x", headers))[1]
        assert expected in content


def test_content_md5_is_compared(server: S3Server, s3: Any, bucket: str) -> None:
    right = base64.b64encode(hashlib.md5(CONTENT).digest()).decode()
    other = base64.b64encode(hashlib.md5(b"").digest()).decode()
    assert code(lambda: s3.put_object(Bucket=bucket, Key="k", Body=CONTENT, ContentMD5=other)) == "BadDigest"
    assert (
        code(lambda: s3.put_object(Bucket=bucket, Key="k", Body=CONTENT, ContentMD5="x")) == "InvalidDigest"
    )
    assert code(lambda: s3.head_object(Bucket=bucket, Key="k")) == "404"
    s3.put_object(Bucket=bucket, Key="k", Body=CONTENT, ContentMD5=right)


def test_a_body_that_is_not_the_signed_one_is_refused(server: S3Server, s3: Any, bucket: str) -> None:
    path = f"/{bucket}/k"
    headers = server.signed("PUT", path, CONTENT)
    altered = bytes([CONTENT[0] ^ 1]) + CONTENT[1:]
    status, content, _ = server.send("PUT", path, altered, headers)
    assert (status, b"XAmzContentSHA256Mismatch" in content) == (400, True)
    assert code(lambda: s3.head_object(Bucket=bucket, Key="k")) == "404"


def test_what_boto_sends_over_tls_arrives(server: S3Server, s3: Any, bucket: str) -> None:
    """STREAMING-UNSIGNED-PAYLOAD-TRAILER, its checksum behind the body."""
    path, checksum = f"/{bucket}/k", base64.b64encode(zlib.crc32(CONTENT).to_bytes(4, "big")).decode()

    def put(value: str, end: bytes = b"\r\n") -> tuple[int, bytes]:
        chunks = b"%x\r\n%b\r\n0\r\nx-amz-checksum-crc32:%b\r\n%b" % (
            len(CONTENT),
            CONTENT,
            value.encode(),
            end,
        )
        headers = server.signed_chunks(
            "PUT",
            path,
            "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
            len(CONTENT),
            {
                "x-amz-trailer": "x-amz-checksum-crc32",
                "content-encoding": "aws-chunked",
            },
        )
        return server.send("PUT", path, chunks, headers)[:2]

    assert b"BadDigest" in put("AAAAAA==")[1]
    assert b"IncompleteBody" in put(checksum, b"")[1]
    assert put(checksum)[0] == 200
    answer = s3.get_object(Bucket=bucket, Key="k")
    assert answer["Body"].read() == CONTENT
    assert "ContentEncoding" not in answer


def test_uploads_at_the_same_time_do_not_wait_for_one_that_stops(
    server: S3Server, s3: Any, bucket: str
) -> None:
    stopped = [broken_off(server, bucket, "with a length") for _ in range(70)]
    done = threading.Event()

    def put() -> None:
        s3.put_object(Bucket=bucket, Key="other", Body=CONTENT)
        done.set()

    threading.Thread(target=put, daemon=True).start()
    assert done.wait(10)
    for connection in stopped:
        connection.close()
