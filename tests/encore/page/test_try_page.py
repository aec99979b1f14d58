"""*Try it*, as a person uses it."""

from __future__ import annotations

import re

import pytest

from encore.config import load_pipeline
from encore.page.catalogue import Catalogue
from encore.page.trial import Question, filter_value
from tests.encore.page.conftest import ARN, plant_catalogue, text_of
from tests.support.past_runs import past_runs
from tests.support.stub_client import refusal

TRY = "/encore/groups/shop/try"
LIVE, HELD = f"{ARN}:solution/you/0000001c", f"{ARN}:solution/you/0000001d"


@pytest.fixture
def films(shop):
    plant_catalogue(shop)
    shop.service.serve("you", LIVE, ["4", "5", "2"])
    shop.service.serve("related", f"{ARN}:solution/related/1", ["6"])
    return shop


def tried(shop, **query) -> str:
    answer = shop.airflow.page().get(TRY, params=query)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_what_user_42_would_see_now(films):
    text = text_of(tried(films, campaign="you", id="42"))
    assert "User 42 segment student" in text
    assert "Babe (1995) 4" in text
    assert re.search(r"Seven, the film 5 .*genre Thriller", text)
    assert films.service.requests == [
        {"campaignArn": f"{ARN}:campaign/you", "userId": "42", "numResults": 10}
    ]


def test_what_they_did_last_is_beside_it_the_newest_first(films):
    text = text_of(tried(films, campaign="you", id="42"))
    after = text[text.index("What they did last") :]
    assert after.index("Heat (1995)") < after.index("Emma (1996)") < after.index("Fargo (1996)")
    answer = text[: text.index("What they did last")]
    assert re.search(r"Emma \(1996\) 2 seen", answer), "an item of the last events is marked"


def test_where_items_have_no_titles_it_is_said_how_to_get_them(films):
    assert "titles_sql" not in tried(films, campaign="you", id="42")
    films.service.serve("you", LIVE, ["no-export-has-it"])
    assert "Let titles_sql of the dataset items in the pipeline file name a query" in text_of(
        tried(films, campaign="you", id="42")
    )


def test_related_items_are_asked_about_an_item(films):
    text = text_of(tried(films, campaign="related", id="3"))
    assert "Item Heat (1995) 3" in text
    assert 'The "Rock" 6' in text
    assert "Who took it last" in text
    assert films.service.requests[0]["itemId"] == "3"


def test_a_version_beside_the_live_one_with_what_differs(films):
    films.service.serve("you-next", HELD, ["5", "4", "1"])
    text = text_of(tried(films, campaign="you", beside="you-next", id="42"))
    assert "you 0000001c" in text
    assert "you-next 0000001d" in text
    assert re.search(r"Babe \(1995\) 4 there 2", text)
    assert re.search(r"Fargo \(1996\) 1 (seen )?only here", text)


def test_a_held_version_that_no_campaign_serves_is_said_to_be_out_of_reach(films):
    films.rows = past_runs(22)
    assert re.search(
        r"you 00000015 was held and no campaign serves it, so it can't be asked", text_of(tried(films))
    )


def test_filters_and_their_values_are_sent_as_the_runtime_takes_them(films):
    films.service.filters = {
        "of-genre": "INCLUDE ItemID WHERE Items.GENRE IN ($GENRE) AND Items.YEAR > $YEAR"
    }
    tried(
        films,
        campaign="you",
        id="42",
        filter="of-genre",
        **{"value.GENRE": "Drama, Crime", "value.YEAR": "1990"},
    )
    request = films.service.requests[0]
    assert request["filterArn"] == f"{ARN}:filter/of-genre"
    assert request["filterValues"] == {"GENRE": '"Drama","Crime"', "YEAR": "1990"}


@pytest.mark.parametrize(
    ("typed", "sent"),
    [("", ""), ("a", '"a"'), ('"a","b"', '"a","b"'), ("3, -4.5", "3,-4.5"), ("a b", '"a b"')],
)
def test_a_filter_value_as_it_is_typed(typed, sent):
    assert filter_value(typed) == sent


def test_a_refusal_of_the_service_is_shown_and_the_rest_of_the_page_too(films, monkeypatch):
    def refuse_all(**arguments):
        raise refusal("InvalidInputException", "Unknown value GENRE")

    monkeypatch.setattr(films.service, "get_recommendations", refuse_all)
    text = text_of(tried(films, campaign="you", id="42"))
    assert "Unknown value GENRE" in text
    assert "What they did last" in text


def test_before_anything_is_asked_there_are_some_to_choose(films):
    text = text_of(tried(films))
    assert "Try one of these: 42 , 7" in text


def test_without_a_campaign_the_page_says_when_there_will_be_one(shop):
    assert "No campaign serves yet" in text_of(tried(shop))


def test_items_are_suggested_by_id_and_by_title(films):
    page = films.airflow.page()

    def suggested(text: str) -> list[str]:
        answer = page.get("/encore/groups/shop/suggestions", params={"kind": "item", "text": text})
        return [entry["title"] for entry in answer.json()]

    assert suggested("eMM") == ["Emma (1996)"]
    assert suggested("6") == ['The "Rock"', "Fargo (1996)", "Emma (1996)"], "the item of that id first"
    assert suggested("zzz") == []


def test_users_of_a_group_without_a_users_dataset_come_from_the_events(films):
    group = (
        load_pipeline()
        .dataset_groups[0]
        .model_copy(
            update={"datasets": {"interactions": load_pipeline().dataset_groups[0].datasets["interactions"]}}
        )
    )
    assert [entry.id for entry in Catalogue(films.exports, group).search("user", "4")] == ["42"]


def rollbacks(page: str) -> dict[str, list[str]]:
    """The choices of the rollback, by their headings."""
    groups = re.findall(r'<optgroup label="([^"]*)">(.*?)</optgroup>', page, flags=re.DOTALL)
    return {label: re.findall(r"<option[^>]*>([^<]*)</option>", options) for label, options in groups}


def test_a_rollback_shows_what_was_held_apart_from_what_was_live(films):
    films.rows = past_runs()
    for row in films.rows:
        row["solution_version_arn"] = row["solution_version_arn"].replace(
            "us-east-1:1:", "us-east-1:123456789012:"
        )
    options = rollbacks(tried(films))
    assert list(options) == ["Were live before", "Held, never live", "Did not pass the check of answers"]
    live, held, failed = options.values()
    assert any("you: 0000001d of 28 Feb 2026, 03:00 UTC, promoted" in option for option in live)
    assert [name for option in held for name in re.findall(r"^(\w+: \w+) of", option)] == [
        "you: 00000015",
        "related: 0000000e",
        "you: 00000009",
    ]
    assert [option[:13] for option in failed] == ["you: 00000019"]
    assert any(option.startswith("you: 0000001b") for option in live)
    assert not any(option.startswith("you: 0000001c") for option in live), "it is live"


def test_a_held_version_can_be_put_live_from_where_it_says_that_it_was_held(films):
    films.rows = past_runs(22)
    now = films.airflow.page().get("/encore/groups/shop").text
    (address,) = re.findall(r'href="([^"]*\?put=[^"]*)">Put it live all the same', now)
    assert address.endswith("#rollback")
    page = films.airflow.page().get(address).text
    (selected,) = re.findall(r'<option value="([^"]*)" data-campaign="you" selected>', page)
    assert selected == films.rows[-2]["solution_version_arn"]
    assert films.rows[-2]["outcome"] == "held"


def test_a_rollback_is_asked_of_airflow_itself(films):
    films.rows = past_runs(22)
    page = tried(films)
    assert 'data-rollback="rollback_campaign"' in page
    assert 'data-api="/api/v2"' in page


@pytest.mark.parametrize("count", ["", "0", "-3", "9999", "x"])
def test_the_number_of_results_stays_within_bounds(count):
    assert 1 <= Question.of_query({"count": count}).count <= 50


def test_what_is_typed_comes_back_escaped(films):
    html = tried(films, campaign="you", id='"><script>x</script>', beside="<b>")
    assert "<script>x" not in html
    assert "<b>" not in html
