"""Events: sent in portions, and the same events when sent again."""

from __future__ import annotations

from airflow_personalize.operators.events import PersonalizePutEventsOperator
from tests.support.operator_runs import Task


def test_events_are_sent_in_portions_and_are_the_same_events_when_sent_again(trained, service, monkeypatch):
    tracker = Task().run(trained.tracker())
    assert Task().run(trained.tracker()) == tracker
    events = [{"eventType": "view", "itemId": f"i{n}"} for n in range(23)]
    operator = PersonalizePutEventsOperator(
        task_id="events", tracking_id=tracker["tracking_id"], session_id="s", user_id="u1", events=events
    )
    sent: list[list[str]] = []
    put = operator.hook.conn.put_events
    monkeypatch.setattr(
        operator.hook.conn,
        "put_events",
        lambda **call: (sent.append([event["eventId"] for event in call["eventList"]]), put(**call)),
    )
    assert Task("events").run(operator) == 23
    assert Task("events").run(operator) == 23
    assert [len(portion) for portion in sent] == [10, 10, 3] * 2
    assert sent[:3] == sent[3:]
    assert len({event for portion in sent for event in portion}) == 23
