"""Events, sent to an event tracker."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.operators.base_aws import AwsBaseOperator
from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from airflow_personalize.hooks import PersonalizeEventsHook
from airflow_personalize.operators.base import prune_dict

if TYPE_CHECKING:
    from airflow.sdk import Context

EVENTS_A_REQUEST = 10


class PersonalizePutEventsOperator(AwsBaseOperator[PersonalizeEventsHook]):
    """
    Send events of one user's session.

    An event without an ``eventId`` gets one derived from the DAG run, the task and its place in the list, so that
    an event that is sent again by a retry is the same event. Returns the number of events.

    :param tracking_id: Tracking id of the event tracker. (templated)
    :param session_id: Session that the events belong to. (templated)
    :param events: Events as ``PutEvents`` takes them; ``sentAt`` may be a datetime, ISO text or epoch seconds, and
        is the run's time if absent. (templated)
    :param user_id: User that the events belong to, if known. (templated)
    """

    aws_hook_class = PersonalizeEventsHook
    template_fields: Sequence[str] = aws_template_fields("tracking_id", "session_id", "events", "user_id")

    def __init__(
        self,
        *,
        tracking_id: str,
        session_id: str,
        events: Sequence[Mapping[str, Any]],
        user_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.tracking_id = tracking_id
        self.session_id = session_id
        self.events = events
        self.user_id = user_id

    def execute(self, context: Context) -> int:
        ti = context["ti"]
        origin = "/".join(map(str, (ti.dag_id, ti.run_id, ti.task_id, ti.map_index)))
        run_time = getattr(context.get("dag_run"), "run_after", None) or datetime.now(UTC)
        prepared = [
            {
                "eventId": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{origin}/{number}")),
                **event,
                "sentAt": _moment(event.get("sentAt", run_time)),
            }
            for number, event in enumerate(self.events)
        ]
        client: Any = self.hook.conn
        for start in range(0, len(prepared), EVENTS_A_REQUEST):
            client.put_events(
                trackingId=self.tracking_id,
                sessionId=self.session_id,
                eventList=prepared[start : start + EVENTS_A_REQUEST],
                **prune_dict(userId=self.user_id),
            )
        self.log.info("Sent %d events of session %s", len(prepared), self.session_id)
        return len(prepared)


def _moment(value: datetime | str | int | float) -> datetime:
    """
    :raises ValueError: if a text is no ISO time.
    """
    if isinstance(value, datetime):
        return value
    if isinstance(value, int | float) or value.isdigit():
        return datetime.fromtimestamp(float(value), UTC)
    return datetime.fromisoformat(value)
