"""Clients of any service of AWS, as an Airflow connection says."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from airflow_personalize.hooks import PersonalizeHook
from airflow_personalize.s3 import s3_client

# A person waits for the answer: what does not answer soon is said to be away.
_PATIENCE = {"retries": {"mode": "standard", "max_attempts": 2}, "connect_timeout": 5, "read_timeout": 30}


def client_of(hook: Any, service: str) -> Any:
    """A client of another service than the hook's, at the endpoint that the hook's connection has for it."""
    endpoint = hook.conn_config.get_service_endpoint_url(service)
    return hook.get_session(hook.region_name).client(
        service, endpoint_url=endpoint, config=hook.config, verify=hook.verify
    )


class Account:
    """An account, seen through an Airflow connection.

    :raises BotoCoreError, ClientError, AirflowNotFoundException: on first use, if the connection leads nowhere
    """

    def __init__(self, aws_conn_id: str | None) -> None:
        self._conn_id = aws_conn_id
        self._hook = PersonalizeHook(aws_conn_id=aws_conn_id, config=_PATIENCE)
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        if service not in self._clients:
            is_s3 = service == "s3"  # whose errors name the bucket
            self._clients[service] = s3_client(self._conn_id) if is_s3 else client_of(self._hook, service)
        return self._clients[service]

    @cached_property
    def identity(self) -> dict[str, Any]:
        """What `sts:GetCallerIdentity` answers, with its headers; the one request that nobody is refused."""
        answer: dict[str, Any] = self.client("sts").get_caller_identity()
        return answer

    @property
    def region(self) -> str:
        return str(self.client("personalize").meta.region_name)

    @property
    def number(self) -> str:
        return str(self.identity["Account"])

    @property
    def partition(self) -> str:
        return str(self.identity["Arn"]).split(":")[1]
