"""A dataset group with two versions of one solution; the older one is live."""

from __future__ import annotations

import pytest

from encore.retention import tags
from tests.support.operator_runs import Task, connection
from tests.support.personalize_service import SCHEMA
from tests.support.resources import DatasetGroupResources


@pytest.fixture(scope="module")
def operated(service_address):
    """A dataset group with two versions of one solution; the older one is live."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_CONN_AWS_DEFAULT", connection(service_address))
        resources = DatasetGroupResources("operated", SCHEMA)
        Task("import").run(resources.import_())
        resources.solution(create_kwargs={"tags": tags("operated")})
        resources.versions = [
            Task("train", run_id=f"manual__{number}").run(resources.version()) for number in (1, 2)
        ]
        Task("campaign").run(
            resources.campaign(resources.versions[0], create_kwargs={"tags": tags("operated")})
        )
    return resources
