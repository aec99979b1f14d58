"""S3 clients as an operator's AWS settings say."""

from __future__ import annotations

from functools import cached_property
from threading import Lock
from typing import Any

from airflow.providers.amazon.aws.hooks.s3 import S3Hook
from botocore.config import Config

from airflow_personalize.service_descriptions import share

# No checksums of its own: parts carry a CRC-32 already, and trailers cost a copy.
DEFAULTS = Config(
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
    retries={"mode": "standard", "max_attempts": 5},
    max_pool_connections=16,
)


_ADVICE = {
    "NoSuchBucket": "create it, or correct its name",
    "AccessDenied": "let the connection's credentials list it, and read and write its objects",
}


def s3_client(
    aws_conn_id: str | None,
    region_name: str | None = None,
    verify: bool | str | None = None,
    botocore_config: dict[str, Any] | None = None,
) -> Any:
    """A client with the four settings that all AWS operators have; `botocore_config` wins over `DEFAULTS`."""
    config = DEFAULTS.merge(Config(**botocore_config)) if botocore_config else DEFAULTS
    hook = S3Hook(aws_conn_id=aws_conn_id, region_name=region_name, verify=verify, config=config)
    # Not `get_conn`: it searches the source of all that is on the stack, to name its caller to AWS.
    client = share(hook.get_session(hook.region_name)).client(
        "s3",
        endpoint_url=hook.conn_config.get_service_endpoint_url("s3"),
        config=hook.config,
        verify=hook.verify,
    )
    client.meta.events.register("before-parameter-build.s3", _remember_bucket)
    client.meta.events.register("after-call.s3", _name_bucket)
    return client


def _remember_bucket(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    context["bucket_of_request"] = params.get("Bucket")


def _name_bucket(parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    """S3's own text does not say which bucket there is not, or may not be used."""
    error, bucket = parsed.get("Error", {}), context.get("bucket_of_request")
    advice = _ADVICE.get(error.get("Code", ""))
    if bucket and advice:
        error["Message"] = f"{error.get('Message', '')} (bucket {bucket!r}: {advice})"


class LazyS3Client:
    """The same client, made when it is first used: that takes a twentieth of a second or two, in which an
    export has better things to do.
    """

    def __init__(self, *settings: Any) -> None:
        self._settings = settings
        self._lock = Lock()
        self._client: Any = None

    def __getattr__(self, name: str) -> Any:
        with self._lock:
            if self._client is None:
                self._client = s3_client(*self._settings)
        return getattr(self._client, name)


class S3Mixin:
    """Gives an operator of the `amazon` provider an S3 client, whatever service its hook is for."""

    aws_conn_id: str | None
    region_name: str | None
    verify: bool | str | None
    botocore_config: dict[str, Any] | None

    @cached_property
    def s3(self) -> Any:
        """An S3 client as the operator's four AWS settings say, made when it is first used."""
        return LazyS3Client(self.aws_conn_id, self.region_name, self.verify, self.botocore_config)
