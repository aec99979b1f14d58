"""What the rollback's form says reaches its tasks as text."""

from __future__ import annotations

import copy

import pytest


@pytest.mark.parametrize("version", ["13740e49", "00000001", "abcdef01", "True", None])
def test_a_version_that_reads_like_a_number_stays_text(dags, version):
    dag = dags["rollback_campaign"]
    choose, campaign = (copy.copy(dag.get_task(name)) for name in ("choose_version", "campaign"))
    params = {"campaign": "1e3", "version": version}
    choose.render_template_fields({"params": params})
    assert (choose.campaign_name, choose.version) == ("1e3", version)
    assert (
        campaign.render_template(campaign.campaign_name, {"params": params}, dag.get_template_env()) == "1e3"
    )
