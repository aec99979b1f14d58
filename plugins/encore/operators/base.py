"""What operators that work on a whole dataset group share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from airflow_personalize.operators.base import PersonalizeBaseOperator
from encore.config.models import DatasetGroup


class DatasetGroupOperator(PersonalizeBaseOperator):
    """An operator that works on a whole dataset group.

    :param group: the dataset group, as its section of the pipeline file
    """

    template_fields: Sequence[str] = aws_template_fields()

    def __init__(self, *, group: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.group = group

    @property
    def settings(self) -> DatasetGroup:
        return DatasetGroup.model_validate(self.group)
