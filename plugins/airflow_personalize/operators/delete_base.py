"""Deleting one resource. What is gone already counts as deleted, which makes these fit for teardown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from botocore.exceptions import ClientError

from airflow_personalize.arns import ArnParameterMixin
from airflow_personalize.exceptions import is_quota_or_in_use
from airflow_personalize.operators.base import PersonalizeBaseOperator, reentrant

if TYPE_CHECKING:
    from airflow.sdk import Context

DELETED, DELETING = "gone", "being deleted"


class PersonalizeDeleteOperator(ArnParameterMixin, PersonalizeBaseOperator):
    """
    Base of the operators that delete a resource and wait until it is gone.

    A resource that is gone already is a success. One that is changing, or that others still depend on, is waited
    for. To run it after its upstream tasks however those ended, use it ``.as_teardown()``.
    """

    has_states: ClassVar[bool] = True

    @reentrant
    def execute(self, context: Context, event: dict[str, Any] | None = None) -> None:
        try:
            state, fresh = self.once(self._state, self._delete)
        except ClientError as error:
            if is_quota_or_in_use(error):
                self.wait_for_quota(context, error, event)
            raise
        self.log.info("%s is %s", self.arn, state)
        if state == DELETING:
            self.wait(context, f"{self.kind}_deleted", fresh=fresh, **{self.member: self.arn})

    def completed(self, context: Context, resource: str) -> None:
        return None

    def _state(self) -> str | None:
        resource = self.describe(self.kind, **{self.member: self.arn})
        if resource is None:
            return DELETED
        return DELETING if str(resource.get("status", "")).startswith("DELETE") else None

    def _delete(self) -> str:
        getattr(self.non_retrying_client, f"delete_{self.kind}")(**{self.member: self.arn})
        return DELETING if self.has_states else DELETED
