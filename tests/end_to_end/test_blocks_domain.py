"""What a retraining does not use, under a real scheduler and triggerer: recommenders, stopping, each deletion."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo import local_aws
from demo.settings import Settings
from demo.stack import Stack
from tests.end_to_end.conftest import RunningStack
from tests.support.personalize_service import BUCKET, prepare
from tests.support.views import VIEWS, views


@pytest.fixture(scope="module")
def domain() -> Iterator[RunningStack]:
    with tempfile.TemporaryDirectory(prefix="domain-", ignore_cleanup_errors=True) as folder:
        settings = Settings.load(Path(folder).resolve())
        running = Stack(
            settings,
            airflow_env={
                "AIRFLOW__CORE__DAGS_FOLDER": str(Path(__file__).with_name("blocks")),
                "ENCORE_TEST_PROCESSES": folder,
            },
        )
        try:
            running.start()
            prepare(lambda name: local_aws.client(settings, name))
            local_aws.client(settings, "s3").put_object(Bucket=BUCKET, Key=VIEWS, Body=views().encode())
            yield RunningStack(running)
        finally:
            running.stop()


def test_recommenders_stopping_and_each_deletion_work_and_leave_nothing(domain):
    ended = domain.succeed("blocks_domain")
    assert set(ended["tasks"].values()) == {"success"}
    personalize = domain.aws("personalize")
    assert personalize.list_dataset_groups()["datasetGroups"] == []
    assert personalize.list_recommenders()["recommenders"] == []
    assert personalize.list_schemas()["schemas"] == []
