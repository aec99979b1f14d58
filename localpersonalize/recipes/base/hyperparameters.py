"""Hyperparameters as they come over the wire, strings, checked against their documented ranges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

Group = Literal["algorithm", "feature_transformation", "campaign"]


def guide_page(name: str) -> str:
    """The address of a page of the service's developer guide: the source of documented ranges and defaults."""
    return f"https://docs.aws.amazon.com/personalize/latest/dg/{name}.html"


def hyperparameter(
    default: Any,
    low: float | None = None,
    high: float | None = None,
    *,
    description: str,
    source: str,
    above: float | None = None,
    tunable: bool = False,
    group: Group = "algorithm",
) -> Any:
    """Declare a hyperparameter of a recipe, as pydantic's `Field` does.

    :param low: least value, inclusive; None for booleans and choices.
    :param high: greatest value, inclusive.
    :param description: what it does here, in a sentence or two.
    :param source: the paper or guide page that range and default come from.
    :param above: an exclusive lower bound, instead of `low`.
    :param tunable: may a search (`performHPO`) vary it?
    :param group: the operation that shows it: `DescribeAlgorithm`, `DescribeFeatureTransformation`, or the
        configuration of a campaign.
    """
    extra: dict[str, Any] = {"tunable": tunable, "group": group, "source": source}
    return Field(default=default, ge=low, le=high, gt=above, description=description, json_schema_extra=extra)


@dataclass(frozen=True)
class HyperparameterSpec:
    """One hyperparameter as `DescribeAlgorithm` shows it, and what the documentation says of it.

    `low`, `high`: inclusive bounds, None without one; `values`: the choices of a categorical one.
    """

    name: str
    kind: Literal["integer", "continuous", "categorical"]
    default: str
    low: float | None
    high: float | None
    values: tuple[str, ...]
    tunable: bool
    group: Group
    description: str
    source: str

    @property
    def range(self) -> str:
        """The allowed values in words."""
        if self.values:
            return "one of " + ", ".join(self.values)
        kind = "an integer" if self.kind == "integer" else "a number"
        if self.low is not None and self.high is not None:
            return f"{kind} in [{self.low}, {self.high}]"
        return f"a positive {kind.split()[1]}"


class Hyperparameters(BaseModel):
    """Base of each recipe's hyperparameters. `parse` reads the wire's strings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def parse(cls, values: Mapping[str, str], recipe: str) -> Self:
        """Read strings; a prefix up to the last dot (`training.bptt`) is ignored, as the service shows both.

        :raises ValueError: names the hyperparameter, its range and the recipe.
        """
        plain = {name.rsplit(".", 1)[-1]: value for name, value in values.items()}
        specs = {spec.name: spec for spec in cls.specs()}
        for name in plain:
            if name not in specs:
                known = ", ".join(specs) or "none"
                raise ValueError(f"{recipe} has no hyperparameter {name}. It has: {known}.")
        try:
            return cls.model_validate({name: _lower_booleans(value) for name, value in plain.items()})
        except ValidationError as error:
            name = str(error.errors()[0]["loc"][0])
            raise ValueError(
                f"Hyperparameter {name} of {recipe} must be {specs[name].range}, not {plain[name]!r}."
            ) from None

    def as_strings(self) -> dict[str, str]:
        """The values as the wire carries them; `parse` reads them again."""
        return {
            name: str(value).lower() if isinstance(value, bool) else str(value)
            for name, value in self.model_dump().items()
        }

    @classmethod
    def specs(cls) -> Iterator[HyperparameterSpec]:
        """Every hyperparameter, in the order of declaration."""
        for name, info in cls.model_fields.items():
            yield _spec_of(name, info)


def _lower_booleans(value: Any) -> Any:
    return value.lower() if isinstance(value, str) and value.lower() in ("true", "false") else value


def _spec_of(name: str, info: FieldInfo) -> HyperparameterSpec:
    bounds: dict[str, float] = {}
    for constraint in info.metadata:
        for key in ("ge", "le", "gt"):
            if getattr(constraint, key, None) is not None:
                bounds[key] = getattr(constraint, key)
    values: tuple[str, ...] = ()
    kind: Literal["integer", "continuous", "categorical"] = "categorical"
    if info.annotation is bool:
        values = ("true", "false")
    elif get_origin(info.annotation) is Literal:
        values = tuple(str(value) for value in get_args(info.annotation))
    else:
        kind = "integer" if info.annotation is int else "continuous"
    extra: Any = info.json_schema_extra or {}
    default = str(info.default).lower() if isinstance(info.default, bool) else str(info.default)
    return HyperparameterSpec(
        name=name,
        kind=kind,
        default=default,
        low=bounds.get("ge"),
        high=bounds.get("le"),
        values=values,
        tunable=bool(extra.get("tunable", False)),
        group=extra.get("group", "algorithm"),
        description=info.description or "",
        source=extra.get("source", ""),
    )
