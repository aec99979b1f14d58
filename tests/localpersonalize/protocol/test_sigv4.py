"""Who may ask: a request signed with the account's key, whole and fresh, and nobody else."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, unquote_to_bytes, urlencode, urlsplit

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials
from hypothesis import given, settings
from hypothesis import strategies as st

from localpersonalize.protocol.errors import AccessDeniedError
from localpersonalize.protocol.sigv4 import Credentials, SignatureError, signing_service, verify

OURS = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG")
BODY = b'{"maxResults": 5}'


def signed(
    body: bytes = BODY, path: str = "/", credentials: Credentials = OURS, **headers: str
) -> dict[str, str]:
    """Headers, names in lower case, as botocore signs them."""
    request = AWSRequest("POST", f"http://127.0.0.1:4580{path}", {"host": "127.0.0.1:4580", **headers}, body)
    pair = BotoCredentials(credentials.access_key_id, credentials.secret_access_key)
    SigV4Auth(pair, "personalize", "us-east-1").add_auth(request)
    return {name.lower(): value for name, value in request.headers.items()}


def refusal(
    headers: dict[str, str], body: bytes = BODY, method: str = "POST", path: str = "/", **more: datetime
) -> str:
    with pytest.raises(AccessDeniedError) as raised:
        verify(OURS, method, path, "", headers, body, **more)
    assert raised.value.status == 403
    return raised.value.code


def test_what_botocore_signs_is_accepted() -> None:
    verify(OURS, "POST", "/", "", signed(), BODY)


def test_any_other_key_is_accepted_if_the_account_says_so_but_no_request_without_one() -> None:
    account = replace(OURS, accepts_any=True)
    headers = signed(credentials=Credentials("test", "test"))
    assert verify(account, "POST", "/", "", headers, BODY, regions=("us-east-1",)).key is None
    with pytest.raises(SignatureError):
        verify(account, "POST", "/", "", headers, BODY, regions=("eu-west-1",))
    with pytest.raises(SignatureError):
        verify(account, "POST", "/", "", {"host": "127.0.0.1:4580"}, BODY)


@settings(max_examples=50)
@given(
    body=st.binary(max_size=200),
    header=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=30),
    query=st.dictionaries(
        st.text(min_size=1, max_size=8).filter(lambda t: t.isprintable()),
        st.text("aé /+~&=%", max_size=5),
        max_size=3,
    ),
)
def test_any_body_header_and_query_that_botocore_signs_is_accepted(
    body: bytes, header: str, query: dict[str, str]
) -> None:
    text = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query.items())
    headers = signed(body, f"/?{text}" if text else "/", **{"x-amz-meta": header})
    verify(OURS, "POST", "/", text, headers, body)


def test_an_altered_body_path_or_method_is_refused() -> None:
    headers = signed()
    assert refusal(headers, b'{"maxResults": 6}') == "InvalidSignatureException"
    assert refusal(headers, path="/events") == "InvalidSignatureException"
    assert refusal(headers, method="PUT") == "InvalidSignatureException"


def test_an_altered_signed_header_is_refused() -> None:
    headers = signed(**{"x-amz-target": "AmazonPersonalize.ListCampaigns"})
    headers["x-amz-target"] = "AmazonPersonalize.DeleteCampaign"
    assert refusal(headers) == "InvalidSignatureException"


def test_another_key_is_refused() -> None:
    assert (
        refusal(signed(credentials=Credentials("AKIDOTHER", OURS.secret_access_key)))
        == "UnrecognizedClientException"
    )
    assert (
        refusal(signed(credentials=Credentials(OURS.access_key_id, "wrong"))) == "InvalidSignatureException"
    )


@pytest.mark.parametrize("minutes", [-16, 16])
def test_a_request_from_another_time_is_refused(minutes: int) -> None:
    headers = signed()
    assert refusal(headers, now=datetime.now(UTC) + timedelta(minutes=minutes)) == "InvalidSignatureException"


def test_the_scope_must_be_of_the_day_of_the_request() -> None:
    headers = signed()
    day = headers["x-amz-date"][:8]
    headers["authorization"] = headers["authorization"].replace(f"/{day}/", "/20200101/")
    assert refusal(headers) == "InvalidSignatureException"


@pytest.mark.parametrize(
    ("authorization", "expected"),
    [
        ("", "MissingAuthenticationTokenException"),
        ("Basic dTpw", "MissingAuthenticationTokenException"),
        ("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE", "IncompleteSignatureException"),
        ("AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=00", "IncompleteSignatureException"),
    ],
)
def test_what_is_not_a_signature_is_refused(authorization: str, expected: str) -> None:
    assert refusal({**signed(), "authorization": authorization}) == expected


def test_the_service_of_a_signature_decides_who_answers() -> None:
    assert signing_service(signed()["authorization"]) == "personalize"
    assert signing_service("", "X-Amz-Credential=AKID%2F20260101%2Fus-east-1%2Fs3%2Faws4_request") == "s3"
    assert signing_service("nonsense") is None


# --- beside botocore's own signer ---

REQUESTS = 1000
SERVICES = ("personalize", "iam", "s3")


@dataclass(frozen=True)
class Sent:
    """A request on its way."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    service: str

    def verify(self) -> None:
        body = None if self.service == "s3" else self.body
        signed = verify(
            OURS,
            self.method,
            self.path,
            self.query,
            self.headers,
            body,
            regions=("us-east-1",),
            services=(self.service,),
        )
        if signed.payload != "UNSIGNED-PAYLOAD" and hashlib.sha256(self.body).hexdigest() != signed.payload:
            raise AccessDeniedError("what S3 finds when it has read the body")

    def altered(self, chance: random.Random) -> Sent:
        """With one byte changed, somewhere that the signature covers."""
        parts = [name for name in ("method", "path", "query") if len(getattr(self, name)) > 1]
        parts += ["body"] if self.body else []
        name = chance.choice([*parts, *(header for header in self.headers if self.headers[header].strip())])
        if name == "body":
            return replace(self, body=flipped(self.body, chance))
        if name in ("method", "path", "query"):
            text = flipped(getattr(self, name).encode(), chance).decode("latin-1")
            return replace(self, **{name: text})
        value = flipped(self.headers[name].encode(), chance).decode("latin-1")
        return replace(self, headers={**self.headers, name: value})

    @property
    def meaning(self) -> object:
        """What stays the same if a byte changes only how the same thing is written."""
        spaces = {name: value.split() for name, value in self.headers.items()}
        authorization = spaces.pop("authorization", [])
        pairs = (pair.partition("=")[::2] for pair in self.query.split("&") if pair not in ("", "="))
        query = sorted((unquote_to_bytes(name), unquote_to_bytes(value)) for name, value in pairs)
        return self.method, unquote_to_bytes(self.path), query, spaces, self.body, authorization


def generated(chance: random.Random, presigned: bool) -> Sent:
    """A request as an SDK may send it, signed by botocore."""
    service = "s3" if presigned else chance.choice(SERVICES)
    words = "".join(chance.choices("aZ09-_.~ é/+%&=;@", k=chance.randrange(12)))
    path = "/" + quote(words, safe="/") if service == "s3" else "/"
    query = {
        f"q{n}": "".join(chance.choices("az+%& é=", k=chance.randrange(5)))
        for n in range(chance.randrange(3))
    }
    text = urlencode(query, quote_via=quote)
    body = b"" if presigned else chance.randbytes(chance.randrange(60))
    headers = {"host": "127.0.0.1:4580"}
    for number in range(chance.randrange(3)):
        headers[f"x-amz-meta-{number}"] = "".join(chance.choices("ab 09=/;", k=chance.randrange(1, 9)))
    method = chance.choice(["GET", "PUT", "POST", "DELETE"])
    request = AWSRequest(method, f"http://127.0.0.1:4580{path}{'?' + text if text else ''}", headers, body)
    pair = BotoCredentials(OURS.access_key_id, OURS.secret_access_key)
    if presigned:
        S3SigV4QueryAuth(pair, service, "us-east-1", expires=chance.randrange(1, 604801)).add_auth(request)
    else:
        (S3SigV4Auth if service == "s3" else SigV4Auth)(pair, service, "us-east-1").add_auth(request)
    parts = urlsplit(request.url)
    sent = {name.lower(): value for name, value in request.headers.items()}
    return Sent(method, parts.path, parts.query, sent, body, service)


def flipped(content: bytes, chance: random.Random) -> bytes:
    position = chance.randrange(len(content))
    other = chance.choice([byte for byte in range(33, 127) if byte != content[position]])
    return content[:position] + bytes([other]) + content[position + 1 :]


@pytest.mark.parametrize("presigned", [False, True])
def test_a_thousand_requests_signed_by_botocore_whole_and_altered_in_one_byte(presigned: bool) -> None:
    chance = random.Random(7)
    for _ in range(REQUESTS):
        sent = generated(chance, presigned)
        sent.verify()
        altered = sent.altered(chance)
        if altered.meaning == sent.meaning:
            continue
        try:
            altered.verify()
        except AccessDeniedError:
            continue
        raise AssertionError((sent, altered))


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"regions": ("eu-west-1",)}, "scope"),
        ({"services": ("s3",)}, "scope"),
    ],
)
def test_the_scope_must_name_region_and_service(changes: dict[str, tuple[str, ...]], cause: str) -> None:
    with pytest.raises(SignatureError) as raised:
        verify(OURS, "POST", "/", "", signed(), BODY, **changes)  # type: ignore[arg-type]
    assert raised.value.cause == cause


def test_host_and_all_headers_of_amazon_must_be_signed() -> None:
    headers = signed()
    assert (
        refusal({**headers, "x-amz-target": "AmazonPersonalize.DeleteCampaign"})
        == "InvalidSignatureException"
    )
    without = headers["authorization"].replace("SignedHeaders=host;", "SignedHeaders=")
    assert refusal({**headers, "authorization": without}) == "InvalidSignatureException"


@pytest.mark.parametrize("more", [",", ", Signature=" + "0" * 64, ", More=1", "0"])
def test_nothing_stands_behind_a_signature(more: str) -> None:
    headers = signed()
    assert (
        refusal({**headers, "authorization": headers["authorization"] + more})
        == "IncompleteSignatureException"
    )
