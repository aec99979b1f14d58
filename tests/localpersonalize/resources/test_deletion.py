"""What can be deleted, and when."""

from __future__ import annotations

import pytest

from localpersonalize.protocol.errors import InUseError
from tests.support.localpersonalize.in_process import INTERACTIONS, InProcessService


def test_what_others_depend_on_stays(service: InProcessService) -> None:
    group = service.group()
    solution = service.solution(group)
    with pytest.raises(InUseError, match=r"1 resource.* of kind Solution"):
        service.call("DeleteDatasetGroup", datasetGroupArn=group)
    version = service.version(solution, active=False)
    with pytest.raises(InUseError, match="of kind SolutionVersion"):
        service.call("DeleteSolution", solutionArn=solution)
    service.context.database.change(version, status="ACTIVE")
    service.call("DeleteSolution", solutionArn=solution)
    assert service.status(solution) == "DELETE PENDING"
    assert service.queue.submitted[-1] == ("delete", solution)


def test_what_is_changing_stays(service: InProcessService) -> None:
    group = service.create("DatasetGroup", active=False, name="shop")
    with pytest.raises(InUseError, match="CREATE PENDING"):
        service.call("DeleteDatasetGroup", datasetGroupArn=group)


def test_a_schema_has_no_states_and_goes_at_once(service: InProcessService) -> None:
    arn = service.create("Schema", active=False, name="s", schema=INTERACTIONS)
    service.call("DeleteSchema", schemaArn=arn)
    assert not service.context.resources.exists(arn)
