"""Sensors for filters, event trackers and batch jobs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from personalize.sensors.base import PersonalizeBaseSensor


class PersonalizeFilterSensor(PersonalizeBaseSensor):
    """
    Wait until a filter is active.

    :param filter_arn: ARN of the filter. (templated)
    """

    waiter, argument, parameter = "filter_active", "filterArn", "filter_arn"
    template_fields: Sequence[str] = aws_template_fields("filter_arn")

    def __init__(self, *, filter_arn: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.filter_arn = filter_arn


class PersonalizeEventTrackerSensor(PersonalizeBaseSensor):
    """
    Wait until an event tracker is active.

    :param event_tracker_arn: ARN of the event tracker. (templated)
    """

    waiter, argument, parameter = "event_tracker_active", "eventTrackerArn", "event_tracker_arn"
    template_fields: Sequence[str] = aws_template_fields("event_tracker_arn")

    def __init__(self, *, event_tracker_arn: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.event_tracker_arn = event_tracker_arn


class PersonalizeMetricAttributionSensor(PersonalizeBaseSensor):
    """
    Wait until a metric attribution is active.

    :param metric_attribution_arn: ARN of the metric attribution. (templated)
    """

    waiter, argument, parameter = (
        "metric_attribution_active",
        "metricAttributionArn",
        "metric_attribution_arn",
    )
    template_fields: Sequence[str] = aws_template_fields("metric_attribution_arn")

    def __init__(self, *, metric_attribution_arn: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.metric_attribution_arn = metric_attribution_arn


class PersonalizeBatchInferenceJobSensor(PersonalizeBaseSensor):
    """
    Wait until a batch inference job has written its answers.

    :param batch_inference_job_arn: ARN of the batch inference job. (templated)
    """

    waiter, argument, parameter = (
        "batch_inference_job_complete",
        "batchInferenceJobArn",
        "batch_inference_job_arn",
    )
    template_fields: Sequence[str] = aws_template_fields("batch_inference_job_arn")

    def __init__(self, *, batch_inference_job_arn: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.batch_inference_job_arn = batch_inference_job_arn


class PersonalizeBatchSegmentJobSensor(PersonalizeBaseSensor):
    """
    Wait until a batch segment job has written its segments.

    :param batch_segment_job_arn: ARN of the batch segment job. (templated)
    """

    waiter, argument, parameter = "batch_segment_job_complete", "batchSegmentJobArn", "batch_segment_job_arn"
    template_fields: Sequence[str] = aws_template_fields("batch_segment_job_arn")

    def __init__(self, *, batch_segment_job_arn: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.batch_segment_job_arn = batch_segment_job_arn
