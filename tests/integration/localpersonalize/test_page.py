"""The page at `/`, over HTTP, on a service that has a shop in it."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

from tests.support.localpersonalize.live import Live
from tests.support.localpersonalize.shop import RECIPE, Shop, action_interactions, actions

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
EVIL = "<script>alert(1)</script>"
GROUP = "/_page/groups/shop"
TRIAL = f"{GROUP}/try?serving=campaign/front&user=u1"


class Visitor:
    """A browser, as far as a server sees one."""

    def __init__(self, live: Live) -> None:
        self.live = live

    def request(
        self, path: str, method: str = "GET", body: str | None = None, **headers: str
    ) -> tuple[int, dict[str, str], str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.live.port, timeout=60)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, {**BROWSER, **named})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, text

    def text(self, path: str) -> str:
        status, _, text = self.request(path)
        assert status == 200, text
        return text

    def put(
        self, token: str | None = None, user: str = "u1", item: str = "i5", **headers: str
    ) -> tuple[int, str]:
        """Send the form for events, with the token of the page unless another one is given."""
        if token is None:
            token = re.findall(r'name="token" value="([^"]+)"', self.text(TRIAL))[0]
        fields = {
            "token": token,
            "serving": "campaign/front",
            "user": user,
            "event_type": "click",
            "event_item": item,
        }
        sent = {"Content_Type": "application/x-www-form-urlencoded", "Origin": self.live.endpoint, **headers}
        status, answered, text = self.request(f"{GROUP}/events", "POST", urlencode(fields), **sent)
        return status, answered.get("location") or text


@pytest.fixture
def visitor(live: Live) -> Visitor:
    return Visitor(live)


@pytest.fixture
def evil_item(shop: Shop) -> Iterator[str]:
    """An item whose id and metadata are HTML, put as any application might."""
    properties = json.dumps({"CATEGORY": f"{EVIL}|\"'&", "PRICE": 1.0})
    item = {"itemId": EVIL, "properties": properties}
    shop.live.client("personalize-events").put_items(datasetArn=shop["dataset Items"], items=[item])
    return EVIL


def test_the_first_page_lists_the_groups(visitor: Visitor):
    text = visitor.text("/")
    assert f'<a href="{GROUP}">shop</a>' in text
    assert "Try it" in text


def test_a_group_shows_jobs_metrics_campaigns_and_data(visitor: Visitor, shop: Shop):
    text = visitor.text(f"{GROUP}?jobs=all")  # other files have made jobs in this group too
    for part in (
        "<strong>Import</strong> Items",
        "<strong>Training</strong> popular",
        "NDCG at 25",
        "front",
        "clicks",
        "colour",
    ):
        assert part in text, part
    assert shop["version"].rsplit("/", 1)[-1] in text


def test_a_metric_is_drawn_as_it_is_answered(visitor: Visitor, shop: Shop):
    metrics = shop.live.personalize.get_solution_metrics(solutionVersionArn=shop["version"])["metrics"]
    text = visitor.text(f"{GROUP}?metric=coverage")
    assert f"{metrics['coverage']:.4f}</title>" in text
    assert "Coverage of each version" in text


def test_a_failed_import_shows_its_whole_reason_and_what_to_do(visitor: Visitor, shop: Shop):
    location = shop.live.upload("broken-for-page.csv", "USER_ID,SEGMENT\nu1\n")
    made = shop.live.personalize.create_dataset_import_job(
        jobName="broken-for-page",
        datasetArn=shop["dataset Users"],
        dataSource={"dataLocation": location},
        roleArn=shop.role,
        importMode="INCREMENTAL",
    )
    job = shop.live.wait("DatasetImportJob", made["datasetImportJobArn"], "CREATE FAILED")
    from html import escape

    text = visitor.text(GROUP)
    assert escape(job["failureReason"]) in text.replace("&#39;", "&#x27;").replace("&#34;", "&quot;")
    assert "create another import job" in text


def test_recommendations_are_those_of_the_api(visitor: Visitor, shop: Shop):
    answer = shop.live.client("personalize-runtime").get_recommendations(
        campaignArn=shop["campaign"], userId="u1", numResults=10
    )
    text = visitor.text(TRIAL)
    ids = re.findall(r'name="event_item" value="([^"]+)"', text)
    assert ids == ["", *(item["itemId"] for item in answer["itemList"])][-len(ids) :]
    assert "What u1 did last" in text


def test_a_filter_with_its_values(visitor: Visitor):
    text = visitor.text(f"{TRIAL}&filter=colour&value.COLOUR=red")
    rows = text[text.index('<ol class="recommended">') : text.index("</ol>")]
    assert "blue" in rows
    assert "red" not in rows


def test_what_the_service_refuses_is_shown_with_its_reason(visitor: Visitor):
    text = visitor.text(f"{TRIAL}&count=9999")
    assert "InvalidInputException" in text
    assert "the maximum is 500" in text


def test_suggestions_are_json(visitor: Visitor):
    listed = json.loads(visitor.text(f"{GROUP}/suggestions?of=users&serving=campaign/front&text=u5"))
    assert [entry["id"] for entry in listed][:2] == ["u5", "u50"]


def test_an_event_is_put_and_is_the_newest_of_its_user(visitor: Visitor):
    status, location = visitor.put(user="page-user", item="i7")
    assert status == 303
    assert location.startswith(f"{GROUP}/try?")
    text = visitor.text(location.partition("#")[0])
    assert "Put: click of i7, for page-user." in text
    events = text[text.index("What page-user did last") :]
    assert "i7" in events


def test_a_refused_event_says_why(visitor: Visitor):
    status, text = visitor.put(item="")
    assert status == 400
    assert "The event was not put." in text


# --- nothing that a page of another site could use ---


def test_ids_and_metadata_are_never_markup(visitor: Visitor, evil_item: str):
    quoted = quote(evil_item)
    for path in (
        f"{TRIAL}&user={quoted}&item={quoted}",
        f"{TRIAL}&filter=colour&value.COLOUR={quoted}&put={quoted}&before={quoted}",
        f"{GROUP}/try?serving={quoted}",
        f"{GROUP}?metric={quoted}&jobs={quoted}",
    ):
        assert "<script>alert" not in visitor.text(path)
    status, _, text = visitor.request(f"/_page/groups/{quoted}")
    assert (status, "<script>alert" in text) == (404, False)
    suggestions = visitor.request(f"{GROUP}/suggestions?of=items&serving=campaign/front&text={quoted}")
    assert suggestions[1]["content-type"] == "application/json"
    assert json.loads(suggestions[2])[0]["id"] == evil_item


def test_every_answer_has_the_headers(visitor: Visitor):
    static = re.findall(r'(?:href|src)="(/_page/static/[^"]+)"', visitor.text("/"))
    assert len(static) >= 3
    for path in ("/", GROUP, TRIAL, "/_page/groups/nobody", f"{GROUP}/suggestions?of=users", *static):
        _, headers, _ = visitor.request(path)
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "access-control-allow-origin" not in headers


def test_no_page_has_what_the_policy_forbids(visitor: Visitor, evil_item: str):
    for path in ("/", GROUP, TRIAL, "/_page/groups/nobody"):
        text = visitor.text(path) if "nobody" not in path else visitor.request(path)[2]
        assert not re.search(r"<[^>]+\s(style|on\w+)=", text)
        assert "<style" not in text
        assert not re.search(r"(src|href|action)=\"(?:https?:)?//", text)


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "attacker.example"},
        {"Host": "attacker.example:4580", "Origin": "http://attacker.example:4580"},
        {"Origin": "http://attacker.example"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors"},
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_other_sites_are_refused(visitor: Visitor, headers: dict[str, str], method: str):
    path = GROUP if method == "GET" else f"{GROUP}/events"
    status, _, text = visitor.request(path, method, "" if method == "POST" else None, **headers)
    assert status == 403
    assert "<html" not in text


def test_a_link_from_another_site_may_be_followed_but_no_form_be_sent(visitor: Visitor):
    visit = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"}
    assert visitor.request("/", **visit)[0] == 200
    assert visitor.put(**visit)[0] == 403


@pytest.mark.parametrize("token", ["", "guessed"])
def test_a_form_without_the_pages_token_is_refused(visitor: Visitor, token: str):
    status, text = visitor.put(token=token)
    assert status == 403
    assert "Load the page again" in text


def test_only_the_forms_address_takes_posts(visitor: Visitor):
    assert visitor.request("/_page/groups/shop", "POST", "")[0] == 404
    assert visitor.request("/_page/groups/shop", "PUT", "")[0] == 405


def test_files_outside_of_the_static_folder_are_not_to_be_had(visitor: Visitor):
    for name in ("..%2Fapplication.py", "%2Fetc%2Fpasswd", "nothing.css"):
        assert visitor.request(f"/_page/static/{name}")[0] == 404


def test_too_many_fields_and_too_large_forms_are_refused(visitor: Visitor):
    assert visitor.request(f"{GROUP}?{'&'.join(f'a{n}=' for n in range(300))}")[0] == 400
    assert visitor.request(f"{GROUP}/events", "POST", "a" * (1 << 21))[0] == 413


def test_a_head_request_has_no_body(visitor: Visitor):
    status, headers, text = visitor.request("/", "HEAD")
    assert (status, text) == (200, "")
    assert headers["content-type"].startswith("text/html")


# --- the API beside it ---


def test_clients_of_s3_get_s3_at_the_root(live: Live, visitor: Visitor):
    assert live.s3.list_buckets()["Buckets"]
    status, _, text = visitor.request("/", Accept="*/*")
    assert (status, "AccessDenied" in text) == (403, True)
    status, _, text = visitor.request("/", Authorization="nonsense")
    assert "<html" not in text


def test_unsigned_calls_of_the_api_stay_refused(visitor: Visitor):
    status, _, text = visitor.request("/", "POST", "{}", X_Amz_Target="AmazonPersonalize.ListDatasetGroups")
    assert (status, "shop" in text) == (403, False)
    assert visitor.request("/recommendations", "POST", "{}")[0] == 403


def test_the_page_is_loaded_by_its_first_request(live: Live):
    """A process of its own: what it has loaded is in its memory map; here, in what it imports."""
    import subprocess
    import sys

    program = (
        "import sys, localpersonalize.application, localpersonalize.http.server as server\n"
        "print([name for name in sys.modules if name.startswith(('jinja2', 'localpersonalize.page.'))])"
    )
    printed = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=_root()
    )
    assert printed.stdout.strip() == "[]"


def _root() -> Path:
    return Path(__file__).resolve().parents[3]


# --- every kind of recipe ---


@pytest.mark.long
def test_a_campaign_that_ranks(visitor: Visitor, shop: Shop):
    shop.ranking_campaign()
    address = f"{GROUP}/try?serving=campaign/rank"
    assert "Choose a user, and items to rank" in visitor.text(address)
    text = visitor.text(f"{address}&user=u1&ranked={quote('i3, i1')}%0Ai2")
    assert sorted(_rows(text)) == ["i1", "i2", "i3"]
    assert "Put an event of u1" in text


@pytest.mark.long
def test_a_campaign_of_related_items(visitor: Visitor, shop: Shop):
    _campaign(shop, "related", "aws-sims")
    address = f"{GROUP}/try?serving=campaign/related"
    assert "Choose an item" in visitor.text(address)
    text = visitor.text(f"{address}&item=i1&count=3")
    assert len(_rows(text)) == 3
    assert "beside i1" in text
    assert "With a user, events can be put here" in text


@pytest.mark.long
def test_a_campaign_of_actions(visitor: Visitor, shop: Shop):
    shop.import_csv("Actions", "actions", actions())
    shop.import_csv("Action_Interactions", "action-interactions", action_interactions())
    _campaign(shop, "next-action", "aws-next-best-action")
    text = visitor.text(f"{GROUP}/try?serving=campaign/next-action&user=u1")
    assert re.search(r"<h2>Actions for u1</h2>", text)
    assert re.search(r"<strong>a\d</strong>", text)
    assert "PutActionInteractions" in text
    suggestions = visitor.text(f"{GROUP}/suggestions?of=items&serving=campaign/next-action&text=a")
    assert {entry["id"] for entry in json.loads(suggestions)} == {f"a{n}" for n in range(5)}


@pytest.mark.long
def test_recommenders_of_a_domain_group(visitor: Visitor, shop: Shop):
    recipes = {"together": "frequently-bought-together", "viewed": "popular-items-by-views"}
    for name, use_case in recipes.items():
        shop.live.make(
            "Recommender",
            name=name,
            datasetGroupArn=shop.domain_group(),
            recipeArn=f"{RECIPE}aws-ecomm-{use_case}",
        )
    text = visitor.text("/_page/groups/domain")
    assert all(name in text for name in ("together", "viewed", "NDCG at 25"))
    text = visitor.text("/_page/groups/domain/try?serving=recommender/together&item=i1")
    assert len(_rows(text)) == 10
    assert "There are no scores" in text
    assert "create-event-tracker" in visitor.text(
        "/_page/groups/domain/try?serving=recommender/viewed&user=u1"
    )


def _campaign(shop: Shop, name: str, recipe: str) -> None:
    solution = shop.live.make(
        "Solution",
        name=name,
        datasetGroupArn=shop["group"],
        recipeArn=RECIPE + recipe,
        performAutoTraining=False,
    )
    version = shop.live.make("SolutionVersion", solutionArn=solution)
    shop.live.make("Campaign", name=name, solutionVersionArn=version)


def _rows(text: str) -> list[str]:
    """The ids of a list that is shown."""
    return re.findall(r'<span class="what"><strong>([^<]+)</strong>', text)
