"""A solution with `perform_hpo` in the pipeline file: searched, trained with what was found, and live."""

from __future__ import annotations

from typing import Any

import pytest

from encore.config.models import Pipeline
from encore.deployment.iam import permissions
from tests.support.enforced_policies import EnforcedPolicies
from tests.support.permitted_account import SCOPE, PermittedAccount, account, pipeline
from tests.support.permitted_run import PermittedRun

__all__ = ["account"]

RANGE = {"name": "popularity_discount_factor", "minValue": 0.2, "maxValue": 0.3}


@pytest.mark.long
def test_the_version_that_goes_live_was_trained_with_what_the_search_found(account: PermittedAccount):
    settings: dict[str, Any] = pipeline("searched").model_dump(mode="json", by_alias=True)
    group = settings["dataset_groups"][0]
    group["solutions"] = [
        {
            "name": "searched-related",
            "recipe": "aws-sims",
            "perform_hpo": True,
            "solution_config": {
                "hpoConfig": {
                    "hpoResourceConfig": {"maxNumberOfTrainingJobs": "3", "maxParallelTrainingJobs": "1"},
                    "algorithmHyperParameterRanges": {"continuousHyperParameterRanges": [RANGE]},
                }
            },
        }
    ]
    group["batch"], group["filters"] = None, []
    needed = permissions(Pipeline.model_validate(settings), SCOPE)
    account.apply(needed)
    ran = PermittedRun(Pipeline.model_validate(settings).dataset_groups[0])
    with EnforcedPolicies(needed.dags):
        ran.load()
        ran.train()
    version = account.personalize.describe_solution_version(solutionVersionArn=ran.version)["solutionVersion"]
    tuned = version["tunedHPOParams"]["algorithmHyperParameters"]["popularity_discount_factor"]
    assert 0.2 <= float(tuned) <= 0.3
    assert version["performHPO"] is True
    served = account.personalize.describe_campaign(campaignArn=ran.campaign)["campaign"]
    assert served["solutionVersionArn"] == ran.version
