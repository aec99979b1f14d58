"""Batch jobs: files of JSON lines in S3 in, `.out` files with an answer or a reason a line out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from localpersonalize.runtime.batch.files import BatchJobError, Summary, run_files
from localpersonalize.runtime.batch.inference import BatchInference
from localpersonalize.runtime.batch.segments import BatchSegments
from localpersonalize.runtime.deployment import Exploration
from localpersonalize.runtime.filters import parse
from tests.localpersonalize.runtime.conftest import NextItem, World


def run(job: BatchInference | BatchSegments, *queries: Any) -> list[dict[str, Any]]:
    raw = [q.encode() if isinstance(q, str) else json.dumps(q).encode() for q in queries]
    return [json.loads(outcome.encode()) for outcome in job.run(raw)]


def inference(world: World, arn: str, **more: Any) -> BatchInference:
    return BatchInference(world.deployments[arn], world.held, **more)


def test_users_get_items_with_scores(world: World) -> None:
    first, second = run(inference(world, "next", count=2), {"userId": "u1"}, {"userId": "stranger"})
    assert first["input"] == {"userId": "u1"}
    assert first["output"]["recommendedItems"] == ["i3", "i4"]
    assert first["output"]["scores"] == sorted(first["output"]["scores"], reverse=True)
    assert first["error"] is None
    assert second["output"]["recommendedItems"] == ["i0", "i1"]


def test_items_get_related_items_without_scores(world: World) -> None:
    (found,) = run(inference(world, "after", count=3), {"itemId": "i5"})
    assert found["output"] == {"recommendedItems": ["i6", "i7", "i8"]}


def test_lists_are_ranked(world: World) -> None:
    (found,) = run(inference(world, "rank"), {"userId": "u1", "itemList": ["x", "i5", "i3"]})
    assert found["output"]["recommendedItems"] == ["i3", "i5", "x"]
    assert len(found["output"]["scores"]) == 3


def test_answers_are_those_of_the_campaign(world: World) -> None:
    users = ["u1", "u2", "u3", "nobody"]
    for user, found in zip(
        users, run(inference(world, "next"), *({"userId": u} for u in users)), strict=True
    ):
        single = world.recommend(campaignArn="next", userId=user)["itemList"]
        assert found["output"]["recommendedItems"] == [item["itemId"] for item in single]
        assert found["output"]["scores"] == [item["score"] for item in single]


def test_a_line_that_cannot_be_answered_says_why_and_stops_nobody(world: World) -> None:
    price = parse("EXCLUDE ItemID WHERE Items.PRICE > $P")
    found = run(
        inference(world, "next", request_filter=price, count=1),
        {"userId": "u1"},
        "{not json",
        '["u1"]',
        {"itemId": "i1"},
        {"userId": "u1", "filterValues": {"Q": "1"}},
        {"userId": "u1", "filterValues": {"P": '"cheap"'}},
        "",
        {"userId": "u1", "filterValues": {"P": "1"}},
    )
    errors = [one["error"] for one in found]
    assert errors[0] is None
    assert "Line 2 is not JSON" in errors[1]
    assert "Line 3 is not a JSON object" in errors[2]
    assert "userId is required" in errors[3]
    assert "no parameter Q" in errors[4]
    assert "Items.PRICE is a number" in errors[5]
    assert found[6]["output"]["recommendedItems"] == ["i0"]
    assert all((one["output"] is None) is (one["error"] is not None) for one in found)


def test_exploration_can_be_configured(world: World) -> None:
    world.deploy("explores", NextItem(), explores=Exploration(weight=1.0))
    found = run(inference(world, "explores", count=2), *[{"userId": "u1"}] * 20)
    assert any(one["output"]["recommendedItems"] != ["i3", "i4"] for one in found)


def test_number_of_results_is_bounded(world: World) -> None:
    with pytest.raises(ValueError, match="between 1 and 500"):
        inference(world, "next", count=501)


def segments(world: World, by_attribute: bool = False, **more: Any) -> BatchSegments:
    return BatchSegments(world.deployments["next"], world.held, by_attribute, **more)


def test_segments_list_the_likeliest_users_of_an_item(world: World) -> None:
    # The next item after u1's is i3, after u2's i8; strangers begin at i0.
    three, eight, unknown = run(segments(world), {"itemId": "i3"}, {"itemId": "i8"}, {"itemId": "nope"})
    assert three["output"]["recommendedUsers"][0] == "u1"
    assert eight["output"]["recommendedUsers"][0] == "u2"
    assert sorted(three["output"]["recommendedUsers"]) == ["u1", "u2", "u3", "young"]
    assert "nope was not in the data" in unknown["error"]


def test_segments_by_attribute(world: World) -> None:
    odd, both, wrong, none = run(
        segments(world, by_attribute=True, count=1),
        {"itemAttributes": 'ITEMS.genre = "odd"'},
        {"itemAttributes": 'ITEMS.genre = "even" AND ITEMS.price = 8'},
        {"itemAttributes": 'ITEMS.genre IN ("odd")'},
        {"itemAttributes": 'ITEMS.genre = "never"'},
    )
    assert odd == {
        "itemAttributes": 'ITEMS.genre = "odd"',
        "output": {"recommendedUsers": ["u1"]},
        "error": None,
    }
    assert both["output"]["recommendedUsers"] == ["u2"]
    assert "with =" in wrong["error"]
    assert "No item" in none["error"]


def test_a_malformed_attribute_query_points_at_its_own_column(world: World) -> None:
    (found,) = run(segments(world, by_attribute=True), {"itemAttributes": "ITEMS.genre == 3"})
    assert "column 14" in found["error"]


def test_segments_can_be_filtered_by_users_and_their_events(world: World) -> None:
    grown = parse("INCLUDE UserID WHERE Users.AGE >= $AGE")
    (found,) = run(segments(world, user_filter=grown), {"itemId": "i3", "filterValues": {"AGE": "40"}})
    assert found["output"]["recommendedUsers"] == ["u2"]
    buyers = parse('EXCLUDE UserID WHERE Interactions.EVENT_TYPE IN ("BUY")')
    (found,) = run(segments(world, user_filter=buyers), {"itemId": "i3"})
    assert sorted(found["output"]["recommendedUsers"]) == ["u2", "u3", "young"]


def test_segment_files_are_bounded(world: World) -> None:
    with pytest.raises(ValueError, match="at most 10"):
        list(segments(world, by_attribute=True).run([b'{"itemAttributes": "ITEMS.price = 1"}'] * 11))


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        client = boto3.client("s3", "us-east-1")
        client.create_bucket(Bucket="jobs")
        yield client


def keys(s3: Any) -> list[str]:
    return [entry["Key"] for entry in s3.list_objects_v2(Bucket="jobs").get("Contents", [])]


def test_every_input_file_gets_an_output_and_errors_one_of_their_own(world: World, s3: Any) -> None:
    s3.put_object(Bucket="jobs", Key="in/a.json", Body=b'{"userId": "u1"}\n{"userId": "u2"}')
    s3.put_object(Bucket="jobs", Key="in/b.json", Body=b'{"userId": "u1"}\n{"user": "u2"}\n')
    s3.put_object(Bucket="jobs", Key="other/c.json", Body=b"{}")
    told: list[float] = []
    summary = run_files(
        s3, "s3://jobs/in/", "s3://jobs/out", inference(world, "next").run, lambda part, _: told.append(part)
    )
    assert summary == Summary(files=2, answered=3, failed=1)
    assert [k for k in keys(s3) if k.startswith("out")] == [
        "out/a.json.out",
        "out/b.json.errors",
        "out/b.json.out",
    ]
    lines = s3.get_object(Bucket="jobs", Key="out/b.json.out")["Body"].read().splitlines()
    assert [json.loads(line)["error"] is None for line in lines] == [True, False]
    assert s3.get_object(Bucket="jobs", Key="out/b.json.errors")["Body"].read().splitlines() == lines[1:]
    assert told == [0.0, 0.5, 1.0]


@pytest.mark.parametrize(
    ("source", "target", "says"),
    [
        ("jobs/in/a.json", "s3://jobs/out/", "Invalid S3 input path"),
        ("s3://jobs/in/a.json", "/out", "Invalid S3 output path"),
        ("s3://jobs/nothing", "s3://jobs/out/", "no file at s3://jobs/nothing"),
    ],
)
def test_wrong_paths_fail_the_job_with_a_reason(
    world: World, s3: Any, source: str, target: str, says: str
) -> None:
    with pytest.raises(BatchJobError, match=says):
        run_files(s3, source, target, inference(world, "next").run)


def test_a_job_that_fails_leaves_no_output(world: World, s3: Any) -> None:
    s3.put_object(Bucket="jobs", Key="in/a.json", Body=b'{"itemAttributes": "ITEMS.price = 1"}\n' * 11)
    with pytest.raises(BatchJobError, match=r"a\.json: The input file has 11 queries"):
        run_files(s3, "s3://jobs/in/a.json", "s3://jobs/out/", segments(world, by_attribute=True).run)
    assert keys(s3) == ["in/a.json"]
