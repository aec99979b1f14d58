"""Which messages a run leads to, and through which of Airflow's notifiers they go."""

from __future__ import annotations

import asyncio
import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from airflow.sdk import (  # type: ignore[attr-defined]  # its stub file leaves them out
    AsyncCallback,
    DeadlineAlert,
    DeadlineReference,
)
from pydantic import TypeAdapter

from encore.config.models import DatasetGroup
from encore.config.policies import Channel, Event, MailChannel, SlackChannel, SnsChannel


@dataclass(frozen=True)
class Message:
    """One message: what happened, a subject of one line, and the text with the tables."""

    event: Event
    subject: str
    text: str


def messages_of(
    group: str,
    outcomes: Mapping[str, Mapping[str, Any]],
    decisions: Mapping[str, Mapping[str, Any]],
    failed_tasks: Sequence[str],
) -> list[Message]:
    """The messages of a run, one for each kind of outcome.

    :param outcomes: by solution, its `outcome` and `reason`, as they are recorded
    :param decisions: by solution, the gate's decision
    :param failed_tasks: tasks of the run that failed
    """
    messages = []
    events: tuple[Event, ...] = ("failed", "held", "promoted")
    for event in events:
        names = [name for name, outcome in outcomes.items() if outcome["outcome"] == event]
        tasks = list(failed_tasks) if event == "failed" else []
        if names or tasks:
            parts = [
                f"{name}: {outcomes[name]['reason']}\n{decisions.get(name, {}).get('text', '')}"
                for name in names
            ]
            if tasks:
                parts.append(f"Failed tasks: {', '.join(tasks)}")
            subject = f"{group}: {event} {', '.join(names) or ', '.join(tasks)}"
            messages.append(Message(event, subject, "\n\n".join(part.strip() for part in parts)))
    return messages


def recovered(group: str) -> Message:
    """Of a run that was notified as failed, and whose failed tasks were cleared since."""
    return Message("recovered", f"{group}: the run has recovered", "What had failed has succeeded now.")


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


def send_all(channels: Sequence[Channel], messages: Sequence[Message], context: Any) -> list[str]:
    """Send each channel the messages that it wants; returns `channel: subject` of each that was sent."""
    sent = []
    for channel in channels:
        for message in messages:
            if message.event in channel.on:
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
    text = (
        f"The run {run.get('dag_run_id', '')} still runs {hours:g} hours after its begin. Look at what it waits"
        " for in Airflow."
    )
    message = Message("late", f"{group}: the run is late", text)
    for settings in channels:
        channel: Any = TypeAdapter(Channel).validate_python(settings)
        if "late" in channel.on:
            await asyncio.to_thread(send, channel, message, context or {})


def channels_for(event: Event, channels: Sequence[Any], subject: str, text: str) -> list[Any]:
    """The notifiers of all channels that want an event, for messages that Airflow sends itself."""
    return [notifier(channel, subject, text) for channel in channels if event in channel.on]
