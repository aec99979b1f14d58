"""`localpersonalize` as a process of its own, for benchmarks: started, pinned, filled with data, asked,
stopped.
"""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.csv as pacsv
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError, ClientError

REGION = "us-east-1"
ACCOUNT = "123456789012"
KEY, SECRET = "AKIDLIVESERVICE00000", "live-service-secret-of-a-benchmark"
BUCKET = "benchmark"
READY_SECONDS = 60
JOB_SECONDS = 3600

INTERACTIONS = {
    "type": "record",
    "name": "Interactions",
    "namespace": "com.amazonaws.personalize.schema",
    "version": "1.0",
    "fields": [
        {"name": "USER_ID", "type": "string"},
        {"name": "ITEM_ID", "type": "string"},
        {"name": "EVENT_TYPE", "type": "string"},
        {"name": "TIMESTAMP", "type": "long"},
    ],
}


class LiveService:
    """One server process on a free port."""

    def __init__(self, folder: Path, cores: set[int] | None = None) -> None:
        self.folder = folder
        self.cores = cores
        self.port = _free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> float:
        """Seconds from start to first answer."""
        arguments = ["--host", "127.0.0.1", "--port", str(self.port), "--data-dir", str(self.folder / "data")]
        command = [
            sys.executable,
            "-m",
            "localpersonalize",
            *arguments,
            "--region",
            REGION,
            "--account",
            ACCOUNT,
        ]
        threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")
        keys = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_DEFAULT_REGION": REGION}
        started = time.perf_counter()
        with open(self.folder / "server.log", "ab") as log:
            self.process = subprocess.Popen(
                command, env={**os.environ, **threads, **keys}, stdout=log, stderr=log, start_new_session=True
            )
        if self.cores and hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(self.process.pid, self.cores)
        personalize = self.client("personalize")
        while time.perf_counter() - started < READY_SECONDS:
            with suppress(BotoCoreError, ClientError):
                personalize.list_dataset_groups(maxResults=1)
                return time.perf_counter() - started
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise RuntimeError(f"localpersonalize did not start; see {self.folder / 'server.log'}")

    def kill(self) -> None:
        """SIGKILL to the server alone, as if the machine had failed it."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process = None

    def memory(self) -> int:
        """Resident bytes of the server process."""
        assert self.process is not None
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def processor_seconds(self) -> float:
        """What the server process took of processors so far."""
        assert self.process is not None
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def children(self) -> list[int]:
        assert self.process is not None
        lists = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return [int(pid) for path in lists for pid in path.read_text().split()]

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=self.endpoint,
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
            config=Config(retries={"max_attempts": 1}, proxies={}, read_timeout=120),
        )

    def signed(self, path: str, bodies: Iterable[Mapping[str, Any]]) -> list[bytes]:
        """Whole HTTP requests, signed now; the service takes them for some minutes."""
        signer = SigV4Auth(Credentials(KEY, SECRET), "personalize", REGION)
        made = []
        for body in bodies:
            data = json.dumps(body).encode()
            request = AWSRequest("POST", self.endpoint + path, {"Content-Type": "application/json"}, data)
            request.headers["Host"] = f"127.0.0.1:{self.port}"
            signer.add_auth(request)
            request.headers["Content-Length"] = str(len(data))
            head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
            made.append(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + data)
        return made

    # --- the way from rows to a campaign ---

    def prepare_account(self) -> str:
        """Bucket and role; the role's ARN."""
        statement = {
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject", "s3:ListBucket"],
            "Resource": [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"],
        }
        service = {"Service": "personalize.amazonaws.com"}
        trust = {"Effect": "Allow", "Principal": service, "Action": "sts:AssumeRole"}
        s3, iam = self.client("s3"), self.client("iam")
        s3.create_bucket(Bucket=BUCKET)
        s3.put_bucket_policy(Bucket=BUCKET, Policy=_policy({**statement, "Principal": service}))
        role = iam.create_role(RoleName="benchmark", AssumeRolePolicyDocument=_policy(trust))["Role"]["Arn"]
        iam.put_role_policy(RoleName="benchmark", PolicyName="bucket", PolicyDocument=_policy(statement))
        return role

    def dataset_group(self, name: str) -> tuple[str, str]:
        """ARNs of a new dataset group and its interactions dataset."""
        personalize = self.client("personalize")
        group = personalize.create_dataset_group(name=name)["datasetGroupArn"]
        self.wait(lambda: personalize.describe_dataset_group(datasetGroupArn=group)["datasetGroup"])
        schema = personalize.create_schema(name=name, schema=json.dumps(INTERACTIONS))["schemaArn"]
        dataset = personalize.create_dataset(
            name=name, schemaArn=schema, datasetGroupArn=group, datasetType="Interactions"
        )["datasetArn"]
        self.wait(lambda: personalize.describe_dataset(datasetArn=dataset)["dataset"])
        return group, dataset

    def start_import(self, dataset: str, table: pa.Table, name: str, role: str) -> str:
        """Upload rows and begin to import them; the job's ARN."""
        text = io.BytesIO()
        pacsv.write_csv(table, text, pacsv.WriteOptions(quoting_header="none"))
        self.client("s3").put_object(Bucket=BUCKET, Key=f"{name}.csv", Body=text.getvalue())
        return self.client("personalize").create_dataset_import_job(
            jobName=name,
            datasetArn=dataset,
            dataSource={"dataLocation": f"s3://{BUCKET}/{name}.csv"},
            roleArn=role,
            importMode="FULL",
        )["datasetImportJobArn"]

    def wait_for_import(self, job: str) -> None:
        personalize = self.client("personalize")
        self.wait(
            lambda: personalize.describe_dataset_import_job(datasetImportJobArn=job)["datasetImportJob"]
        )

    def train(self, group: str, recipe: str, name: str, config: Mapping[str, Any] | None = None) -> str:
        """ARN of a trained solution version."""
        personalize = self.client("personalize")
        solution = personalize.create_solution(
            name=name,
            datasetGroupArn=group,
            recipeArn=f"arn:aws:personalize:::recipe/{recipe}",
            performAutoTraining=False,
            solutionConfig=config or {},
        )["solutionArn"]
        self.wait(lambda: personalize.describe_solution(solutionArn=solution)["solution"])
        return self.retrain(solution)

    def retrain(self, solution: str) -> str:
        personalize = self.client("personalize")
        version = personalize.create_solution_version(solutionArn=solution)["solutionVersionArn"]
        self.wait(
            lambda: personalize.describe_solution_version(solutionVersionArn=version)["solutionVersion"]
        )
        return version

    def campaign(self, version: str, name: str) -> str:
        personalize = self.client("personalize")
        arn = personalize.create_campaign(name=name, solutionVersionArn=version)["campaignArn"]
        self.wait(lambda: personalize.describe_campaign(campaignArn=arn)["campaign"])
        return arn

    def wait(self, describe: Any) -> None:
        """Until a resource is ACTIVE."""
        ends = time.monotonic() + JOB_SECONDS
        while time.monotonic() < ends:
            body = describe()
            if body["status"] == "ACTIVE":
                return
            if "FAILED" in body["status"]:
                raise RuntimeError(f"{body['status']}: {body.get('failureReason')}")
            time.sleep(0.05)
        raise RuntimeError("waited too long")


def _policy(statement: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
