from __future__ import annotations

import json
from typing import Any

import pytest

from localpersonalize.runtime.batch.files import BatchJobError, BatchSummary, run_on_files
from localpersonalize.runtime.batch.inference import BatchInference
from localpersonalize.runtime.batch.segments import BatchSegments
from tests.support.localpersonalize.planted_runtime import PlantedRuntime


def run(job: BatchInference | BatchSegments, *queries: Any) -> list[dict[str, Any]]:
    raw = [q.encode() if isinstance(q, str) else json.dumps(q).encode() for q in queries]
    return [json.loads(outcome.encode()) for outcome in job.run(raw)]


def inference(world: PlantedRuntime, arn: str, **more: Any) -> BatchInference:
    return BatchInference(world.deployments[arn], world.held, **more)


def segments(world: PlantedRuntime, by_attribute: bool = False, **more: Any) -> BatchSegments:
    return BatchSegments(world.deployments["next"], world.held, by_attribute, **more)


def keys(s3: Any) -> list[str]:
    return [entry["Key"] for entry in s3.list_objects_v2(Bucket="jobs").get("Contents", [])]


def test_every_input_file_gets_an_output_and_errors_one_of_their_own(world: PlantedRuntime, s3: Any) -> None:
    s3.put_object(Bucket="jobs", Key="in/a.json", Body=b'{"userId": "u1"}\n{"userId": "u2"}')
    s3.put_object(Bucket="jobs", Key="in/b.json", Body=b'{"userId": "u1"}\n{"user": "u2"}\n')
    s3.put_object(Bucket="jobs", Key="other/c.json", Body=b"{}")
    progress: list[float] = []
    summary = run_on_files(
        s3,
        "s3://jobs/in/",
        "s3://jobs/out",
        inference(world, "next").run,
        lambda part, _: progress.append(part),
    )
    assert summary == BatchSummary(files=2, answered=3, failed=1)
    assert [k for k in keys(s3) if k.startswith("out")] == [
        "out/a.json.out",
        "out/b.json.errors",
        "out/b.json.out",
    ]
    lines = s3.get_object(Bucket="jobs", Key="out/b.json.out")["Body"].read().splitlines()
    assert [json.loads(line)["error"] is None for line in lines] == [True, False]
    assert s3.get_object(Bucket="jobs", Key="out/b.json.errors")["Body"].read().splitlines() == lines[1:]
    assert progress == [0.0, 0.5, 1.0]


@pytest.mark.parametrize(
    ("source", "target", "says"),
    [
        ("jobs/in/a.json", "s3://jobs/out/", "Invalid S3 input path"),
        ("s3://jobs/in/a.json", "/out", "Invalid S3 output path"),
        ("s3://jobs/nothing", "s3://jobs/out/", "no file at s3://jobs/nothing"),
    ],
)
def test_wrong_paths_fail_the_job_with_a_reason(
    world: PlantedRuntime, s3: Any, source: str, target: str, says: str
) -> None:
    with pytest.raises(BatchJobError, match=says):
        run_on_files(s3, source, target, inference(world, "next").run)


def test_a_job_that_fails_leaves_no_output(world: PlantedRuntime, s3: Any) -> None:
    s3.put_object(Bucket="jobs", Key="in/a.json", Body=b'{"itemAttributes": "ITEMS.price = 1"}\n' * 11)
    with pytest.raises(BatchJobError, match=r"a\.json: The input file has 11 queries"):
        run_on_files(s3, "s3://jobs/in/a.json", "s3://jobs/out/", segments(world, by_attribute=True).run)
    assert keys(s3) == ["in/a.json"]
