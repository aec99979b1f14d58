"""What is filled in becomes a request that the service takes."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localpersonalize.page.forms import Form, event_of, filter_values, parameters_of, request_of, split
from localpersonalize.runtime.filters import bind, parse

ARN = "arn:aws:personalize:us-east-1:123456789012:campaign/front"
SCHEMAS = {
    "ITEMS": {"fields": [{"name": "GENRE", "type": "string"}, {"name": "price", "type": ["null", "float"]}]}
}
EXPRESSION = "INCLUDE ItemID WHERE Items.GENRE IN ($GENRE) AND Items.PRICE < $MOST"
texts = (
    st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1).map(str.strip).filter(bool)
)


def _form(**fields: str) -> Form:
    return Form.read(fields.items())


def test_fields_come_back_as_they_were_sent():
    fields = {
        "serving": "campaign/front",
        "user": "u 1&",
        "value.GENRE": "a,b",
        "context.DEVICE": "tv",
        "count": "7",
    }
    form = _form(**fields)
    assert dict(form.pairs()) == fields
    assert form.values == {"GENRE": "a,b"}
    assert form.context == {"DEVICE": "tv"}


@given(
    st.dictionaries(
        st.sampled_from(["serving", "user", "item", "ranked", "filter", "value.X", "context.Y"]), texts
    )
)
def test_any_text_survives_the_query_string(fields: Mapping[str, str]):
    from urllib.parse import parse_qsl

    form = Form.read(fields.items())
    assert Form.read(parse_qsl(form.query())) == form


def test_a_campaign_is_asked_by_user_item_filter_and_context():
    form = _form(user="u1", item="i1", count="3", **{"context.DEVICE": "tv", "context.DAY": ""})
    request = request_of(form, ARN, "campaign", "user", "filter-arn", {"A": "1"})
    assert request.operation == "GetRecommendations"
    assert request.parameters == {
        "campaignArn": ARN,
        "userId": "u1",
        "filterArn": "filter-arn",
        "filterValues": {"A": "1"},
        "context": {"DEVICE": "tv"},
        "numResults": 3,
        "itemId": "i1",
    }
    assert "runtime.get_recommendations(\n    campaignArn=" in request.in_python
    compile(request.in_python, "snippet", "exec")


def test_rankings_and_actions_have_operations_of_their_own():
    ranked = request_of(_form(user="u1", ranked="i1, i2\ni3"), ARN, "campaign", "ranking", None, {})
    assert (ranked.operation, ranked.parameters["inputList"]) == (
        "GetPersonalizedRanking",
        ["i1", "i2", "i3"],
    )
    actions = request_of(_form(user="u1"), ARN, "campaign", "actions", None, {})
    assert actions.operation == "GetActionRecommendations"


def test_a_recommender_is_named_as_one():
    assert "recommenderArn" in request_of(_form(), ARN, "recommender", "user", None, {}).parameters


def test_a_filter_names_its_parameters_and_what_they_are_compared_with():
    genre, most = parameters_of(parse(EXPRESSION), SCHEMAS)
    assert (genre.name, genre.of, genre.is_number) == ("GENRE", "Items.GENRE", False)
    assert (most.name, most.is_number) == ("MOST", True)


@pytest.mark.parametrize(
    ("genre", "expected"),
    [
        ("drama", ("drama",)),
        ("drama, comedy", ("drama", "comedy")),
        ('"a, b"', ("a, b",)),
        ("1984", ("1984",)),
        ('the "best"', ('the "best"',)),
        ("back\\slash", ("back\\slash",)),
    ],
)
def test_values_of_a_filter_are_what_the_service_reads(genre: str, expected: tuple[str, ...]):
    parsed = parse(EXPRESSION)
    values = filter_values(parameters_of(parsed, SCHEMAS), {"GENRE": genre, "MOST": "30"})
    assert bind(parsed, values) == {"GENRE": expected, "MOST": (30.0,)}


def test_an_event_says_who_what_and_when():
    event = event_of(_form(user="u1", before="RID-1"), "tracking", "click", "i1", "2.5")
    assert (event["trackingId"], event["userId"]) == ("tracking", "u1")
    (sent,) = event["eventList"]
    assert (sent["eventType"], sent["itemId"], sent["eventValue"]) == ("click", "i1", 2.5)
    assert sent["recommendationId"] == "RID-1"


@pytest.mark.parametrize("value", ["much", "nan", "inf"])
def test_the_value_of_an_event_is_a_number(value: str):
    with pytest.raises(ValueError, match=value):
        event_of(_form(user="u1"), "tracking", "click", "i1", value)


def test_ids_are_split_at_commas_semicolons_and_lines():
    assert split("a, b;c\nd,,") == ["a", "b", "c", "d"]
