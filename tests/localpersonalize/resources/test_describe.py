"""Describe and List."""

from __future__ import annotations

from tests.support.localpersonalize.in_process import InProcessService


def test_a_list_can_be_narrowed_to_a_parent_and_comes_in_pages(service: InProcessService) -> None:
    group, other = service.group("one"), service.group("two")
    made = [service.solution(group, name) for name in ("a", "b")]
    service.solution(other, "c")
    first = service.call("ListSolutions", datasetGroupArn=group, maxResults=1)
    second = service.call("ListSolutions", datasetGroupArn=group, maxResults=1, nextToken=first["nextToken"])
    assert [first["solutions"][0]["solutionArn"], second["solutions"][0]["solutionArn"]] == made
    assert second["nextToken"] is None
    assert len(service.call("ListSolutions")["solutions"]) == 3


def test_describe_holds_the_resource_by_its_kind(service: InProcessService) -> None:
    arn = service.group()
    assert service.call("DescribeDatasetGroup", datasetGroupArn=arn)["datasetGroup"]["name"] == "shop"
