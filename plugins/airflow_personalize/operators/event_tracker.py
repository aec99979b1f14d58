"""Event trackers: where PutEvents sends to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from airflow_personalize.operators.base import PersonalizeCreateOperator
from airflow_personalize.operators.delete_base import PersonalizeDeleteOperator
from airflow_personalize.pagination import find_by

if TYPE_CHECKING:
    from airflow.sdk import Context


class PersonalizeCreateEventTrackerOperator(PersonalizeCreateOperator):
    """
    Make sure that a dataset group has an event tracker; it can have one.

    Returns ``{"event_tracker_arn": ..., "tracking_id": ...}``.

    :param tracker_name: Name of the event tracker. (templated)
    :param dataset_group_arn: ARN of the dataset group. (templated)
    """

    template_fields: Sequence[str] = aws_template_fields("tracker_name", "dataset_group_arn", "create_kwargs")

    def __init__(self, *, tracker_name: str, dataset_group_arn: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.tracker_name = tracker_name
        self.dataset_group_arn = dataset_group_arn

    def execute(self, context: Context) -> dict[str, str]:
        arn, fresh = self.once(self._find, self._create)
        self.wait(context, "event_tracker_active", fresh=fresh, eventTrackerArn=arn)
        return self.completed(context, arn)

    def completed(self, context: Context, resource: str) -> dict[str, str]:
        tracker = self.describe("event_tracker", eventTrackerArn=resource) or {}
        return {"event_tracker_arn": resource, "tracking_id": tracker["trackingId"]}

    def _find(self) -> str | None:
        tracker = find_by(
            self.client, "list_event_trackers", name=self.tracker_name, datasetGroupArn=self.dataset_group_arn
        )
        return str(tracker["eventTrackerArn"]) if tracker else None

    def _create(self) -> str:
        arn: str = self.non_retrying_client.create_event_tracker(
            name=self.tracker_name, datasetGroupArn=self.dataset_group_arn, **(self.create_kwargs or {})
        )["eventTrackerArn"]
        self.log.info("Created event tracker %s", arn)
        return arn


class PersonalizeDeleteEventTrackerOperator(PersonalizeDeleteOperator):
    """
    Delete an event tracker; the events that came through it stay.

    :param event_tracker_arn: ARN of the event tracker. (templated)
    """

    kind = "event_tracker"
