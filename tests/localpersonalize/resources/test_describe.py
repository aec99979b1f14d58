"""Describe and List."""

from __future__ import annotations

from tests.support.localpersonalize.contexts import Desk


def test_a_list_can_be_narrowed_to_a_parent_and_comes_in_pages(desk: Desk) -> None:
    group, other = desk.group("one"), desk.group("two")
    made = [desk.solution(group, name) for name in ("a", "b")]
    desk.solution(other, "c")
    first = desk.call("ListSolutions", datasetGroupArn=group, maxResults=1)
    second = desk.call("ListSolutions", datasetGroupArn=group, maxResults=1, nextToken=first["nextToken"])
    assert [first["solutions"][0]["solutionArn"], second["solutions"][0]["solutionArn"]] == made
    assert second["nextToken"] is None
    assert len(desk.call("ListSolutions")["solutions"]) == 3


def test_describe_holds_the_resource_by_its_kind(desk: Desk) -> None:
    arn = desk.group()
    assert desk.call("DescribeDatasetGroup", datasetGroupArn=arn)["datasetGroup"]["name"] == "shop"
