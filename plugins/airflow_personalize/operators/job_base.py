"""Operators that start a job, exactly once for a run."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from itertools import count
from statistics import median
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from airflow.sdk.observability import stats
from botocore.exceptions import BotoCoreError, ClientError

from airflow_personalize.arns import arn_member, arn_of
from airflow_personalize.exceptions import PersonalizeError, error_code, is_quota_or_in_use
from airflow_personalize.idempotency import job_name
from airflow_personalize.operators.base import PersonalizeCreateOperator, raise_non_retryable, reentrant
from airflow_personalize.pagination import list_all
from airflow_personalize.waiter import NOT_FOUND, VISIBLE_WITHIN, Wait

if TYPE_CHECKING:
    from airflow.sdk import Context

#: Keys of Airflow's task state store.
STARTED_KEY = "personalize_started"
DONE_KEY = "personalize_done"
#: Of so many the median counts as usual.
COMPARED_JOBS = 5


class PersonalizeJobOperator(PersonalizeCreateOperator):
    """
    Base of the operators that start a job, exactly once for a run.

    The job is named from the DAG run, task and map index, and what it is about. A retry, a cleared task or a
    worker that died anywhere on the way finds the job by that name: it is attached to while it is pending or in
    progress, its result is taken when it is done, and only after it has failed is the next attempt made. A task
    that a person clears after it has succeeded does its work again, under a new name. While the service's quota
    has no room for another job (``LimitExceededException``), or what the job needs is changing, the task waits.

    The name is the truth; Airflow's task state store only saves a search, and tells a task that is done again
    from one that is tried again.
    """

    kind: ClassVar[str]
    #: The parameters that say what the job is about, first the ARN of the resource that it belongs to.
    subject: ClassVar[Sequence[str]]
    template_fields: Sequence[str] = aws_template_fields()
    waits_for_quota = True

    @property
    def member(self) -> str:
        return arn_member(self.kind)

    @property
    def waiter(self) -> str:
        return f"{self.kind}_complete"

    @abstractmethod
    def create(self, name: str) -> str:
        """Start a job of this name; returns its ARN."""

    def find(self, name: str, context: Context) -> str | None:
        """ARN of the job of this name, if there is one."""
        arn = arn_of(getattr(self, self.subject[0]), self.kind.replace("_", "-"), name)
        return arn if self.describe(self.kind, **{self.member: arn}) else None

    def usual_seconds(self) -> float | None:
        """The median of the newest finished jobs about the same resource; None where there is none to look at."""
        parent = self.subject[0]
        about = {arn_member(parent.removesuffix("_arn")): getattr(self, parent)}
        try:
            jobs = list(list_all(self.hook.non_retrying_client, f"list_{self.kind}s", **about))
        except (ClientError, BotoCoreError) as error:
            self.log.debug("Earlier jobs can't be listed: %s", error)
            return None
        newest = sorted(
            (job for job in jobs if job["status"] == "ACTIVE"),
            key=lambda job: job["creationDateTime"],
            reverse=True,
        )
        seconds = [
            (job["lastUpdatedDateTime"] - job["creationDateTime"]).total_seconds()
            for job in newest[:COMPARED_JOBS]
        ]
        return median(seconds) if seconds else None

    @reentrant
    def execute(self, context: Context, event: dict[str, Any] | None = None) -> str:
        state = JobState(context)
        repetition = state.repetition()
        for attempt in count(1):
            name = self._name(context, repetition, attempt)
            try:
                arn, new = self._start(context, state, name, first=attempt == 1 and not event)
            except ClientError as error:
                if is_quota_or_in_use(error):
                    self.wait_for_quota(context, error, event)
                if error_code(error) == "InvalidInputException":
                    raise_non_retryable(name, error)
                raise
            fresh = new or state.is_recent(name)
            if not new and self._has_failed(arn, fresh):
                self.log.info("%s has failed: making the next attempt", arn)
                continue
            state.started(name, arn)
            self.log.info("%s %s as %s", "Started" if new else "Going on with", arn, name)
            self.wait(context, self.waiter, self.stops_on_kill(arn), fresh, **{self.member: arn})
            return self.completed(context, arn)
        raise AssertionError("unreachable: attempts are counted without end")

    def _start(self, context: Context, state: JobState, name: str, first: bool) -> tuple[str, bool]:
        """The job of this name, and whether it was started now."""
        return self.once(
            find=lambda: state.arn_of(name) or self.find(name, context),
            request=lambda: self.create(name),
            find_first=not first or context["ti"].try_number > 1,
        )

    def _has_failed(self, arn: str, fresh: bool) -> bool:
        try:
            wait = Wait(self.waiter, {self.member: arn}, fresh=fresh)
            return wait.poll(self.client).state == "failure"
        except PersonalizeError as error:
            if error.status == NOT_FOUND:  # it was deleted, with all it belonged to
                return True
            raise

    def stops_on_kill(self, arn: str) -> str | None:
        """The solution version to stop when a person ends the task while it waits."""
        return None

    def completed(self, context: Context, resource: str) -> str:
        JobState(context).done()
        stats.incr("personalize.jobs", tags={"kind": self.kind, "dag_id": self.dag_id})
        return resource

    def _name(self, context: Context, repetition: int, attempt: int) -> str:
        ti = context["ti"]
        map_index = ti.map_index if ti.map_index is not None else -1
        return job_name(
            ti.dag_id,
            ti.run_id,
            ti.task_id,
            map_index,
            repetition=repetition,
            attempt=attempt,
            subject=[str(getattr(self, name)) for name in self.subject],
        )


class JobState:
    """What a task keeps between its tries, where Airflow has a task state store."""

    def __init__(self, context: Context) -> None:
        self._store: Any = context.get("task_state_store")
        self._max_tries = int(context["ti"].max_tries)

    def started(self, name: str, arn: str) -> None:
        if self._store is not None and self.arn_of(name) != arn:
            self._store.set(STARTED_KEY, {"name": name, "arn": arn, "at": time.time()})

    def arn_of(self, name: str) -> str | None:
        """The job that an earlier try started under this name, if it got as far as writing that down."""
        started = self._get(STARTED_KEY)
        return started["arn"] if started.get("name") == name else None

    def is_recent(self, name: str) -> bool:
        """Whether this job was started so short a time ago that it may not be found yet."""
        started = self._get(STARTED_KEY)
        return started.get("name") == name and time.time() - started.get("at", 0.0) < VISIBLE_WITHIN

    def repetition(self) -> int:
        """How often the task has been done again after a success.

        Only clearing raises a task's `max_tries`. It does so too for a task that was cleared before it was done;
        that one goes on with what it began.
        """
        done = self._get(DONE_KEY)
        return int(done["repetition"]) + int(self._max_tries > done["max_tries"]) if done else 0

    def done(self) -> None:
        if self._store is not None:
            self._store.set(DONE_KEY, {"repetition": self.repetition(), "max_tries": self._max_tries})

    def _get(self, key: str) -> Mapping[str, Any]:
        return (self._store.get(key) if self._store is not None else None) or {}
