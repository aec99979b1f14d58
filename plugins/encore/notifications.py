"""Through which of Airflow's notifiers a run's message goes, and when."""

from __future__ import annotations

import asyncio
import html
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from airflow.sdk import (  # type: ignore[attr-defined]  # its stub file leaves them out
    AsyncCallback,
    BaseNotifier,
    DeadlineAlert,
    DeadlineReference,
)
from pydantic import TypeAdapter

from encore import messages
from encore.config.models import DatasetGroup
from encore.config.policies import Channel, Event, MailChannel, SlackChannel, SnsChannel
from encore.messages import Message
from encore.runs.failure_reasons import failures


def notifier(channel: SlackChannel | MailChannel | SnsChannel, subject: str, text: str) -> Any:
    """Airflow's notifier of a channel, for a message. Both may be Jinja templates."""
    if isinstance(channel, SlackChannel):
        from airflow.providers.slack.notifications.slack_webhook import SlackWebhookNotifier

        return SlackWebhookNotifier(
            slack_webhook_conn_id=channel.conn_id, text=f"*{subject}*\n```\n{text}\n```"
        )
    if isinstance(channel, MailChannel):
        from airflow.providers.smtp.notifications.smtp import SmtpNotifier

        return SmtpNotifier(
            to=channel.to,
            from_email=channel.sender,
            subject=subject,
            html_content=f"<pre>{text}</pre>",
            smtp_conn_id=channel.conn_id,
        )
    from airflow.providers.amazon.aws.notifications.sns import SnsNotifier

    return SnsNotifier(
        aws_conn_id=channel.conn_id,
        target_arn=channel.topic_arn,
        subject=subject[:100],
        message=f"{subject}\n\n{text}",
    )


def send(channel: SlackChannel | MailChannel | SnsChannel, message: Message, context: Any) -> None:
    """Send a finished message; unlike Airflow does for its own callbacks, nothing in it is taken for a template."""
    text = html.escape(message.text) if isinstance(channel, MailChannel) else message.text
    notifier(channel, message.subject, text).notify(context)


def send_all(channels: Sequence[Channel], message: Message, context: Any) -> list[str]:
    """Send a message to each channel that wants one of its events; returns `channel: subject` of each that was sent."""
    sent = []
    for channel in channels:
        if set(message.events) & set(channel.on):
            send(channel, message, context)
            sent.append(f"{channel.type}: {message.subject}")
    return sent


def deadline(group: DatasetGroup) -> DeadlineAlert | None:
    """Notifies whoever wants to know that a run is late; None where nobody does."""
    if group.deadline_hours is None:
        return None
    arguments = {
        "channels": [channel.model_dump(mode="json") for channel in group.notify],
        "group": group.name,
        "hours": group.deadline_hours,
    }
    return DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=timedelta(hours=group.deadline_hours),
        callback=AsyncCallback(late, kwargs=arguments),
    )


async def late(channels: Sequence[Mapping[str, Any]], group: str, hours: float, context: Any = None) -> None:
    """Notify that a run is not over after its deadline. Called by Airflow's triggerer."""
    run = (context or {}).get("dag_run") or {}  # as Airflow's REST API shows it
    message = messages.of_late_run(group, run.get("dag_id", ""), run.get("dag_run_id", ""), hours)
    for settings in channels:
        channel: Any = TypeAdapter(Channel).validate_python(settings)
        if "late" in channel.on:
            await asyncio.to_thread(send, channel, message, context or {})


class RunNotifier(BaseNotifier):
    """Notifies the channels of a group that a run has failed, or succeeded after a clear: a callback of a DAG.

    :param group: the name of the dataset group
    :param channels: the group's channels
    """

    def __init__(self, group: str, channels: Sequence[Any]) -> None:
        super().__init__()
        self.group, self.channels = group, channels

    def notify(self, context: Any) -> None:
        if message := self.message(context):
            send_all(self.channels, message, context)

    def message(self, context: Any) -> Message | None:
        raise NotImplementedError


class FailureNotifier(RunNotifier):
    """Of a failed run: each failed task with its error."""

    def message(self, context: Any) -> Message:
        dag_id, run_id = context["dag"].dag_id, context["run_id"]
        failed = failures(context) if "ti" in context else []
        url = messages.run_url(dag_id, run_id)
        return messages.of_failed_run(self.group, dag_id, url, failed, str(context.get("reason")))


class RecoveryNotifier(RunNotifier):
    """Of a run that has succeeded after a clear."""

    def message(self, context: Any) -> Message | None:
        dag_id, run_id = context["dag"].dag_id, context["run_id"]
        if not getattr(context.get("dag_run"), "clear_number", 0):
            return None
        return messages.of_recovered_run(self.group, dag_id, messages.run_url(dag_id, run_id))


def callbacks(group: DatasetGroup) -> dict[str, Any]:
    """The callbacks of a DAG whose runs have no task that notifies; none where no channel wants to know."""
    wanted = {event for channel in group.notify for event in channel.on}
    notifiers = {
        "on_failure_callback": ("failed", FailureNotifier),
        "on_success_callback": ("recovered", RecoveryNotifier),
    }
    return {
        name: notifier_class(group.name, group.notify)
        for name, (event, notifier_class) in notifiers.items()
        if event in wanted
    }


def channels_for(event: Event, channels: Sequence[Any], subject: str, text: str) -> list[Any]:
    """The notifiers of all channels that want an event, for messages that Airflow sends itself."""
    return [notifier(channel, subject, text) for channel in channels if event in channel.on]
