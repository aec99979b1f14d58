"""Ids of recommendations."""

from __future__ import annotations

from localpersonalize.protocol.recommendation_ids import mark_of, new_id, sources

ARNS = [f"arn:aws:personalize:us-east-1:123456789012:campaign/c{n}" for n in range(50)]


def test_an_id_is_new_each_time_and_tells_whose_it_is() -> None:
    ids = [new_id(arn) for arn in ARNS for _ in range(20)]
    assert len(set(ids)) == len(ids)
    assert all(len(entry) == 40 for entry in ids)  # as many characters as PutEvents takes
    known = sources(ARNS)
    assert [known[mark_of(entry)] for entry in ids] == [arn for arn in ARNS for _ in range(20)]


def test_ids_of_others_are_nobodys() -> None:
    known = sources(ARNS)
    for other in (
        new_id("arn:aws:personalize:us-east-1:123456789012:campaign/other"),
        "RID-",
        "",
        "anything",
    ):
        assert mark_of(other) not in known
