"""What is no request at all, requests to S3 that nobody would send, and uploads that break off.

None may end in a 5xx (but 501: what S3 does and this one does not is refused by name), or keep a connection.
"""

from __future__ import annotations

import http.client
import random
import socket
import struct
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.support.localpersonalize.live import KEY, REGION, SECRET, Live, until

HANG_SECONDS = 20.0
BUCKET = "fuzz"
METHODS = ("GET", "PUT", "POST", "DELETE", "HEAD", "PATCH", "OPTIONS")
SUBRESOURCES = (
    *(
        "acl",
        "cors",
        "delete",
        "encryption",
        "lifecycle",
        "location",
        "notification",
        "object-lock",
        "policy",
    ),
    *("replication", "tagging", "torrent", "uploads", "versioning", "versions", "website"),
    *(
        "list-type=2",
        "list-type=2&delimiter=/",
        "list-type=2&encoding-type=odd",
        "prefix=%00",
        "marker=%F0%9F",
    ),
    *("max-keys=-1", "max-keys=abc", "max-keys=99999999999", "continuation-token=%FF", "versionId=null"),
    *("partNumber=0", "partNumber=1&uploadId=none", "partNumber=99999&uploadId=x", "uploadId=.."),
    *("select&select-type=2", "response-content-type=%0d%0a", "X-Amz-Date=1"),
)
HEADERS = (
    (
        "Range",
        ("bytes=0-", "bytes=-0", "bytes=9-1", "bytes=a-b", "bytes=0-1,3-4", "lines=1-2", "bytes=" + "9" * 30),
    ),
    ("If-Match", ('"x"', "*", "", '"')),
    ("If-Modified-Since", ("yesterday", "Thu, 01 Jan 1970 00:00:00 GMT", "0")),
    ("x-amz-copy-source", ("/fuzz/key", "fuzz", "%", "/fuzz/%zz", "/../..", "none/none?versionId=1")),
    ("x-amz-tagging", ("a=b", "a", "&&&", "a=b&a=b", "%zz=%zz")),
    ("Content-MD5", ("x", "AAAAAAAAAAAAAAAAAAAAAA==", "====")),
    ("x-amz-checksum-crc32", ("AAAAAA==", "x", "")),
    ("x-amz-sdk-checksum-algorithm", ("CRC32", "NONE", "")),
    ("x-amz-acl", ("private", "everybody")),
    ("x-amz-decoded-content-length", ("5", "-1", "a")),
    ("x-amz-metadata-directive", ("REPLACE", "odd")),
    ("Content-Encoding", ("aws-chunked", "gzip,aws-chunked", "odd")),
    ("x-amz-meta-" + "m" * 200, ("v" * 3000,)),
    ("Content-Type", ("", "\xff", "text/plain; charset=none")),
)
BODIES = (
    b"",
    b"12345",
    b"<",
    b"<a/>",
    b"<Delete><Object><Key>key</Key></Object></Delete>",
    b"<Delete>" + b"<Object><Key>k</Key></Object>" * 1100 + b"</Delete>",
    b"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber></Part></CompleteMultipartUpload>",
    b"<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>",
    b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>',
    b'<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;&b;&b;">]><a>&c;</a>',
    b"<a>" * 5000,
    b"\xff\xfe\x00",
)


@dataclass
class RawOutcome:
    """What came back, and what the server holds, before and after."""

    statuses: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    handles: list[int] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)

    def measure(self, live: Live) -> None:
        assert live.process
        process = Path(f"/proc/{live.process.pid}")
        self.handles.append(len(list((process / "fd").iterdir())))
        pages = int((process / "statm").read_text().split()[1])
        self.memory.append(pages * 4096)


def malformed(pick: random.Random) -> bytes:
    """Bytes that a server of HTTP has to refuse, or to bear."""
    host = b"Host: localhost\r\n"
    name = pick.choice(
        (b"x", b"x y", b"", b"x\x00", b"\xff", b"content-length", b"transfer-encoding", b"expect")
    )
    value = pick.choice(
        (b"", b"1", b"-1", b"99999999999999999999", b"chunked", b"\x00", b"\xff" * 50, b"100-continue")
    )
    line = pick.choice(
        (b"GET / HTTP/1.1", b"PUT /fuzz/key HTTP/1.1", b"POST / HTTP/1.1", b"GET /healthz HTTP/1.0")
    )
    requests: tuple[Callable[[], bytes], ...] = (
        lambda: pick.randbytes(pick.randrange(1, 300)),
        lambda: (
            line + b"\r\n" + host + name + b": " + value + b"\r\n\r\n" + pick.randbytes(pick.randrange(30))
        ),
        lambda: line + b"\r\n" + host + name + value + b"\r\n\r\n",
        lambda: line.replace(b"HTTP", pick.choice((b"HTTQ", b"http", b""))) + b"\r\n" + host + b"\r\n",
        lambda: line[:-3] + pick.choice((b"9.9", b"0.9", b"x", b"")) + b"\r\n" + host + b"\r\n",
        lambda: line + b"\n" + host.replace(b"\r", b"") + b"\n",
        lambda: line + b"\r\n" + host + b"a: b\r\n c\r\n\r\n",
        lambda: line + b"\r\n\r\n",
        lambda: line + b"\r\n" + host * 3 + b"\r\n",
        lambda: line + b"\r\n" + host + b"x: y\r\n" * pick.choice((10, 3000)) + b"\r\n",
        lambda: line + b"\r\n" + host + b"x: " + b"y" * pick.choice((10, 100_000)) + b"\r\n\r\n",
        lambda: (
            b"GET /"
            + pick.choice((b"a" * 100_000, b"\x00", b"%", b"\xff", b"http://x/", b".."))
            + b" HTTP/1.1\r\n\r\n"
        ),
        lambda: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        lambda: b"CONNECT example.com:443 HTTP/1.1\r\n" + host + b"\r\n",
        lambda: line + b"\r\n" + host + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        lambda: line + b"\r\n" + host + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n12345",
        lambda: (
            line
            + b"\r\n"
            + host
            + b"Transfer-Encoding: chunked\r\n\r\n"
            + pick.choice((b"zz", b"-1", b"f" * 20))
            + b"\r\n"
        ),
        lambda: (b"GET /healthz HTTP/1.1\r\n" + host + b"\r\n") * pick.randrange(1, 5),
        lambda: b"",
    )
    whole = pick.choice(requests)()
    return whole[: pick.randrange(len(whole) + 1)] if pick.random() < 0.2 else whole


def send_malformed(live: Live, pick: random.Random, outcome: RawOutcome) -> None:
    """Send it, close this side, and read to the end."""
    request = malformed(pick)
    try:
        with socket.create_connection(("127.0.0.1", live.port), timeout=HANG_SECONDS) as connection:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            answer = b""
            while piece := connection.recv(65536):
                answer += piece
    except TimeoutError:
        outcome.wrong.append(f"hangs: {request[:300]!r}")
        return
    except OSError:  # it was hung up on before all was sent
        outcome.statuses["hung up"] += 1
        return
    words = answer.split(b" ", 2)
    status = words[1].decode("latin-1") if answer.startswith(b"HTTP/1.") else "closed"
    outcome.statuses[status] += 1
    if status.startswith("5"):
        outcome.wrong.append(f"{status}: {request[:300]!r}: {answer[:300]!r}")


def signed(live: Live, method: str, path: str, headers: dict[str, str], body: bytes | None) -> dict[str, str]:
    """Headers of a request to S3; without a body its payload is not signed."""
    signed_headers = {**headers, **({} if body is not None else {"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"})}
    request = AWSRequest(method, f"http://127.0.0.1:{live.port}{path}", signed_headers, body)
    if body is None:
        request.context["payload_signing_enabled"] = False
    S3SigV4Auth(Credentials(KEY, SECRET), "s3", REGION).add_auth(request)
    return dict(request.headers.items())


def send_to_s3(live: Live, pick: random.Random, outcome: RawOutcome) -> None:
    """One request to S3 that is signed, and odd."""
    key = pick.choice(("", "key", "a/b", "../x", "%", "ü", "k" * 1100, " ", "+", "a//b", "\x01", "?", "."))
    bucket = pick.choice((BUCKET, BUCKET, BUCKET, "none", "", "UPPER", "a" * 70, ".."))
    path = f"/{quote(bucket)}" + (f"/{quote(key)}" if key else "")
    if pick.random() < 0.5:
        path += "?" + pick.choice(SUBRESOURCES)
    headers = {name: pick.choice(values) for name, values in pick.sample(HEADERS, pick.choice((0, 0, 1, 2)))}
    method, body = pick.choice(METHODS), pick.choice(BODIES)
    connection = http.client.HTTPConnection("127.0.0.1", live.port, timeout=HANG_SECONDS)
    try:
        connection.request(method, path, body, signed(live, method, path, headers, body))
        answer = connection.getresponse()
        content = answer.read()
    except (ValueError, UnicodeError):  # not even this client sends that
        outcome.statuses["not sent"] += 1
        return
    except (OSError, http.client.HTTPException) as error:
        outcome.wrong.append(f"{method} {path[:200]} {headers}: {error!r}")
        return
    finally:
        connection.close()
    outcome.statuses[str(answer.status)] += 1
    if answer.status >= 500 and answer.status != 501:
        outcome.wrong.append(
            f"{method} {path[:200]} {headers} {body[:100]!r}: {answer.status} {content[:300]!r}"
        )


def abort_upload(live: Live, pick: random.Random, outcome: RawOutcome, upload: str) -> None:
    """An upload that ends before its end: by a close, or by a reset."""
    size = pick.choice((10, 100_000, 5_000_000))
    path = f"/{BUCKET}/aborted" + ("?partNumber=1&uploadId=" + upload if pick.random() < 0.3 else "")
    kind = pick.choice(("length", "chunked", "aws-chunked"))
    headers = {"Content-Length": str(size)} if kind == "length" else {"Transfer-Encoding": "chunked"}
    if kind == "aws-chunked":
        headers = {"Content-Length": str(size + 100), "x-amz-decoded-content-length": str(size)}
        headers["Content-Encoding"] = "aws-chunked"
    signed_headers = signed(
        live, "PUT", path, {name: headers[name] for name in headers if name != "Content-Length"}, None
    )
    lines = "".join(f"{name}: {value}\r\n" for name, value in {**signed_headers, **headers}.items())
    body = pick.randbytes(pick.randrange(size))
    framed = body if kind == "length" else b"%x\r\n" % size + body
    with socket.create_connection(("127.0.0.1", live.port), timeout=HANG_SECONDS) as connection:
        try:
            connection.sendall(
                f"PUT {path} HTTP/1.1\r\nHost: 127.0.0.1:{live.port}\r\n{lines}\r\n".encode() + framed
            )
        except OSError:  # refused before all was sent
            outcome.statuses["refused early"] += 1
        if pick.random() < 0.5:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    outcome.statuses[f"aborted {kind}"] += 1


def run(live: Live, requests: int, uploads: int, seed: int) -> RawOutcome:
    """A fifth of the requests are malformed, the others go to S3; then uploads break off."""
    pick, outcome = random.Random(seed), RawOutcome()
    live.s3.create_bucket(Bucket=BUCKET)
    made = live.s3.create_multipart_upload(Bucket=BUCKET, Key="aborted")["UploadId"]
    for number in range(requests):
        (send_malformed if number % 5 == 0 else send_to_s3)(live, pick, outcome)
        if number % max(1, requests // 10) == 0:
            outcome.measure(live)
    for _ in range(uploads):
        abort_upload(live, pick, outcome, made)
    time.sleep(1)
    outcome.measure(live)
    keys = {entry["Key"] for entry in live.s3.list_objects_v2(Bucket=BUCKET).get("Contents", ())}
    if "aborted" in keys:
        outcome.wrong.append("an upload that broke off is an object")
    first = outcome.handles[0]
    until(lambda: _handles(live) <= first + 8, "connections to be closed", 30)
    outcome.measure(live)
    return outcome


def _handles(live: Live) -> int:
    outcome = RawOutcome()
    outcome.measure(live)
    return outcome.handles[0]
