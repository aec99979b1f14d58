"""The fixtures, in suites as their users write them."""

from __future__ import annotations

import pytest

from tests.support.packages import ROOT

pytest_plugins = ["pytester"]

SUITE = """
    import boto3

    ROWS = [
        {"user_id": f"u{user}", "item_id": f"i{(user + step) % 20}", "timestamp": 1_700_000_000 + step}
        for user in range(60)
        for step in range(20)
    ]
    endpoints = set()

    def test_data_is_imported_and_trained_on_in_a_line(personalize_group, personalize_server):
        personalize_group.import_data("Interactions", ROWS)
        front = personalize_group.train("aws-popularity-count")
        assert len(front.recommend(user="u1", number=5)) == 5
        assert front.metrics
        endpoints.add(personalize_server.endpoint)

    def test_nothing_of_the_test_before_is_left(personalize_group, personalize_server):
        assert personalize_server.client("personalize").list_dataset_groups()["datasetGroups"] == []
        assert personalize_server.client("s3").list_buckets()["Buckets"] == []
        assert personalize_group.arn.endswith(":dataset-group/test")
        endpoints.add(personalize_server.endpoint)
        assert len(endpoints) == 1

    def test_code_that_knows_nothing_of_it_calls_it(personalize_environment):
        assert boto3.client("personalize").list_recipes()["recipes"]

    def test_any_key_is_taken(personalize_server):
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        assert personalize_server.client("personalize", **keys).list_recipes()["recipes"]
"""


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    return pytester


def run(suite: pytest.Pytester, *options: str) -> pytest.RunResult:
    return suite.runpytest_subprocess("-p", "localpersonalize.testing.pytest_plugin", *options)


@pytest.mark.long
def test_a_suite_has_one_service_and_each_test_a_clean_account(suite: pytest.Pytester) -> None:
    suite.makepyfile(SUITE)
    run(suite).assert_outcomes(passed=4)


def test_a_suite_that_needs_no_service_starts_none(suite: pytest.Pytester) -> None:
    suite.makepyfile("import sys\ndef test_nothing(): assert not {'boto3', 'pyarrow'} & set(sys.modules)")
    suite.makeconftest(
        """
        import subprocess
        class Popen:
            def __init__(self, *a, **k): raise AssertionError("a process was started")
        subprocess.Popen = Popen
        """
    )
    run(suite).assert_outcomes(passed=1)


@pytest.mark.long
def test_a_service_that_does_not_start_says_why(suite: pytest.Pytester) -> None:
    suite.makeini("[pytest]\nlocalpersonalize_options = --pace quick")
    suite.makepyfile("def test_it(personalize_server): pass")
    result = run(suite)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*--pace is quick*"])


def test_its_fixtures_are_listed_with_what_they_do(suite: pytest.Pytester) -> None:
    result = run(suite, "--fixtures")
    for name in ("personalize_server", "personalize_group", "personalize_environment"):
        result.stdout.fnmatch_lines([f"{name}*"])
