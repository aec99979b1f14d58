"""The sections that say how a run is judged, watched and cleaned up after."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from encore.config.base import ConnectionId, Name, Settings
from encore.config.comparison import SameUsersRule

Verdict = Literal["promote", "ask", "hold"]
MetricName = Literal[
    "coverage",
    "mean_reciprocal_rank_at_25",
    "normalized_discounted_cumulative_gain_at_5",
    "normalized_discounted_cumulative_gain_at_10",
    "normalized_discounted_cumulative_gain_at_25",
    "precision_at_5",
    "precision_at_10",
    "precision_at_25",
]
Event = Literal["promoted", "held", "asked", "failed", "recovered", "late"]
MailAddress = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$|^[^<>]*<[^@\s]+@[^@\s]+>$")]
Share = Annotated[float, Field(ge=0, le=1)]


class MetricRule(Settings):
    """How one metric of a new version is judged."""

    tolerance: Annotated[float, Field(ge=0, le=1)] | Literal["estimate"] = Field(
        "estimate", description="Absolute difference that is taken for noise; `estimate` computes it"
    )
    floor: float | None = Field(
        None, ge=0, le=1, description="No version below this is good, whatever is live"
    )


def _default_metrics() -> dict[MetricName, MetricRule]:
    return {"normalized_discounted_cumulative_gain_at_25": MetricRule()}


class Gate(Settings):
    """Whether a new version goes live: what it is compared by, and what happens when it is worse."""

    metrics: dict[MetricName, MetricRule] = Field(default_factory=_default_metrics, min_length=1)
    worse_than_live: Verdict = Field("hold", description="When a metric is below the live version's")
    worse_than_popularity: Verdict = Field(
        "hold", description="When a metric is below what recommending the popular would reach"
    )
    below_floor: Verdict = Field("hold", description="When a metric is below its floor")
    baseline: Name | None = Field(
        None,
        description="Solution with the popularity recipe; default: the group's, if it has one, for recipes that"
        " recommend to users",
    )
    same_users: SameUsersRule = Field(
        default_factory=SameUsersRule,
        description="What the group's `comparison` must show; `metrics` are judged where there is none",
    )
    confidence: float = Field(
        0.95, gt=0.5, lt=1, description="Certainty of an estimated tolerance, one-sided"
    )
    approval_hours: float | None = Field(
        None,
        gt=0,
        description="Hours until an unanswered question counts as rejected; default: the group's `approval_hours`",
    )


class AnswerCheck(Settings):
    """What a campaign is asked after it was moved; if it fails, the earlier version is put back."""

    questions: int = Field(5, ge=1, le=100, description="Users or items to ask about")
    results: int = Field(10, ge=1, le=500, description="Recommendations to ask for")
    max_milliseconds: float | None = Field(None, gt=0, description="Longest time that an answer may take")


class DataGate(Settings):
    """What the data must look like before it replaces what the service has. A limit of null is not checked."""

    on_failure: Literal["stop", "warn"] = "stop"
    compare_runs: int = Field(
        7, ge=1, le=100, description="Earlier runs whose median rows are the usual rows"
    )
    max_drop: Share | None = Field(0.5, description="Share of the usual rows that may be missing")
    max_jump: float | None = Field(3.0, gt=1, description="Most rows, as a multiple of the usual ones")
    max_day_drop: Share | None = Field(
        0.8,
        description="The same for the newest day of interactions, against the days before it and the same weekday",
    )
    max_rejected: Share | None = Field(0.05, description="Share of rows that the export may reject")
    max_age_hours: float | None = Field(
        72, gt=0, description="Age that the newest interaction may have when the run begins"
    )
    max_null_change: Share | None = Field(
        0.1, description="Rise of a column's share of nulls over the usual one, e.g. from 2% to 12%"
    )
    max_mix_change: Share | None = Field(
        0.25,
        description="Jensen-Shannon distance of a column's values from the usual ones: 0 the same, 1 nothing in common",
    )
    max_repeated_change: Share | None = Field(
        0.2, description="Rise of the share of interactions that are there more than once"
    )
    max_unknown_users: Share | None = Field(0.5, description="Share of interactions of users not in Users")
    max_unknown_items: Share | None = Field(0.2, description="Share of interactions with items not in Items")
    scan_rows: int = Field(2_000_000, ge=1_000, description="Newest interactions that are looked through")


class Retention(Settings):
    """Days after which the clean-up removes things; null keeps them for ever."""

    partitions: int | None = Field(
        None, ge=1, description="Interactions older than this; a FULL import then forgets them"
    )
    replaced: int | None = Field(3, ge=1, description="Files of exports that a later one replaced")
    rejected: int | None = Field(30, ge=1, description="Rejected rows")
    imports: int | None = Field(14, ge=1, description="Snapshots that were imported")
    batch: int | None = Field(30, ge=1, description="Output of batch jobs")
    unused_schemas: bool = Field(True, description="Schemas of ours that no dataset uses")
    remove_unlisted: bool = Field(
        False, description="Campaigns and solutions that Encore made and this file no longer names"
    )


def _everything() -> list[Event]:
    return ["promoted", "held", "asked", "failed", "recovered", "late"]


def _trouble() -> list[Event]:
    return ["held", "asked", "failed", "recovered", "late"]


class SlackChannel(Settings):
    type: Literal["slack"]
    conn_id: ConnectionId = "slack_webhook_default"
    on: list[Event] = Field(default_factory=_everything)


class MailChannel(Settings):
    type: Literal["smtp"]
    to: list[MailAddress] = Field(min_length=1)
    sender: MailAddress | None = Field(None, description="Default: the connection's")
    conn_id: ConnectionId = "smtp_default"
    on: list[Event] = Field(default_factory=_trouble)


class SnsChannel(Settings):
    type: Literal["sns"]
    topic_arn: str = Field(
        pattern=r"^arn:[a-z-]+:sns:[a-z0-9-]+:\d+:[A-Za-z0-9_-]+(\.fifo)?$", max_length=400
    )
    conn_id: ConnectionId = "aws_default"
    on: list[Event] = Field(default_factory=_trouble)


Channel = Annotated[SlackChannel | MailChannel | SnsChannel, Field(discriminator="type")]


class Quotas(Settings):
    """The account's quotas where AWS has raised them."""

    dataset_groups: int = Field(5, ge=1)
    solutions: int = Field(10, ge=1, description="In each dataset group")
    campaigns: int = Field(5, ge=1, description="In each dataset group")
    filters: int = Field(10, ge=1, description="In each dataset group")
    provisioned_tps: int = Field(
        500, ge=1, description="Transactions per second that may be provisioned for a campaign"
    )


class Filter(Settings):
    """Which items may be recommended, by name in requests."""

    name: Name
    expression: str = Field(min_length=1, max_length=2500)

    @model_validator(mode="after")
    def _begins_well(self) -> Filter:
        if self.expression.split()[0].upper() not in {"INCLUDE", "EXCLUDE"}:
            raise ValueError("the expression must begin with INCLUDE or EXCLUDE")
        return self
