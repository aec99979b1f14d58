"""Which version a batch job uses: the live one, or the newest where there is no campaign."""

from __future__ import annotations

import pytest

from encore.operators.select_batch_version import NoVersionError, select_version
from tests.support.batch_jobs import resources  # noqa: F401
from tests.support.operator_runs import Task


def test_the_version_is_the_live_one_and_without_a_campaign_the_newest(service, resources):  # noqa: F811
    client = service.client("personalize")
    assert select_version(client, "asked", "asked", "asked")["solution_version_arn"] == resources.versions[1]
    Task("campaign").run(resources.campaign(resources.versions[0]))
    assert select_version(client, "asked", "asked", "asked")["solution_version_arn"] == resources.versions[0]
    for arguments, said in (
        (("asked", "nope"), "solution nope is not there yet"),
        (("nobody", "asked"), "dataset group nobody is not there yet"),
        (("asked", "asked", None, "fresh"), "filter fresh is not there yet"),
    ):
        with pytest.raises(NoVersionError, match=said):
            select_version(client, *arguments)
