"""Batch jobs: recommendations and segments for many users or items at once, from S3 to S3."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from airflow_personalize.operators.base import prune_dict
from airflow_personalize.operators.job_base import PersonalizeJobOperator


class PersonalizeBatchJobOperator(PersonalizeJobOperator):
    """
    Base of the operators that start a batch inference or batch segment job.

    :param solution_version_arn: ARN of the solution version. (templated)
    :param input_location: ``s3://`` path of the JSON lines to answer. (templated)
    :param output_location: ``s3://`` path of the folder for the answers. (templated)
    :param role_arn: Name or ARN of the role that Personalize takes to read and write there. (templated)
    :param num_results: Number of results for each line (default: the service's, 25).
    :param filter_arn: ARN of a filter to apply. (templated)
    :param kms_key_arn: Key that the input and output are encrypted with. (templated)
    """

    subject = ("solution_version_arn", "input_location")
    template_fields: Sequence[str] = aws_template_fields(
        "solution_version_arn",
        "input_location",
        "output_location",
        "role_arn",
        "filter_arn",
        "kms_key_arn",
        "create_kwargs",
    )

    def __init__(
        self,
        *,
        solution_version_arn: str,
        input_location: str,
        output_location: str,
        role_arn: str,
        num_results: int | None = None,
        filter_arn: str | None = None,
        kms_key_arn: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.solution_version_arn = solution_version_arn
        self.input_location = input_location
        self.output_location = output_location
        self.role_arn = role_arn
        self.num_results = num_results
        self.filter_arn = filter_arn
        self.kms_key_arn = kms_key_arn

    def create(self, name: str) -> str:
        key = prune_dict(kmsKeyArn=self.kms_key_arn)
        response = getattr(self.non_retrying_client, f"create_{self.kind}")(
            jobName=name,
            solutionVersionArn=self.solution_version_arn,
            jobInput={"s3DataSource": {"path": self.input_location, **key}},
            jobOutput={"s3DataDestination": {"path": self.output_location, **key}},
            roleArn=self.hook.expand_role(self.role_arn),
            **prune_dict(numResults=self.num_results, filterArn=self.filter_arn),
            **(self.create_kwargs or {}),
        )
        return str(response[self.member])
