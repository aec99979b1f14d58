"""Hooks for the three services of Amazon Personalize."""

from __future__ import annotations

import inspect
import os
from functools import cached_property
from pathlib import Path
from typing import Any

from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
from botocore.config import Config

from airflow_personalize.service_descriptions import share

WAITERS = Path(__file__).with_name("waiters")
# Throttling, 5xx and broken connections are retried by botocore, in workers and triggerer alike.
RETRIES = Config(retries={"mode": "adaptive", "max_attempts": 12})
# Slows down when throttled, as the other mode does, but leaves repetition to `airflow_personalize.idempotency`.
NO_RETRIES = Config(retries={"mode": "adaptive", "total_max_attempts": 1})


class _ThinHook(AwsBaseHook):
    """What the three hooks share: waiters of our own, and patient retries."""

    service: str

    def __init__(self, *args: Any, config: Config | dict[str, Any] | None = None, **kwargs: Any) -> None:
        configured = Config(**config) if isinstance(config, dict) else config
        merged = RETRIES.merge(configured) if configured is not None else RETRIES
        super().__init__(*args, **{**kwargs, "client_type": self.service, "config": merged})
        self._sessions: dict[tuple[str | None, bool], Any] = {}

    def get_session(self, region_name: str | None = None, deferrable: bool = False) -> Any:
        """One session for all clients of the hook: it finds credentials once."""
        key = (region_name, deferrable)
        if key not in self._sessions:
            session = super().get_session(region_name, deferrable)
            self._sessions[key] = session if deferrable else share(session)
        return self._sessions[key]

    def _get_caller(self, target_function_name: str = "execute") -> str:
        """Who makes the request, for the user agent: the innermost `execute` on the stack.

        The provider's way reads the source of every frame for it, a tenth of a second for each client.
        """
        frame = inspect.currentframe()
        while frame is not None:
            if frame.f_code.co_name == target_function_name and "self" in frame.f_locals:
                return type(frame.f_locals["self"]).__name__
            frame = frame.f_back
        return "Unknown"

    @cached_property
    def non_retrying_client(self) -> Any:
        """A client that never repeats a request, for changes: see `airflow_personalize.idempotency`."""
        return self.get_client_type(self.region_name, self.config.merge(NO_RETRIES))

    @cached_property
    def waiter_path(self) -> os.PathLike[str] | None:
        path = WAITERS / f"{self.service}.json"
        return path if path.exists() else None


class PersonalizeHook(_ThinHook):
    """
    Interact with the control plane of Amazon Personalize.

    Provide thin wrapper around :external+boto3:py:class:`boto3.client("personalize") <Personalize.Client>`.

    Additional arguments (such as ``aws_conn_id``) may be specified and are passed down to the underlying
    AwsBaseHook. Unless ``config`` says otherwise, requests are retried in botocore's adaptive mode.
    """

    service = "personalize"


class PersonalizeRuntimeHook(_ThinHook):
    """
    Get recommendations from campaigns and recommenders of Amazon Personalize.

    Provide thin wrapper around
    :external+boto3:py:class:`boto3.client("personalize-runtime") <PersonalizeRuntime.Client>`.
    """

    service = "personalize-runtime"


class PersonalizeEventsHook(_ThinHook):
    """
    Send events, items and users to Amazon Personalize one by one.

    Provide thin wrapper around
    :external+boto3:py:class:`boto3.client("personalize-events") <PersonalizeEvents.Client>`.
    """

    service = "personalize-events"
