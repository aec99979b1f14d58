"""Deleting one resource. What is gone already counts as deleted, which makes these fit for teardown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from airflow_personalize.exceptions import is_occupied
from airflow_personalize.operators.base import PersonalizeBaseOperator, repeatable

if TYPE_CHECKING:
    from airflow.sdk import Context

GONE, LEAVING = "gone", "being deleted"


class PersonalizeDeleteOperator(PersonalizeBaseOperator):
    """
    Base of the operators that delete a resource and wait until it is gone.

    A resource that is gone already is a success. One that is changing, or that others still depend on, is waited
    for. To run it after its upstream tasks however those ended, use it ``.as_teardown()``.
    """

    kind: str
    argument: str
    has_states = True

    @property
    def arn(self) -> str:
        return str(getattr(self, f"{self.kind}_arn"))

    @repeatable
    def execute(self, context: Context, event: dict[str, Any] | None = None) -> None:
        try:
            state, fresh = self.once(self._look, self._ask)
        except ClientError as error:
            if is_occupied(error):
                return self.wait_for_a_place(context, error, event)
            raise
        self.log.info("%s is %s", self.arn, state)
        if state == LEAVING:
            self.wait(context, f"{self.kind}_deleted", fresh=fresh, **{self.argument: self.arn})
        return None

    def completed(self, context: Context, resource: str) -> None:
        return None

    def _look(self) -> str | None:
        there = self.describe(self.kind, **{self.argument: self.arn})
        if there is None:
            return GONE
        return LEAVING if str(there.get("status", "")).startswith("DELETE") else None

    def _ask(self) -> str:
        getattr(self.change, f"delete_{self.kind}")(**{self.argument: self.arn})
        return LEAVING if self.has_states else GONE
