"""The page in Airflow's UI, as a reader with a browser gets it."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest
import yaml
from botocore.exceptions import EndpointConnectionError

from encore import batch_costs
from encore.config.models import DAG_NAMES
from encore.online.readings import Readings
from encore.online.summary import summary
from encore.page import app, service
from encore.page.airflow_api import AirflowApi
from encore.page.questions import ASKS
from tests.encore.page.conftest import ARN, pipeline, text_of
from tests.support.past_runs import past_runs


@pytest.fixture
def thirty_runs(shop):
    shop.rows = [
        row | {"reason": row["reason"], "campaign_usd_a_day": 1.0, "dag_id": "retrain_recommenders"}
        for row in past_runs()
    ]
    for number in (27, 28, 29):
        row = shop.rows[2 * number]
        shop.airflow.add_run(row["run_id"], run_after=row["recorded_at"].isoformat())
    shop.service.serve("you", f"{ARN}:solution/you/{29:08x}")
    shop.service.serve("related", f"{ARN}:solution/related/{29:08x}")
    for row in shop.rows:
        row["solution_version_arn"] = row["solution_version_arn"].replace(
            "us-east-1:1:", "us-east-1:123456789012:"
        )
    return shop


def test_the_only_group_is_shown_at_once(shop):
    answer = shop.airflow.page().get("/encore/", follow_redirects=False)
    assert answer.headers["location"] == "/encore/groups/shop"


def test_a_first_visit_says_what_will_come(shop):
    text = text_of(shop.airflow.page().get("/encore/groups/shop").text)
    assert "Nothing is live yet No run has been recorded." in text
    assert "0.00 USD" in text


def test_what_is_live_since_when_and_how_good_it_is(thirty_runs):
    text = text_of(thirty_runs.airflow.page().get("/encore/groups/shop").text)
    assert re.search(r"Version 0000001d is live since 28 Feb 2026, 03:12 UTC", text)
    assert re.search(r"It is \d+% better than recommending the popular items", text)
    assert re.search(r"It is (\d+% (better|worse) than|as good as) the version before it", text)


def test_the_service_counts_and_not_what_the_history_says_of_it(thirty_runs):
    """Somebody may have moved a campaign by hand."""
    thirty_runs.service.serve("you", f"{ARN}:solution/you/{3:08x}")
    text = text_of(thirty_runs.airflow.page().get("/encore/groups/shop").text)
    assert "Version 00000003 is live since" in text


def test_a_version_that_no_run_has_recorded_yet_is_measured_by_the_service(shop):
    shop.airflow.add_run("manual__1", "running")
    shop.service.serve("you", f"{ARN}:solution/you/1")
    text = text_of(shop.airflow.page().get("/encore/groups/shop").text)
    assert "0.4321 NDCG@25 Version 1 is live since" in text
    assert "Nothing is live yet" not in text


def test_why_the_last_version_was_held(thirty_runs):
    thirty_runs.rows = thirty_runs.rows[:20]  # until the run that held `you`
    thirty_runs.service.serve("you", f"{ARN}:solution/you/{8:08x}")
    text = text_of(thirty_runs.airflow.page().get("/encore/groups/shop").text)
    assert "The newest version 00000009" in text
    assert "is not live: NDCG@25" in text
    assert "is below the live version's" in text


def test_what_the_month_has_cost(thirty_runs):
    """Thirty days with a run a night that end today: 2.40 USD a version, and each campaign's dollar a day once."""
    today = datetime.now(UTC)
    later = today - thirty_runs.rows[-1]["recorded_at"]
    for row in thirty_runs.rows:
        row["recorded_at"] += later
    runs, campaigns = 2 * 2.4 * min(today.day, 30), 2 * 1.0 * min(today.day, 30)
    text = text_of(thirty_runs.airflow.page().get("/encore/groups/shop").text)
    assert f"Cost of this month {runs + campaigns:.2f} USD" in text
    assert f"{runs:.2f} for imports and trainings, {campaigns:.2f} for the throughput of campaigns" in text


def test_a_service_that_does_not_answer_is_said_and_the_history_still_shown(thirty_runs, monkeypatch):
    def down(group):
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:9")

    monkeypatch.setattr(service, "personalize", down)
    answer = thirty_runs.airflow.page().get("/encore/groups/shop")
    assert answer.status_code == 200
    assert "Amazon Personalize does not answer" in text_of(answer.text)
    assert "Version 0000001d is live since" in text_of(answer.text)


def test_a_failed_run_is_told_with_its_error(shop):
    run = shop.airflow.add_run("manual__1", "failed")
    shop.airflow.add_task(run, "preflight", "failed")
    error = {"exc_type": "AirflowFailException", "exc_value": "There is no bucket 'encore'. Make it."}
    shop.airflow.logs["preflight", -1, 1] = [
        {"event": "begin", "level": "info"},
        {"event": "Task failed with exception", "level": "error", "error_detail": [error]},
        {"event": "end", "level": "info"},
    ]
    assert "preflight failed: There is no bucket 'encore'." in text_of(
        shop.airflow.page().get("/encore/groups/shop").text
    )


def test_a_question_that_waits_is_shown_first(shop):
    run = shop.airflow.add_run("manual__1", "running")
    task = shop.airflow.add_task(run, "solution.approve", "awaiting_input", map_index=1)
    shop.airflow.questions.append(
        {
            "subject": f"shop: shall {ARN}:solution/you/2 go live?",
            "body": "| a |",
            "options": ["Approve", "Reject"],
            "created_at": "2026-02-28T03:10:00Z",
            "response_received": False,
            "task_instance": task,
        }
    )
    for address in ("/encore/groups/shop", "/encore/groups/shop/runs/retrain_recommenders/manual__1"):
        page = shop.airflow.page().get(address).text
        assert "Waits for an answer shop: shall you/2 go live? Approve… Reject…" in text_of(page)
        assert '<span class="tag waiting">' in page
        at = "dags/retrain_recommenders/"
        # The form of Airflow's own UI, and what Airflow's API takes an answer at.
        assert f'href="/{at}runs/manual__1/tasks/solution.approve/mapped/1/required_actions"' in page
        path = f"/{at}dagRuns/manual__1/taskInstances/solution.approve/1/hitlDetails"
        assert f'data-answer="Approve" data-path="{path}"' in page
        assert 'data-api="/api/v2"' in page


def test_a_question_whose_task_does_not_wait_yet_is_not_to_be_answered(shop):
    run = shop.airflow.add_run("manual__1", "running")
    question = {
        "subject": "Shall it?",
        "body": "",
        "options": ["Approve"],
        "created_at": "2026-02-28T03:10:00Z",
    }
    task = shop.airflow.add_task(run, "solution.approve", "running", map_index=1)
    shop.airflow.questions.append({**question, "task_instance": task})
    assert "Waits for an answer" not in shop.airflow.page().get("/encore/groups/shop").text


def test_the_dag_of_another_team_is_no_error(shop):
    shop.airflow.dags.add("theirs")
    answer = shop.airflow.page().get("/encore/dags/theirs")
    assert answer.status_code == 200
    assert "theirs is no DAG of the pipeline file" in text_of(answer.text)


def test_the_choice_of_groups_asks_as_often_for_hundreds_as_for_two(shop, tmp_path, monkeypatch):
    calls: list[str] = []
    get = AirflowApi.get

    def counted(api, path, **query):
        calls.append(path)
        return get(api, path, **query)

    monkeypatch.setattr(AirflowApi, "get", counted)
    monkeypatch.setattr(service, "s3", lambda group: calls.append("a client for S3"))
    number_of_calls = {}
    for count in (2, 90):
        names = [f"g{number}" for number in range(count)]
        file = tmp_path / f"{count}.yaml"
        settings = pipeline(*names)
        file.write_text(yaml.safe_dump({**settings, "quotas": {"dataset_groups": count}}))
        monkeypatch.setenv("ENCORE_PIPELINE", str(file))
        shop.airflow.dags = {"retrain_recommenders", *(f"retrain_recommenders_{name}" for name in names[1:])}
        run = shop.airflow.add_run("manual__1", "running", dag_id="retrain_recommenders_g1")
        task = shop.airflow.add_task(run, "solution.approve", "awaiting_input")
        created = {"created_at": "2026-02-28T03:10:00Z", "response_received": False}
        question = {"subject": "Shall it?", "body": "", "options": ["Approve"], "task_instance": task}
        shop.airflow.questions = [{**question, **created}]
        calls.clear()
        page = shop.airflow.page().get("/encore/").text
        assert all(f"/encore/groups/{name}" in page for name in names)
        number_of_calls[count] = len(calls)
    assert number_of_calls == {2: 3, 90: 3}


@pytest.fixture
def every_dag(shop, tmp_path, monkeypatch):
    """The shop with every DAG that a group can have."""
    groups = pipeline("shop")
    groups["dataset_groups"][0]["batch"] = {"jobs": [{"name": "mail", "solution": "you"}]}
    groups["dataset_groups"][0]["experiment"] = {
        "name": "home",
        "champion": "popular",
        "challenger": "you",
        "begin": "2026-03-01",
        "event_type": "watch",
    }
    file = tmp_path / "batch.yaml"
    file.write_text(yaml.safe_dump(groups))
    monkeypatch.setenv("ENCORE_PIPELINE", str(file))
    shop.airflow.dags.update(DAG_NAMES)
    return shop


@pytest.mark.parametrize("dag_id", ASKS)
def test_a_question_of_every_dag_that_asks_is_shown(every_dag, dag_id):
    run = every_dag.airflow.add_run("manual__2", "running", dag_id=dag_id)
    task = every_dag.airflow.add_task(run, "budget", "awaiting_input")
    question = {"subject": "shop: shall it?", "body": "", "options": ["Approve"], "task_instance": task}
    created = {"created_at": "2026-02-28T03:10:00Z", "response_received": False}
    every_dag.airflow.questions.append({**question, **created})
    for address in ("/encore/groups/shop", f"/encore/groups/shop/runs/{dag_id}/manual__2"):
        page = text_of(every_dag.airflow.page().get(address).text)
        assert page.count("Waits for an answer shop: shall it? Approve…") == 1, address


@pytest.mark.parametrize("dag_id", DAG_NAMES)
def test_every_dag_of_the_group_leads_to_it(every_dag, dag_id):
    shop = every_dag
    shop.airflow.add_run("manual__1", dag_id=dag_id)
    page = shop.airflow.page()
    answer = page.get(f"/encore/dags/{dag_id}", follow_redirects=False)
    assert answer.headers["location"] == "/encore/groups/shop"
    assert "Run of 28 Feb 2026" in text_of(page.get(f"/encore/dags/{dag_id}/runs/manual__1").text)


def test_who_may_not_read_the_dag_sees_nothing_of_its_group(thirty_runs):
    thirty_runs.airflow.dags.clear()
    page = thirty_runs.airflow.page()
    assert "No dataset group to see" in text_of(page.get("/encore/").text)
    assert page.get("/encore/dags/retrain_recommenders").status_code == 404
    addresses = [route.path for route in app.create_app().routes if "/{name}" in getattr(route, "path", "")]
    assert len(addresses) >= 6
    for address in addresses:
        path = address.format(
            name="shop", dag_id="retrain_recommenders", run_id=thirty_runs.rows[-1]["run_id"]
        )
        answer = page.get(
            f"/encore{path}", params={"campaign": "you", "id": "42", "kind": "user", "text": "4"}
        )
        assert answer.status_code == 404, path
        assert "that you may read" in answer.text
        assert "0000001d" not in answer.text
    assert thirty_runs.service.requests == [], "nobody was asked what user 42 would see"


@pytest.mark.parametrize("status", [403, 404])
def test_a_dag_that_airflow_refuses_to_show_is_as_good_as_none(thirty_runs, status):
    """Airflow's authentication managers answer one or the other for a DAG that the reader has no right to."""
    thirty_runs.airflow.refused["retrain_recommenders"] = status
    page = thirty_runs.airflow.page()
    assert page.get("/encore/groups/shop/try", params={"campaign": "you", "id": "42"}).status_code == 404
    assert page.get("/encore/dags/retrain_recommenders").status_code == status
    assert thirty_runs.service.requests == []


def test_who_is_not_signed_in_sees_nothing(thirty_runs):
    answer = thirty_runs.airflow.page(cookies={}).get("/encore/groups/shop")
    assert answer.status_code == 401
    assert "Sign in first" in text_of(answer.text)


def test_many_groups_are_a_choice(shop, tmp_path, monkeypatch):
    file = tmp_path / "groups.yaml"
    file.write_text(yaml.safe_dump(pipeline("shop", "films", "books")))
    monkeypatch.setenv("ENCORE_PIPELINE", str(file))
    shop.airflow.dags |= {"retrain_recommenders_films"}
    text = text_of(shop.airflow.page().get("/encore/").text)
    assert "shop" in text
    assert "films" in text
    assert "books" not in text, "the reader may not read its DAG"


def test_everything_is_escaped(shop):
    row = past_runs(1)[0] | {"reason": "<b>bad</b>", "outcome": "held", "run_id": "<i>run</i>"}
    shop.rows = [row]
    answer = shop.airflow.page().get("/encore/groups/shop")
    assert "<b>bad</b>" in text_of(answer.text) or "bad" in answer.text
    assert "<b>bad" not in answer.text
    assert "<i>run" not in answer.text


def test_what_is_between_backticks_is_code_and_what_is_marked_up_in_a_reason_is_not(shop):
    shop.rows = [past_runs(1)[0] | {"reason": "No `comparison` in <b>it</b>.", "outcome": "held"}]
    page = shop.airflow.page().get("/encore/groups/shop").text
    assert "No <code>comparison</code> in &lt;b&gt;it&lt;/b&gt;." in page


def test_pages_run_no_script_but_their_own(shop):
    answer = shop.airflow.page().get("/encore/groups/shop")
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert not re.search(r"<script(?![^>]*\bsrc=)", answer.text)
    assert not re.search(r"\sstyle=|\son\w+=", answer.text)
    for address in re.findall(r'(?:src|href)="(/encore/static/[^"]+)"', answer.text):
        assert shop.airflow.page().get(address).status_code == 200


def test_the_report_is_a_file_by_itself(shop):
    assert "No run has been recorded yet" in text_of(
        shop.airflow.page().get("/encore/groups/shop/report").text
    )


def test_the_report_counts_what_batch_jobs_have_cost(thirty_runs):
    def spent() -> float:
        report = text_of(thirty_runs.airflow.page().get("/encore/groups/shop/report").text)
        return float(re.search(r"list price together ([\d.]+) USD", report)[1])

    before = spent()
    row = {"recorded_at": "2026-02-01T04:00:00+00:00", "job": "mail", "lines": 9, "usd": 7.25}
    batch_costs.write(thirty_runs.exports, "encore", "shop", "run-mail", row)
    assert spent() == pytest.approx(before + 7.25)


def test_what_nobody_expected_is_a_page_too(shop, monkeypatch):
    def fail(*_):
        raise RuntimeError("<b>never</b>")

    monkeypatch.setattr(app, "last_runs", fail)
    answer = shop.airflow.page().get("/encore/groups/shop")
    assert answer.status_code == 500
    assert "The page has failed RuntimeError: <b>never</b>." in text_of(answer.text)
    assert "<b>never" not in answer.text


def test_metrics_show_what_recommendations_led_to_and_where_an_experiment_stands(
    thirty_runs, tmp_path, monkeypatch
):
    group = pipeline("shop")["dataset_groups"][0]
    group["metric_attribution"] = {"metrics": [{"name": "clicks", "event_type": "click"}]}
    group["experiment"] = {
        "name": "home",
        "champion": "popular",
        "challenger": "you",
        "begin": "2026-03-01",
        "event_type": "watch",
    }
    file = tmp_path / "online.yaml"
    file.write_text(yaml.safe_dump({"dataset_groups": [group]}))
    monkeypatch.setenv("ENCORE_PIPELINE", str(file))
    document = {"state": "runs", "share": 0.5, "reason": "Nothing was judged yet.", "analyses": []}
    thirty_runs.exports.objects["shop/experiments/home.json"] = json.dumps(document).encode()
    hour = datetime(2026, 2, 28, 5, tzinfo=UTC)
    campaign = f"{ARN}:campaign/you"
    readings = Readings({("CLICKS", campaign, hour): 30.0}, {(campaign, hour): 200.0}, ("S3 was not read.",))
    monkeypatch.setattr(service, "online", lambda group, past: summary(group, past, readings))
    page = thirty_runs.airflow.page().get("/encore/groups/shop/metrics").text
    text = text_of(page)
    assert "Experiment home: you against popular No winner yet Nothing was judged yet." in text
    assert "you: 15 clicks for a hundred answers." in text
    assert "S3 was not read." in text
    assert "style=" not in page, "the page's policy allows none"


def test_the_page_has_a_chart_of_each_solution_and_the_same_as_a_table(shop):
    page = shop.airflow.page()
    assert "No version has been measured yet" in text_of(page.get("/encore/groups/shop/metrics").text)
    shop.rows = past_runs()
    answer = page.get("/encore/groups/shop/metrics").text
    assert answer.count('class="chart broad"') == answer.count('class="chart narrow"') == 2
    assert re.search(r"28 Feb 2026, 03:00 UTC 0000001d promoted 0\.\d{4} 0\.4000", text_of(answer))
