"""A user's history is bulk data, streamed events and the sessions before sign-in, in order and without
repeats.
"""

import numpy as np
import pyarrow as pa

from localpersonalize.runtime.histories import Events, EventSelection, Histories, StreamedEvent


def bulk() -> pa.Table:
    return pa.table(
        {
            "USER_ID": ["u2", "u1", "u1", "u1"],
            "ITEM_ID": ["a", "c", "b", "a"],
            "TIMESTAMP": [5, 30, 20, 10],
            "EVENT_TYPE": ["view", "View", None, "buy"],
            "EVENT_VALUE": pa.array([1.0, None, 0.5, 4.0], pa.float32()),
        }
    )


def event(
    user: str | None, item: str | None, time: int, kind: str = "view", session: str | None = None
) -> StreamedEvent:
    return StreamedEvent(user, session, item, time, kind, None)


def names(histories: Histories, events: Events) -> list[str]:
    return [histories.items.ids[code] for code in events.items]


def test_bulk_events_come_oldest_first() -> None:
    histories = Histories(bulk())
    events = histories.of("u1")
    assert names(histories, events) == ["a", "b", "c"]
    assert events.times.tolist() == [10, 20, 30]
    assert [histories.event_types.ids[k] if k >= 0 else None for k in events.types] == ["buy", None, "view"]
    assert len(histories.of("nobody")) == 0
    assert len(histories.of(None)) == 0


def test_streamed_events_take_their_place_in_time() -> None:
    histories = Histories(bulk())
    before = histories.version("u1")
    histories.add([event("u1", "new", 25), event("u1", "a", 40)])
    assert names(histories, histories.of("u1")) == ["a", "b", "new", "c", "a"]
    assert histories.version("u1") != before
    assert names(histories, histories.of("u2")) == ["a"]


def test_the_same_event_again_counts_once() -> None:
    histories = Histories(bulk())
    histories.add(
        [event("u1", "c", 30), event("u1", "z", 50), event("u1", "z", 50), event("u1", "z", 50, "buy")]
    )
    assert names(histories, histories.of("u1")) == ["a", "b", "c", "z", "z"]


def test_events_before_sign_in_belong_to_the_user_after_it() -> None:
    histories = Histories(bulk())
    histories.add([event(None, "x", 100, session="s1"), event(None, "y", 110, session="s1")])
    assert names(histories, histories.of("s1")) == ["x", "y"]
    assert names(histories, histories.of("u2")) == ["a"]
    histories.add([event("u2", "z", 120, session="s1")])
    assert names(histories, histories.of("u2")) == ["a", "x", "y", "z"]
    assert "s1" not in histories.users()
    histories.add([event("u2", "w", 130, session="s2")])
    assert names(histories, histories.of("u2")) == ["a", "x", "y", "z", "w"]


def test_counts_and_last_times_follow_the_stream() -> None:
    histories = Histories(bulk())
    histories.add([event("u9", "a", 99), *(event("u9", f"n{n}", n) for n in range(200))])
    counted = dict(
        zip(histories.items.ids, zip(histories.counts(), histories.last_seen(), strict=True), strict=True)
    )
    assert counted["a"] == (3, 99)
    assert counted["b"] == (1, 20)
    assert counted["n199"] == (1, 199)


def selected(event_type: str | None, config: dict[str, object] | None) -> list[str]:
    histories = Histories(bulk())
    selection = EventSelection.from_solution_config(event_type, config)
    return names(histories, selection.apply(histories.of("u1"), histories.event_types))


def test_a_solution_looks_only_at_its_events() -> None:
    assert selected(None, None) == ["a", "b", "c"]
    assert selected("VIEW", {}) == ["c"]
    assert selected("missing", {}) == []
    assert selected(None, {"eventValueThreshold": "1"}) == ["a"]
    assert selected("buy", {"eventValueThreshold": "4.5"}) == []
    histories_by_rule = {
        "eventsConfig": {"eventParametersList": [{"eventType": "view"}, {"eventType": "buy", "weight": 0.5}]}
    }
    assert selected(None, histories_by_rule) == ["a", "c"]


def test_no_data_at_all() -> None:
    histories = Histories()
    assert len(histories.of("u")) == 0
    histories.add([event("u", None, 1), event(None, "x", 1)])
    assert histories.users() == []
    histories.add([event("u", "x", 1)])
    assert np.array_equal(histories.of("u").items, [0])
