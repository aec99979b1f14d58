"""Months through a real Airflow, in compressed time: `python -m tests.resilience --days 10 --seeds 1,2 --minutes 20`.

Prints each day with what went wrong on it, and a table in the end. A month that breaks an invariant is shrunk, as long
as there is time, to the shortest list of events that breaks one; `--events "3:LostAnswers 4:WorkerKilled"` plays such a
list.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.resilience.faults import Event, draw_events, make
from tests.resilience.invariants import Invariants
from tests.resilience.month import PIPELINE, Month
from tests.resilience.shrink import shrink
from tests.resilience.stack import running_stack


@dataclass
class Report:
    """What was played, and what came of it."""

    injected: Counter[str] = field(default_factory=Counter)
    survived: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    answers: int = 0
    acknowledged: int = 0

    def as_text(self) -> str:
        days = len(self.seconds)
        mean = sum(self.seconds) / max(days, 1)
        lines = [
            f"{days} simulated days, {mean:.0f} s each; the application had {self.answers} answers, and put"
            f" {self.acknowledged} events",
            "",
            "| fault | injected | survived |",
            "| --- | --- | --- |",
        ]
        lines += [
            f"| {name} | {count} | {self.survived[name]} |" for name, count in sorted(self.injected.items())
        ]
        return "\n".join([*lines, *self.failures])


def play(
    seed: int,
    days: int,
    events: Sequence[Event],
    report: Report,
    until: float,
    logs: Path | None = None,
    goes_on: bool = False,
) -> list[str]:
    """A month; returns what was wrong on the first day on which something was.

    :param logs: where the logs are kept of a month on which something was wrong
    :param goes_on: with the next day, all the same
    """
    first: list[str] = []
    with running_stack(PIPELINE) as stack:
        month = Month(stack, seed, days)
        invariants = Invariants(month)
        month.reasons = invariants.reasons
        try:
            month.begin()
            for day in range(1, days + 1):
                if time.monotonic() > until:
                    print(f"seed {seed}: the time is over after {day - 1} days", flush=True)
                    break
                today = [event for event in events if event[0] == day]
                if problems := play_day(month, invariants, seed, today, report):
                    if logs:
                        keep_logs(stack.settings.home, logs / f"seed-{seed}-day-{day}")
                    first = first or [f"day {day}: {problem}" for problem in problems]
                    month.problems.clear()
                    if not goes_on:
                        break
        finally:
            month.close()
            report.answers += month.application.answers if month.application else 0
            report.acknowledged += len(month.shop.acknowledged)
    return first


def keep_logs(home: Path, folder: Path) -> None:
    for name in ("logs", "airflow/logs"):
        shutil.copytree(home / name, folder / name, dirs_exist_ok=True)
    for server in ("pg", "product"):
        shutil.copy(home / server / "log", folder / "logs" / f"{server}.log")
    print(f"    logs: {folder}", flush=True)


def play_day(
    month: Month, invariants: Invariants, seed: int, today: Sequence[Event], report: Report
) -> list[str]:
    began = time.monotonic()
    faults = [make(seed, event) for event in today]
    try:
        month.day(faults)
        problems = month.problems + invariants.check()
    except Exception as error:
        traceback.print_exc()
        problems = [*month.problems, f"{type(error).__name__}: {error}"]
        month.heal()
    report.seconds.append(time.monotonic() - began)
    happened = [type(fault).__name__ for fault in faults if fault.has_happened]
    report.injected.update(happened)
    words = [name if name in happened else f"{name} (has not come to it)" for _, name in today]
    states = " ".join(f"{run.dag_id.partition('_')[0]}={run.state}" for run in month.runs)
    print(
        f"seed {seed} {month.today} {report.seconds[-1]:4.0f} s  {', '.join(words) or 'nothing wrong'}: {states}",
        *problems,
        sep="\n    ",
        flush=True,
    )
    if not problems:
        report.survived.update(happened)
    return problems


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.resilience", description=__doc__)
    parser.add_argument("--days", type=int, default=10, help="simulated days of each month")
    parser.add_argument("--seeds", help="e.g. 1,2; default: two drawn ones")
    parser.add_argument(
        "--minutes",
        type=float,
        default=20,
        help="no day begins after these, of which each seed has its share",
    )
    parser.add_argument("--events", help="instead of drawn ones, e.g. '3:LostAnswers 4:WorkerKilled'")
    parser.add_argument(
        "--logs", type=Path, help="folder for the logs of a month on which something was wrong"
    )
    parser.add_argument(
        "--go-on", action="store_true", help="after a day on which something was wrong; no shrinking"
    )
    options = parser.parse_args()
    seeds = (
        [int(seed) for seed in options.seeds.split(",")] if options.seeds else random.sample(range(10_000), 2)
    )
    print(f"seeds {','.join(map(str, seeds))}, {options.days} days each", flush=True)
    end, report = time.monotonic() + 60 * options.minutes, Report()
    for number, seed in enumerate(seeds):
        if options.events is not None:
            events = [(int(day), name) for day, _, name in (e.partition(":") for e in options.events.split())]
        else:
            events = draw_events(seed, options.days)
        now = time.monotonic()
        if now > end:
            print(f"seed {seed}: the time is over", flush=True)
            continue
        share = now + (end - now) / (len(seeds) - number)
        try:
            problems = play(seed, options.days, events, report, share, options.logs, options.go_on)
        except Exception as error:
            # The stack has not come up: what the other months came to is told all the same.
            traceback.print_exc()
            problems = [f"day 0: {type(error).__name__}: {error}"]
        if problems:
            day = int(problems[0].split()[1].rstrip(":"))
            shortest = events if options.go_on or not day else shrunk(seed, events, day, end)
            text = " ".join(f"{day}:{name}" for day, name in shortest)
            report.failures += [f"seed {seed} fails: {problems[0]}", f'  --seeds {seed} --events "{text}"']
    print(report.as_text())
    return 1 if report.failures else 0


def shrunk(seed: int, events: Sequence[Event], day: int, until: float) -> list[Event]:
    """The shortest part of the events up to the day of the failure that fails too; what the time allows."""

    def fails(part: Sequence[Event]) -> bool:
        if time.monotonic() > until:
            return False
        print(f"seed {seed}: once more with {part}", flush=True)
        return bool(play(seed, day, part, Report(), until))

    return shrink([event for event in events if event[0] <= day], fails)


if __name__ == "__main__":
    # However it is ended, the stack ends with it; a shell's background jobs ignore SIGINT.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(130))
    sys.exit(main())
