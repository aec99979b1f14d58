"""A `localpersonalize` process on a data directory of its own, its clients, and small data to fill it with."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

KEY, SECRET, REGION, ACCOUNT = "AKIDTESTS", "secret-of-the-tests", "us-east-1", "123456789012"
PERSONALIZE = {"Service": "personalize.amazonaws.com"}
BUCKET = "shop"
WAIT_SECONDS = 400


class Live:
    """One server, started, stopped and killed at will; the data directory stays.

    :param program: an installed `localpersonalize`, instead of the one of this tree.
    """

    def __init__(self, data_dir: Path, *options: str, program: Path | None = None) -> None:
        self.data_dir, self.options, self.program = data_dir, options, program
        self.port = _free_port()
        self.environment: dict[str, str] = {}
        self.process: subprocess.Popen[bytes] | None = None
        self.client = cache(self._client)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def personalize(self) -> Any:
        return self.client("personalize")

    @property
    def s3(self) -> Any:
        return self.client("s3")

    def start(self) -> Live:
        program = [str(self.program)] if self.program else [sys.executable, "-m", "localpersonalize"]
        listening = ["--port", str(self.port), "--data-dir", str(self.data_dir)]
        command = [*program, *listening, "--region", REGION, "--account", ACCOUNT, *self.options]
        self.data_dir.mkdir(parents=True, exist_ok=True)
        env = os.environ | {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "JAX_PLATFORMS": "cpu"}
        env |= self.environment
        cwd = None
        if self.program:  # nothing of this tree may be imported
            env.pop("PYTHONPATH", None)
            cwd = self.data_dir
        with open(self.data_dir / "server.log", "ab") as log:
            self.process = subprocess.Popen(command, env=env, cwd=cwd, stdout=log, stderr=log)
        until(self._answers, "the server to answer")
        return self

    def kill(self) -> None:
        """SIGKILL, as a machine that loses power."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def log(self) -> str:
        return (self.data_dir / "server.log").read_text()

    def _end(self, number: signal.Signals) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
        if self.process:
            self.process.wait(30)

    def _answers(self) -> bool:
        assert self.process
        if self.process.poll() is not None:
            raise AssertionError(f"The server ended:\n{self.log()}")
        try:
            with urlopen(self.endpoint + "/healthz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def _client(self, service: str, **config: Any) -> Any:
        # Not set to find out which service it was: botocore's default of retries hides faults from tests.
        options = {"retries": {"max_attempts": 0}, "proxies": {}, **config}
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
            config=Config(**options),
        )

    # --- an account that can import ---

    def prepare(self) -> str:
        """A bucket and a role that Personalize can use; the role's ARN."""
        iam = self.client("iam")
        self.s3.create_bucket(Bucket=BUCKET)
        everything = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
        self.s3.put_bucket_policy(Bucket=BUCKET, Policy=policy({**everything, "Principal": PERSONALIZE}))
        trust = {"Effect": "Allow", "Principal": PERSONALIZE, "Action": "sts:AssumeRole"}
        role = iam.create_role(RoleName="personalize", AssumeRolePolicyDocument=policy(trust))["Role"]["Arn"]
        reports = {"Effect": "Allow", "Action": "cloudwatch:PutMetricData", "Resource": "*"}
        document = policy(everything, reports)
        iam.put_role_policy(RoleName="personalize", PolicyName="s3", PolicyDocument=document)
        return str(role)

    def upload(self, key: str, text: str) -> str:
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=text.encode())
        return f"s3://{BUCKET}/{key}"

    def wait(self, kind: str, arn: str, status: str = "ACTIVE") -> dict[str, Any]:
        """Describe a resource until it has a status; fail if it ends in another one."""
        key = kind[0].lower() + kind[1:]
        describe = getattr(self.personalize, "describe_" + snake(kind))
        latest: dict[str, Any] = {}

        def reached() -> bool:
            latest.update(describe(**{f"{key}Arn": arn})[key])
            failed = latest["status"].endswith("FAILED") and latest["status"] != status
            assert not failed, f"{arn}: {latest['status']}: {latest.get('failureReason')}"
            return bool(latest["status"] == status)

        until(reached, f"{arn} to be {status}")
        return latest

    def gone(self, kind: str, arn: str) -> None:
        """Wait until a resource is no more."""
        key = kind[0].lower() + kind[1:]
        describe = getattr(self.personalize, "describe_" + snake(kind))
        until(
            lambda: code(lambda: describe(**{f"{key}Arn": arn})) == "ResourceNotFoundException",
            f"{arn} to go",
        )

    def make(self, kind: str, wait: bool = True, **params: Any) -> str:
        """Create a resource and wait until it is ACTIVE."""
        made = getattr(self.personalize, "create_" + snake(kind))(**params)
        arn = str(made[kind[0].lower() + kind[1:] + "Arn"])
        if wait:
            self.wait(kind, arn)
        return arn


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


def schema(name: str, *fields: tuple[str, Any] | dict[str, Any]) -> str:
    listed = [field if isinstance(field, dict) else {"name": field[0], "type": field[1]} for field in fields]
    namespace = "com.amazonaws.personalize.schema"
    return json.dumps(
        {"type": "record", "name": name, "namespace": namespace, "fields": listed, "version": "1.0"}
    )


def until(reached: Callable[[], bool], what: str, seconds: float = WAIT_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, f"Waited {seconds} s for {what}."
        time.sleep(0.05)


def code(call: Callable[[], Any]) -> str:
    """The error code that a call ends with, empty if it succeeds."""
    try:
        call()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
