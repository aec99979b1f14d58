"""What can be deleted, and when."""

from __future__ import annotations

import pytest

from localpersonalize.protocol.errors import InUseError
from tests.support.localpersonalize.contexts import INTERACTIONS, Desk


def test_what_others_depend_on_stays(desk: Desk) -> None:
    group = desk.group()
    solution = desk.solution(group)
    with pytest.raises(InUseError, match=r"1 resource.* of kind Solution"):
        desk.call("DeleteDatasetGroup", datasetGroupArn=group)
    version = desk.version(solution, active=False)
    with pytest.raises(InUseError, match="of kind SolutionVersion"):
        desk.call("DeleteSolution", solutionArn=solution)
    desk.context.database.change(version, status="ACTIVE")
    desk.call("DeleteSolution", solutionArn=solution)
    assert desk.status(solution) == "DELETE PENDING"
    assert desk.queue.submitted[-1] == ("delete", solution)


def test_what_is_changing_stays(desk: Desk) -> None:
    group = desk.create("DatasetGroup", active=False, name="shop")
    with pytest.raises(InUseError, match="CREATE PENDING"):
        desk.call("DeleteDatasetGroup", datasetGroupArn=group)


def test_a_schema_has_no_states_and_goes_at_once(desk: Desk) -> None:
    arn = desk.create("Schema", active=False, name="s", schema=INTERACTIONS)
    desk.call("DeleteSchema", schemaArn=arn)
    assert not desk.context.resources.exists(arn)
