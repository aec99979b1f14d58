"""What happens to a row that does not fit: the contract of a dataset."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, model_validator


class Action(StrEnum):
    """What is done with a row, or with the one value in it, that breaks a rule."""

    STOP = "stop"
    REJECT = "reject"
    #: Write the row without the value. Where the field may not be null, the row is rejected.
    DROP_VALUE = "drop_value"
    #: Write the row with as much of the text as the service keeps. Only of `text_too_long`.
    TRUNCATE = "truncate"


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
    #: Rows of one `row_id` in several partitions, or twice in one: seen by the snapshot, which warns or stops.
    DUPLICATE_ROW = "duplicate_row"


#: Rules to which the default of the contract does not apply: a fault of the query and not of a row, and a text of which
#: the service itself keeps the beginning.
OWN_DEFAULTS: Mapping[Rule, Action] = {
    Rule.OUTSIDE_PARTITION: Action.STOP,
    Rule.TEXT_TOO_LONG: Action.TRUNCATE,
}


class Contract(BaseModel):
    """The action of each rule; `default` where a rule has none of its own, `stop` for `outside_partition` and
    `truncate` for `text_too_long`, as the service does.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    default: Action = Action.REJECT
    rules: dict[Rule, Action] = {}

    @model_validator(mode="after")
    def _only_text_is_truncated(self) -> Contract:
        wrong = [rule for rule, action in self.rules.items() if action is Action.TRUNCATE]
        if self.default is Action.TRUNCATE or any(rule is not Rule.TEXT_TOO_LONG for rule in wrong):
            raise ValueError("truncate is an action of text_too_long alone")
        return self

    def action(self, rule: Rule) -> Action:
        return self.rules.get(rule, OWN_DEFAULTS.get(rule, self.default))
