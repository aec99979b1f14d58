"""A run has one message: what happened in its subject, why and where to look in its text."""

from __future__ import annotations

from encore.messages import of_retraining
from encore.runs.failure_reasons import Failure

URL = "http://airflow/dags/retrain/runs/r"
FAILED = Failure(
    "solution.train", "you is CREATE FAILED. -> Import more.", f"{URL}/tasks/solution.train/mapped/2", "you"
)


def outcome(what, reason):
    return {"outcome": what, "reason": reason}


def test_a_run_has_one_message_with_every_outcome_its_reason_tables_and_links():
    outcomes = {
        "a": outcome("promoted", "good"),
        "b": outcome("held", "bad"),
        "c": outcome("promoted", "fine"),
    }
    message = of_retraining(
        "shop", URL, outcomes, {"a": {"text": "TABLE"}}, [FAILED], report="s3://shop/report.html"
    )
    assert message is not None
    assert message.events == ("failed", "held", "promoted")
    assert message.subject == "shop: failed solution.train [you]; held b; promoted a, c"
    assert message.text == (
        "Failed task: solution.train [you]\nyou is CREATE FAILED. -> Import more.\n"
        f"Log: {URL}/tasks/solution.train/mapped/2\n\n"
        "held: b\nbad\n\npromoted: a\ngood\nTABLE\n\npromoted: c\nfine\n\n"
        f"Run: {URL}\nReport: s3://shop/report.html"
    )


def test_a_run_that_recovered_says_so_in_the_same_message():
    message = of_retraining("shop", URL, {"a": outcome("held", "bad")}, {}, [], has_recovered=True)
    assert message is not None
    assert message.subject == "shop: recovered; held a"
    assert message.events == ("recovered", "held")


def test_a_run_without_an_outcome_has_no_message():
    assert of_retraining("shop", URL, {}, {}, []) is None


def test_a_solution_that_failed_with_a_task_is_named_and_its_reason_said_once():
    message = of_retraining("shop", URL, {"you": outcome("failed", FAILED.as_text())}, {}, [FAILED])
    assert message is not None
    assert message.subject == "shop: failed you"
    assert message.text.count("CREATE FAILED") == 1


def test_what_is_paid_for_and_not_used_is_in_the_message_and_makes_none_by_itself():
    idle = "campaign front: nobody has asked it for 14 days (about 432.00 USD a month)"
    message = of_retraining("shop", URL, {"a": outcome("promoted", "good")}, {}, [], unused=[idle])
    assert f"Paid for and not used (encore stop):\n{idle}" in message.text
    assert of_retraining("shop", URL, {}, {}, [], unused=[idle]) is None
