"""What happens to a row that does not fit: the contract of a dataset, as `pipeline.yaml` spells it."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Action(StrEnum):
    """What is done with a row, or with the one value in it, that breaks a rule."""

    STOP = "stop"
    REJECT = "reject"
    #: Write the row without the value. Where the field may not be null, the row is rejected.
    DROP_VALUE = "drop_value"


class Rule(StrEnum):
    """The rules that a row can break. Missing and extra columns are no rule: they always stop."""

    WRONG_TYPE = "wrong_type"
    MISSING_VALUE = "missing_value"
    ID_TOO_LONG = "id_too_long"
    EVENT_TYPE_TOO_LONG = "event_type_too_long"
    IMPRESSION_TOO_LONG = "impression_too_long"
    CATEGORICAL_TOO_LONG = "categorical_too_long"
    TEXT_TOO_LONG = "text_too_long"
    TIMESTAMP_NOT_SECONDS = "timestamp_not_seconds"
    TIMESTAMP_OUT_OF_RANGE = "timestamp_out_of_range"
    NOT_BOOLEAN = "not_boolean"
    NOT_FINITE = "not_finite"
    DUPLICATE_ID = "duplicate_id"
    STRAY_SEPARATOR = "stray_separator"
    CONTROL_CHARACTER = "control_character"
    RESERVED_VALUE = "reserved_value"
    BAD_ENCODING = "bad_encoding"
    #: The row's timestamp lies outside of the partition's bounds, so another partition may hold it as well.
    OUTSIDE_PARTITION = "outside_partition"


#: A fault of the query and not of a row: the default of the contract does not apply.
STOPPING = frozenset({Rule.OUTSIDE_PARTITION})


class Contract(BaseModel):
    """The action of each rule; `default` where a rule has none of its own, `stop` for `outside_partition`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    default: Action = Action.REJECT
    rules: dict[Rule, Action] = {}

    def action(self, rule: Rule) -> Action:
        return self.rules.get(rule, Action.STOP if rule in STOPPING else self.default)
