"""ARNs: how they are made, and what the service and Airflow call that of a kind of resource."""

from __future__ import annotations

from inspect import Parameter, Signature
from typing import Any, ClassVar

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields


def arn_of(other_arn: str, *parts: str) -> str:
    """The ARN of a resource in the same partition, region and account as another."""
    return ":".join(other_arn.split(":")[:5]) + ":" + "/".join(parts)


def kind_of(arn: str) -> str:
    """The kind of resource that an ARN names, as the names of operations have it: ``dataset_group``."""
    return arn.split(":", 5)[5].split("/")[0].replace("-", "_")


def arn_parameter(kind: str) -> str:
    """What Airflow's operators call the ARN of a kind: ``dataset_group_arn``."""
    return f"{kind}_arn"


def arn_member(kind: str) -> str:
    """What the service's requests and answers call it: ``datasetGroupArn``."""
    first, *others = kind.split("_")
    return "".join((first, *(word.capitalize() for word in others), "Arn"))


class ArnParameterMixin:
    """For operators and sensors on one resource: a subclass that says its `kind` gets the parameter for the ARN.

    With ``kind = "campaign"`` the constructor takes ``campaign_arn``, which is a template field; `arn` is its value,
    and `member` is what requests call it.
    """

    kind: ClassVar[str]
    parameter: ClassVar[str]
    member: ClassVar[str]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "kind" in vars(cls):
            cls.parameter, cls.member = arn_parameter(cls.kind), arn_member(cls.kind)
            _add_parameter(cls)

    @property
    def arn(self) -> str:
        return str(getattr(self, self.parameter))


def _add_parameter(cls: Any) -> None:
    def __init__(self: Any, **kwargs: Any) -> None:
        arn = kwargs.pop(cls.parameter)
        super(cls, self).__init__(**kwargs)
        setattr(self, cls.parameter, arn)

    cls.template_fields = aws_template_fields(cls.parameter)
    # Airflow reads signatures: for what is required, for `default_args`, and for `partial`.
    __init__.__signature__ = Signature(  # type: ignore[attr-defined]
        [
            Parameter("self", Parameter.POSITIONAL_OR_KEYWORD),
            Parameter(cls.parameter, Parameter.KEYWORD_ONLY, annotation="str"),
            Parameter("kwargs", Parameter.VAR_KEYWORD, annotation="Any"),
        ],
        return_annotation="None",
    )
    __init__.__qualname__ = f"{cls.__qualname__}.__init__"
    cls.__init__ = __init__
