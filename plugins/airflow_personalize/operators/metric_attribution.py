"""Metric attributions: what recommended items have led to, in CloudWatch and S3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from botocore.exceptions import ClientError

from airflow_personalize.exceptions import error_code
from airflow_personalize.operators.base import PersonalizeCreateOperator, raise_non_retryable
from airflow_personalize.operators.delete_base import PersonalizeDeleteOperator
from airflow_personalize.pagination import find_by, list_all

if TYPE_CHECKING:
    from airflow.sdk import Context

Metric = Mapping[str, str]


class PersonalizeCreateMetricAttributionOperator(PersonalizeCreateOperator):
    """
    Make sure that a dataset group has a metric attribution with these metrics; it can have one.

    An attribution that is there gets the metrics that it lacks, and loses those that are not named.

    :param metric_attribution_name: Name of the metric attribution. (templated)
    :param dataset_group_arn: ARN of the dataset group. (templated)
    :param metrics: ``eventType``, ``metricName`` and ``expression`` of each metric, at most ten.
    :param role_arn: Name or ARN of the role that Personalize takes to write reports. (templated)
    :param output_location: ``s3://`` folder for reports of events and imports; without it there are only metrics in
        CloudWatch. (templated)
    """

    template_fields: Sequence[str] = aws_template_fields(
        "metric_attribution_name", "dataset_group_arn", "role_arn", "output_location", "create_kwargs"
    )

    def __init__(
        self,
        *,
        metric_attribution_name: str,
        dataset_group_arn: str,
        metrics: Sequence[Metric],
        role_arn: str,
        output_location: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.metric_attribution_name, self.dataset_group_arn = metric_attribution_name, dataset_group_arn
        self.metrics, self.role_arn, self.output_location = metrics, role_arn, output_location

    def execute(self, context: Context) -> str:
        try:
            arn, fresh = self.once(self._find, self._create)
            if not fresh:
                self._update(arn)
        except ClientError as error:
            if error_code(error) == "InvalidInputException":
                raise_non_retryable(f"Metric attribution {self.metric_attribution_name}", error)
            raise
        self.wait(context, "metric_attribution_active", fresh=fresh, metricAttributionArn=arn)
        return arn

    def _find(self) -> str | None:
        attribution = find_by(
            self.client,
            "list_metric_attributions",
            name=self.metric_attribution_name,
            datasetGroupArn=self.dataset_group_arn,
        )
        return str(attribution["metricAttributionArn"]) if attribution else None

    def _create(self) -> str:
        arn: str = self.non_retrying_client.create_metric_attribution(
            name=self.metric_attribution_name,
            datasetGroupArn=self.dataset_group_arn,
            metrics=list(self.metrics),
            metricsOutputConfig=self._output(),
            **(self.create_kwargs or {}),
        )["metricAttributionArn"]
        self.log.info("Created metric attribution %s", arn)
        return arn

    def _update(self, arn: str) -> None:
        """Bring an attribution that is there to what is asked for; nothing is asked of one that has it."""
        current = list(list_all(self.client, "list_metric_attribution_metrics", metricAttributionArn=arn))
        additional = [dict(metric) for metric in self.metrics if dict(metric) not in current]
        surplus = [metric["metricName"] for metric in current if metric not in list(map(dict, self.metrics))]
        description = self.describe("metric_attribution", metricAttributionArn=arn) or {}
        output = self._output()
        if additional or surplus or description.get("metricsOutputConfig") != output:
            self.non_retrying_client.update_metric_attribution(
                metricAttributionArn=arn,
                addMetrics=additional,
                removeMetrics=surplus,
                metricsOutputConfig=output,
            )
            self.log.info("Updated %s: added %s, removed %s", arn, additional, surplus)

    def _output(self) -> dict[str, Any]:
        location = {"s3DataDestination": {"path": self.output_location}} if self.output_location else {}
        return {"roleArn": self.hook.expand_role(self.role_arn), **location}


class PersonalizeDeleteMetricAttributionOperator(PersonalizeDeleteOperator):
    """
    Delete a metric attribution.

    :param metric_attribution_arn: ARN of the metric attribution. (templated)
    """

    kind = "metric_attribution"
