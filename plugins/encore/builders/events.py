"""The tasks that keep the event tracker and the metric attribution of a group, where the pipeline file has them."""

from __future__ import annotations

from collections.abc import Sequence

from airflow.sdk import BaseOperator

from airflow_personalize.operators.event_tracker import PersonalizeCreateEventTrackerOperator
from airflow_personalize.operators.metric_attribution import PersonalizeCreateMetricAttributionOperator
from encore.config import DatasetGroup
from encore.retention import tags


def keep_events(
    group: DatasetGroup,
    dataset_group: BaseOperator,
    datasets: Sequence[BaseOperator],
    data_gate: BaseOperator,
    interactions: BaseOperator,
) -> None:
    """Tracker and attribution, once the datasets are there; events need the Interactions dataset to go to.

    The tracker is for later: it is made beside the imports. An import that reports needs the attribution.

    :param interactions: the import of the interactions
    """
    tagged = {"tags": tags(group.name)}
    if group.event_tracker:
        [*datasets, data_gate] >> PersonalizeCreateEventTrackerOperator(
            task_id="event_tracker",
            tracker_name=group.event_tracker.name or group.name,
            dataset_group_arn=dataset_group.output,
            create_kwargs=tagged,
        )
    if attribution := group.metric_attribution:
        made = PersonalizeCreateMetricAttributionOperator(
            task_id="metric_attribution",
            metric_attribution_name=attribution.name or group.name,
            dataset_group_arn=dataset_group.output,
            metrics=[
                {"metricName": metric.name, "eventType": metric.event_type, "expression": metric.expression}
                for metric in attribution.metrics
            ],
            role_arn=group.role,
            output_location=group.attribution_uri if attribution.reports else None,
        )
        datasets >> made
        if attribution.reports:
            made >> interactions
