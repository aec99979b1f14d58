"""Who gets a worker next."""

from __future__ import annotations

import threading
import time

from localpersonalize.jobs.worker_slots import WorkerSlots


def start_in_turn(slots: WorkerSlots, threads: list[threading.Thread]) -> None:
    """Start those who want a slot, each once the one before has one or waits."""
    for number, thread in enumerate(threads, 1):
        thread.start()
        deadline = time.monotonic() + 20
        while len(slots._waiting) + slots._running.total() < number:
            assert time.monotonic() < deadline
            time.sleep(0.001)


def served(limit: int, *groups: str) -> list[str]:
    """In which order those who wait get a slot, one of which is freed at a time."""
    slots, order = WorkerSlots(limit), list[str]()
    begin = threading.Event()

    def occupy() -> None:
        with slots.hold("other", lambda: False):
            begin.wait(20)

    def work(name: str) -> None:
        with slots.hold(name[0], lambda: False):
            order.append(name)

    threads = [threading.Thread(target=occupy) for _ in range(limit)]
    threads += [threading.Thread(target=work, args=(name,)) for name in groups]
    start_in_turn(slots, threads)
    begin.set()
    for thread in threads:
        thread.join(20)
    return order


def test_one_group_is_served_in_order() -> None:
    assert served(1, "a1", "a2", "a3") == ["a1", "a2", "a3"]


def test_groups_take_turns() -> None:
    assert served(1, "a1", "a2", "a3", "b1", "c1", "b2") == ["a1", "b1", "c1", "a2", "b2", "a3"]


def test_a_group_that_has_a_worker_waits_for_one_that_has_none() -> None:
    slots, order = WorkerSlots(2), list[str]()
    leave = {name: threading.Event() for name in ("a1", "b1")}

    def occupy(name: str) -> None:
        with slots.hold(name[0], lambda: False):
            leave[name].wait(20)

    def work(name: str) -> None:
        with slots.hold(name[0], lambda: False):
            order.append(name)

    threads = [threading.Thread(target=occupy, args=(name,)) for name in leave]
    threads += [threading.Thread(target=work, args=(name,)) for name in ("a2", "b2")]
    start_in_turn(slots, threads)
    leave["b1"].set()
    threads[3].join(20)
    leave["a1"].set()
    for thread in threads:
        thread.join(20)
    assert order == ["b2", "a2"]


def test_who_has_given_up_gets_none_and_keeps_nobody_waiting() -> None:
    slots, gone = WorkerSlots(1), threading.Event()
    got: list[bool] = []

    def wait() -> None:
        with slots.hold("a", gone.is_set) as has_slot:
            got.append(has_slot)

    with slots.hold("b", lambda: False):
        waiting = threading.Thread(target=wait)
        waiting.start()
        gone.set()
        slots.wake()
        waiting.join(20)
        assert got == [False]
    with slots.hold("c", lambda: False) as has_slot:
        assert has_slot
