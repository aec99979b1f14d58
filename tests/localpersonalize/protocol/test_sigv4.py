"""Who may ask: a request signed with the account's key, whole and fresh, and nobody else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials
from hypothesis import given, settings
from hypothesis import strategies as st

from localpersonalize.protocol.errors import AccessDeniedError
from localpersonalize.protocol.sigv4 import Credentials, signing_service, verify

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
