"""Messages of a run, and that they arrive by mail, Slack and SNS as configured."""

from __future__ import annotations

import asyncio
import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace

import boto3
import pytest
from airflow.sdk import DAG, BaseOperator
from moto import mock_aws
from pydantic import TypeAdapter

from encore import notifications
from encore.config.models import DatasetGroup
from encore.config.policies import Channel
from encore.messages import Message
from encore.notifications import callbacks, channels_for, late, send, send_all

MESSAGE = Message(("held",), "shop: held related", "NDCG {{ 0.1 }} < 0.2\n| a |")


def channel(**settings):
    return TypeAdapter(Channel).validate_python(settings)


class Mailbox(socketserver.StreamRequestHandler):
    """As much of SMTP as a notifier speaks."""

    def handle(self) -> None:
        self.wfile.write(b"220 ready\r\n")
        body: list[bytes] | None = None
        for line in self.rfile:
            if body is not None:
                if line == b".\r\n":
                    self.server.mails.append(b"".join(body))  # type: ignore[attr-defined]
                    body = None
                else:
                    body.append(line)
                    continue
            word = line[:4].upper()
            body = [] if word == b"DATA" else body
            self.wfile.write({b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n"}.get(word, b"250 fine\r\n"))
            if word == b"QUIT":
                return


@contextmanager
def serving(server) -> Iterator:
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def test_a_mail_arrives(monkeypatch):
    import email

    with serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mailbox)) as server:
        server.mails = []
        extra = {"disable_ssl": True, "disable_tls": True, "from_email": "encore@example.com"}
        address = {"conn_type": "smtp", "host": "127.0.0.1", "port": server.server_address[1], "extra": extra}
        monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps(address))
        send(channel(type="smtp", to=["team@example.com"]), MESSAGE, {})
    mail = email.message_from_bytes(server.mails[0])
    assert mail["Subject"] == MESSAGE.subject
    text = mail.get_payload()[0].get_payload(decode=True).decode()
    assert "NDCG {{ 0.1 }} &lt; 0.2" in text


def test_slack_is_notified(monkeypatch):
    got: list[dict] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_) -> None:
            pass

    monkeypatch.setenv("no_proxy", "*")
    with serving(HTTPServer(("127.0.0.1", 0), Hook)) as server:
        address = f"http://127.0.0.1:{server.server_address[1]}/services"
        connection = {"conn_type": "slackwebhook", "host": address, "password": "T0/B0/secret"}
        monkeypatch.setenv("AIRFLOW_CONN_SLACK_WEBHOOK_DEFAULT", json.dumps(connection))
        send(channel(type="slack"), MESSAGE, {})
    assert MESSAGE.subject in got[0]["text"]
    assert "{{ 0.1 }}" in got[0]["text"]


@pytest.fixture
def topic(monkeypatch) -> Iterator[tuple[str, list]]:
    """An SNS topic, and a function that reads what was published to it."""
    monkeypatch.setenv(
        "AIRFLOW_CONN_AWS_DEFAULT",
        json.dumps(
            {
                "conn_type": "aws",
                "login": "x",
                "password": "y",
                "extra": {"region_name": "us-east-1"},
            }
        ),
    )
    with mock_aws():
        made = {"region_name": "us-east-1", "aws_access_key_id": "x", "aws_secret_access_key": "y"}
        sns, sqs = boto3.client("sns", **made), boto3.client("sqs", **made)
        arn = sns.create_topic(Name="runs")["TopicArn"]
        url = sqs.create_queue(QueueName="runs")["QueueUrl"]
        sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:runs")
        yield (
            arn,
            lambda: [
                json.loads(message["Body"])
                for message in sqs.receive_message(QueueUrl=url).get("Messages", ())
            ],
        )


def test_sns_is_notified(topic):
    arn, published = topic
    send(channel(type="sns", topic_arn=arn), MESSAGE, {})
    (message,) = published()
    assert message["Subject"] == MESSAGE.subject
    assert message["Message"].endswith(MESSAGE.text)


def test_of_a_late_run_those_are_notified_who_want_to_know(topic):
    arn, published = topic
    channels = [
        {"type": "sns", "topic_arn": arn, "on": ["late"]},
        {"type": "sns", "topic_arn": arn, "on": ["held"]},
    ]
    run = {"dag_id": "retrain", "dag_run_id": "scheduled__2026-01-01T00:00:00+00:00"}
    asyncio.run(late(channels, "shop", 6, {"dag_run": run}))
    (message,) = published()
    assert "still runs 6 hours" in message["Message"]
    assert "/dags/retrain/runs/scheduled__2026-01-01T00%3A00%3A00%2B00%3A00" in message["Message"]


def test_only_channels_that_want_an_event_get_its_notifier():
    both = [channel(type="slack", on=["asked"]), channel(type="smtp", to=["a@example.com"], on=["held"])]
    assert len(channels_for("asked", both, "subject", "text")) == 1


def test_a_message_of_two_events_comes_once_to_who_wants_either(monkeypatch):
    sent: list[str] = []
    monkeypatch.setattr(notifications, "send", lambda channel, message, context: sent.append(channel.type))
    channels = [
        channel(type="slack", on=["held", "promoted"]),
        channel(type="smtp", to=["a@example.com"], on=["promoted"]),
        channel(type="smtp", to=["b@example.com"], on=["failed"]),
    ]
    send_all(channels, Message(("held", "promoted"), "subject", "text"), {})
    assert sent == ["slack", "smtp"]


def group(*on):
    return DatasetGroup.model_validate(
        {
            "name": "shop",
            "role": "R",
            "bucket": "shop",
            "datasets": {"interactions": {"schema": "i.json", "sql": "i.sql"}},
            "solutions": [{"name": "popular", "recipe": "aws-popularity-count"}],
            "notify": [{"type": "slack", "on": list(on)}] if on else [],
        }
    )


@pytest.mark.parametrize(
    ("on", "names"),
    [
        ((), set()),
        (("held",), set()),
        (("failed",), {"on_failure_callback"}),
        (("failed", "recovered"), {"on_failure_callback", "on_success_callback"}),
    ],
)
def test_a_dag_calls_back_only_where_a_channel_wants_to_know(on, names):
    assert set(callbacks(group(*on))) == names


def run_context(**entries):
    """What Airflow's DAG processor gives a callback of a DAG."""
    with DAG("export_interactions") as dag:
        for name in ("export", "plan"):
            BaseOperator(task_id=name)
    return {
        "dag": dag,
        "run_id": "r",
        "reason": "x",
        **entries,
    }


def test_a_failed_export_is_notified_with_each_error_and_its_log(monkeypatch):
    sent: list[Message] = []
    monkeypatch.setattr(notifications, "send", lambda channel, message, context: sent.append(message))
    states = {"plan": "success", "export_0": "failed", "export_1": "failed"}
    ti = SimpleNamespace(
        dag_id="export_interactions",
        run_id="r",
        log_url="http://airflow/dags/export_interactions/runs/r/tasks/export/mapped/1?try_number=3",
        get_task_states=lambda dag_id, run_ids: {"r": states},
        xcom_pull=lambda task_ids, key, map_indexes: {
            "task": task_ids,
            "reason": f"{key} {map_indexes}",
            "link": f"http://airflow/{task_ids}/{map_indexes}",
            "label": "2026-01-01",
        },
    )
    callbacks(group("failed"))["on_failure_callback"](run_context(ti=ti))
    (message,) = sent
    assert message.subject == "shop: export_interactions failed"
    assert "Failed task: export [2026-01-01]\nfailure 0\nLog: http://airflow/export/0" in message.text
    assert "failure 1\nLog: http://airflow/export/1" in message.text
    assert message.text.count("Run: ") == 1


def test_a_failed_run_of_which_no_task_is_known_is_notified_with_airflows_reason(monkeypatch):
    sent: list[Message] = []
    monkeypatch.setattr(notifications, "send", lambda channel, message, context: sent.append(message))
    callbacks(group("failed"))["on_failure_callback"](run_context(reason="timed_out"))
    assert "timed_out" in sent[0].text


@pytest.mark.parametrize(("clears", "messages"), [(0, 0), (1, 1)])
def test_a_run_that_succeeds_after_a_clear_is_notified_as_recovered(monkeypatch, clears, messages):
    sent: list[Message] = []
    monkeypatch.setattr(notifications, "send", lambda channel, message, context: sent.append(message))
    context = run_context(dag_run=SimpleNamespace(clear_number=clears))
    callbacks(group("recovered"))["on_success_callback"](context)
    assert len(sent) == messages
    assert all("recovered" in message.subject for message in sent)
