"""The AWS CLI drives the whole way from a schema to a recommendation."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.localpersonalize.live import KEY, REGION, SECRET, Live, policy, schema, until

INTERACTIONS = schema("Interactions", ("USER_ID", "string"), ("ITEM_ID", "string"), ("TIMESTAMP", "long"))
PERSONALIZE = {"Service": "personalize.amazonaws.com"}
RECIPE = "arn:aws:personalize:::recipe/aws-popularity-count"


class Cli:
    """`aws ...` as a user of a shell runs it; answers are parsed JSON."""

    def __init__(self, endpoint: str, folder: Path) -> None:
        self.command = [sys.executable, "-m", "awscli", "--endpoint-url", endpoint, "--output", "json"]
        self.environment = {
            **os.environ,
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_CONFIG_FILE": str(folder / "config"),
            "AWS_PAGER": "",
            "NO_PROXY": "*",
        }

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [*self.command, *words]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=120)

    def __call__(self, *words: str) -> Any:
        done = self.run(*words)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip().startswith("{") else None

    def active(self, kind: str, arn: str) -> None:
        """Wait as a script does: describe until it is ACTIVE."""
        words = kind.split("-")
        camel = words[0] + "".join(word.title() for word in words[1:])

        def reached() -> bool:
            body = self("personalize", f"describe-{kind}", f"--{kind}-arn", arn)[camel]
            assert "FAILED" not in body["status"], body
            return bool(body["status"] == "ACTIVE")

        until(reached, arn)


@pytest.fixture
def aws(live: Live, tmp_path: Path) -> Cli:
    return Cli(live.endpoint, tmp_path)


@pytest.mark.long
def test_from_a_schema_to_a_recommendation(aws: Cli, tmp_path: Path) -> None:
    file = tmp_path / "interactions.csv"
    rows = [f"u{user},i{item},1700000000" for user in range(50) for item in range(user + 1)]
    file.write_text("USER_ID,ITEM_ID,TIMESTAMP\n" + "\n".join(rows) + "\n")
    aws("s3", "mb", "s3://shell")
    aws("s3", "cp", str(file), "s3://shell/interactions.csv")
    everything = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    trust = {"Effect": "Allow", "Principal": PERSONALIZE, "Action": "sts:AssumeRole"}
    allowed = policy({**everything, "Principal": PERSONALIZE})
    aws("s3api", "put-bucket-policy", "--bucket", "shell", "--policy", allowed)
    role = aws("iam", "create-role", "--role-name", "shell", "--assume-role-policy-document", policy(trust))
    document = policy(everything)
    aws(
        "iam", "put-role-policy", "--role-name", "shell", "--policy-name", "s3", "--policy-document", document
    )

    def create(kind: str, *words: str) -> str:
        made = aws("personalize", f"create-{kind}", *words)
        return str(next(value for name, value in made.items() if name.endswith("Arn")))

    made_schema = create("schema", "--name", "shell", "--schema", INTERACTIONS)
    group = create("dataset-group", "--name", "shell")
    aws.active("dataset-group", group)
    dataset = create(
        "dataset",
        "--name",
        "shell",
        "--dataset-group-arn",
        group,
        "--schema-arn",
        made_schema,
        "--dataset-type",
        "Interactions",
    )
    aws.active("dataset", dataset)
    job = create(
        "dataset-import-job",
        "--job-name",
        "shell",
        "--dataset-arn",
        dataset,
        "--role-arn",
        role["Role"]["Arn"],
        "--data-source",
        "dataLocation=s3://shell/interactions.csv",
        "--import-mode",
        "FULL",
    )
    aws.active("dataset-import-job", job)
    solution = create(
        "solution",
        "--name",
        "shell",
        "--dataset-group-arn",
        group,
        "--recipe-arn",
        RECIPE,
        "--no-perform-auto-training",
    )
    aws.active("solution", solution)
    version = create("solution-version", "--solution-arn", solution)
    aws.active("solution-version", version)
    metrics = aws("personalize", "get-solution-metrics", "--solution-version-arn", version)["metrics"]
    assert 0 < metrics["coverage"] <= 1
    campaign = create("campaign", "--name", "shell", "--solution-version-arn", version)
    aws.active("campaign", campaign)
    answer = aws(
        "personalize-runtime",
        "get-recommendations",
        "--campaign-arn",
        campaign,
        "--user-id",
        "u1",
        "--num-results",
        "3",
    )
    assert [item["itemId"] for item in answer["itemList"]] == ["i0", "i1", "i2"]
    groups = aws("personalize", "list-dataset-groups", "--max-items", "500")["datasetGroups"]
    assert group in [entry["datasetGroupArn"] for entry in groups]


def test_an_error_reads_as_that_of_aws(aws: Cli) -> None:
    arn = f"arn:aws:personalize:{REGION}:123456789012:campaign/none"
    failed = aws.run("personalize", "describe-campaign", "--campaign-arn", arn)
    assert failed.returncode == 254 or failed.returncode == 255
    assert "(ResourceNotFoundException) when calling the DescribeCampaign operation" in failed.stderr
