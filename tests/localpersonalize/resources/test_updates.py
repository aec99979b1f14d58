"""Updates of resources that stay ACTIVE."""

from __future__ import annotations

import pytest

from localpersonalize.protocol.errors import InUseError
from localpersonalize.resources.updates import ended, is_updating, new_update, require_no_update


def test_a_resource_is_updating_until_its_update_has_ended() -> None:
    update = new_update(schemaArn="arn:1")
    assert is_updating({"latestDatasetUpdate": update})
    assert not is_updating({"latestDatasetUpdate": ended(update)})
    assert not is_updating({"latestCampaignUpdate": ended(update, "CREATE FAILED", failureReason="No.")})
    assert not is_updating({})


def test_a_second_update_waits_for_the_first() -> None:
    with pytest.raises(InUseError, match="The solution is being updated"):
        require_no_update({"latestSolutionUpdate": new_update()}, "The solution")
