"""The section of the pipeline file with checks of the product database's tables, made before rows are exported."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from encore.config.base import Settings

# A name without quotes in SQL: the checks' queries use it as the name of a column.
Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=40)]
TableName = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_$]*(\.[A-Za-z_][A-Za-z0-9_$]*){0,2}$", max_length=190),
]
LIMITS = ("equal_to", "greater_than", "geq_to", "less_than", "leq_to")


class _Check(Settings):
    """What both kinds of checks say."""

    name: Identifier = Field(description="How messages call the check")
    table: TableName = Field(description="Table or view of the product database")
    where: str | None = Field(
        None,
        min_length=1,
        description="SQL condition: the rows that are looked at. For interactions `{{ start }}` and `{{ end }}` are "
        "the bounds of the day that is exported",
    )
    severity: Literal["stop", "warn"] = Field(
        "stop", description="What a check that fails does to the export"
    )


class TableCheck(_Check):
    """SQL that is true of a good table, run by common-sql's SQLTableCheckOperator."""

    statement: str = Field(min_length=1, description="SQL that is true of good data, e.g. COUNT(*) > 0")


class ColumnCheck(_Check):
    """A figure of a column and its limits, run by common-sql's SQLColumnCheckOperator."""

    column: Identifier
    test: Literal["null_check", "distinct_check", "unique_check", "min", "max"] = Field(
        description="Number of nulls, of distinct values, of values that are there before; smallest or largest value"
    )
    equal_to: float | None = None
    greater_than: float | None = None
    geq_to: float | None = Field(None, description="At least")
    less_than: float | None = None
    leq_to: float | None = Field(None, description="At most")
    tolerance: float | None = Field(None, ge=0, description="Share by which a limit may be missed")

    @model_validator(mode="after")
    def _limited(self) -> ColumnCheck:
        named = set(self.limits) - {"tolerance"}
        if not named:
            raise ValueError(f"give at least one of {', '.join(LIMITS)}")
        if "equal_to" in named and len(named) > 1:
            raise ValueError("equal_to goes with no other limit")
        for pair in (("greater_than", "geq_to"), ("less_than", "leq_to")):
            if named >= set(pair):
                raise ValueError(f"give only one of {' and '.join(pair)}")
        low = self.greater_than if self.geq_to is None else self.geq_to
        high = self.less_than if self.leq_to is None else self.leq_to
        if (
            low is not None
            and high is not None
            and (low > high or (low == high and named != {"geq_to", "leq_to"}))
        ):
            raise ValueError(f"no value is both above {low:g} and below {high:g}")
        return self

    @property
    def limits(self) -> dict[str, Any]:
        """The limits that are given, as SQLColumnCheckOperator takes them."""
        values = self.model_dump(include={*LIMITS, "tolerance"})
        return {name: value for name, value in values.items() if value is not None}
