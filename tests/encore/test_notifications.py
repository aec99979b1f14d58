"""Messages of a run, and that they arrive by mail, Slack and SNS as configured."""

from __future__ import annotations

import asyncio
import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import boto3
import pytest
from moto import mock_aws
from pydantic import TypeAdapter

from encore.config.policies import Channel
from encore.notifications import Message, channels_for, late, messages_of, send

MESSAGE = Message("held", "shop: held related", "NDCG {{ 0.1 }} < 0.2\n| a |")


def channel(**settings):
    return TypeAdapter(Channel).validate_python(settings)


def test_a_run_is_notified_by_outcome_with_tables_and_failed_tasks():
    outcomes = {
        "a": {"outcome": "promoted", "reason": "good"},
        "b": {"outcome": "held", "reason": "bad"},
        "c": {"outcome": "promoted", "reason": "fine"},
    }
    messages = messages_of("shop", outcomes, {"a": {"text": "TABLE"}}, ["solution.train"])
    assert [(message.event, message.subject) for message in messages] == [
        ("failed", "shop: failed solution.train"),
        ("held", "shop: held b"),
        ("promoted", "shop: promoted a, c"),
    ]
    assert "a: good\nTABLE" in messages[2].text


def test_a_run_without_an_outcome_has_no_message():
    assert messages_of("shop", {}, {}, []) == []


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
    asyncio.run(late(channels, "shop", 6, {"dag_run": {"dag_run_id": "scheduled__x"}}))
    (message,) = published()
    assert "scheduled__x still runs 6 hours" in message["Message"]


def test_only_channels_that_want_an_event_get_its_notifier():
    both = [channel(type="slack", on=["asked"]), channel(type="smtp", to=["a@example.com"], on=["held"])]
    assert len(channels_for("asked", both, "subject", "text")) == 1
