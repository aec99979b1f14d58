"""Kills a service in traffic, and compares after each kill what is there with what was acknowledged.

`python -m tests.support.localpersonalize.kills.run --kills 300 --seed 1` says what was killed where, and what was seen.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.localpersonalize.kills import startup
from tests.support.localpersonalize.kills.actors import Actor, Buckets, Objects, Puts
from tests.support.localpersonalize.kills.ledger import CutOffError, WrongError
from tests.support.localpersonalize.kills.resources import Jobs, Resources, Tags, kinds
from tests.support.localpersonalize.live import Live
from tests.support.localpersonalize.shop import Shop

NAMED = 0.6  # of the kills are tried at a named place
WITHIN_SECONDS = 2.5  # a named place that is not passed until then is left
EVERYTHING = 25  # kills after which all things are looked at, not only those that changed
KILL_POINTS = {
    "server": ("commit", "os.replace", "os.fsync", "os.unlink", "os.link", "shutil.rmtree"),
    "worker": ("os.replace", "os.fsync", "commit"),
    "moto": ("os.fsync", "os.replace"),
}
MODULES = {"worker": "localpersonalize.jobs.worker", "moto": "localpersonalize.aws.moto_server"}
PASSAGES = {"commit": 60, "os.fsync": 30, "os.unlink": 20, "os.replace": 12}


@dataclass
class Report:
    """What was killed, by place, and how many changes were acknowledged."""

    kills: Counter[str] = field(default_factory=Counter)
    acknowledged: Counter[str] = field(default_factory=Counter)
    looked_at: int = 0
    start_seconds: list[float] = field(default_factory=list)


class Traffic:
    """A thread for each actor, until asked to stop."""

    def __init__(self, actors: list[Actor]) -> None:
        self.actors = actors
        self.errors: list[BaseException] = []
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        self._stop.clear()
        self._threads = [threading.Thread(target=self._act, args=(actor,)) for actor in self.actors]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(120)
            if thread.is_alive():
                self.errors.append(WrongError("a request hangs"))
        if self.errors:
            raise self.errors[0]

    def _act(self, actor: Actor) -> None:
        while not self._stop.is_set():
            try:
                actor.step()
            except CutOffError:
                self._stop.wait(0.05)  # of a server that is gone, or a child that is started again
            except BaseException as error:
                self.errors.append(error)
                return


def processes(live: Live, module: str) -> list[int]:
    """Children of the server that run a module."""
    assert live.process
    processes_ = []
    for path in Path(f"/proc/{live.process.pid}/task").glob("*/children"):
        for child in path.read_text().split():
            try:
                command = Path(f"/proc/{child}/cmdline").read_bytes()
            except OSError:
                continue
            if module.encode() in command:
                processes_.append(int(child))
    return processes_


class Run:
    """A service, its traffic, and who kills it."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.random, self.report = random.Random(seed), Report()
        self.live, self._plan = Live(folder / "data"), folder / "plan"
        (startup_folder,) = startup.__path__
        root = Path.cwd()
        path = os.pathsep.join([startup_folder, str(root), str(root / "plugins")])
        self.live.environment = {"KILL_FILE": str(self._plan), "PYTHONPATH": path}
        self.live.start()
        shop = Shop(self.live).build()
        made = kinds(shop)
        self.actors: list[Actor] = [
            Objects(shop, 1),
            Objects(shop, 2),
            Buckets(shop, 3),
            Puts(shop, 4),
            Resources(shop, 5, made[:4]),
            Resources(shop, 6, made[4:]),
            Tags(shop, 7),
            Jobs(shop, 8),
        ]

    def kill(self, number: int) -> None:
        """One kill in traffic, and a look at what is there after it."""
        target = self.random.choices(("server", "worker", "moto"), (7, 2, 1))[0]
        traffic = Traffic(self.actors)
        traffic.start()
        try:
            if self.random.random() < NAMED and (kill_point := self._kill_at_a_point(target)):
                killed = kill_point
            else:
                time.sleep(self.random.uniform(0.05, 1.0))
                target = self._kill_at_random(target)
                killed = f"{target} at random"
        finally:
            traffic.stop()
        self.report.kills[killed] += 1
        if target == "server":
            self._restart()
        self.settle(everything=number % EVERYTHING == 0)

    def settle(self, everything: bool) -> None:
        for actor in self.actors:
            self.report.looked_at += actor.settle(everything)

    def check_log(self) -> None:
        """Nothing may have failed but what was killed.

        :raises WrongError: if a request or a job did.
        """
        lines = self.live.log().splitlines()
        failed = [line for line in lines if " ERROR " in line and line.rstrip().endswith("failed")]
        if failed:
            raise WrongError(f"{len(failed)} failed; first {failed[0]}")

    def _kill_at_a_point(self, target: str) -> str:
        """Wait until a place was passed; which, or empty if it was not."""
        what = self.random.choice(KILL_POINTS[target])
        kill_point = f"{target} {self.random.choice(('before', 'after'))} {what}"
        self._plan.write_text(f"{kill_point} {self.random.randint(1, PASSAGES.get(what, 3))}")
        deadline = time.monotonic() + WITHIN_SECONDS
        while time.monotonic() < deadline:
            if not self._plan.exists():
                return kill_point
            time.sleep(0.01)
        self._plan.unlink(missing_ok=True)
        return ""

    def _kill_at_random(self, target: str) -> str:
        """Which process was killed: the server, where no child of the kind runs."""
        for pid in processes(self.live, MODULES[target])[:1] if target in MODULES else ():
            os.kill(pid, signal.SIGKILL)
            return target
        self.live.kill()
        return "server"

    def _restart(self) -> None:
        self.live.kill()
        started = time.monotonic()
        self.live.start()
        self.report.start_seconds.append(time.monotonic() - started)


def run(folder: Path, kills: int, seed: int, said: Callable[[str], None] = lambda _: None) -> Report:
    """
    :raises WrongError: if anything that was acknowledged is not there.
    """
    started = Run(folder, seed)
    try:
        for number in range(1, kills + 1):
            started.kill(number)
            said(
                f"{number} kills, {sum(actor.acknowledged for actor in started.actors)} changes acknowledged"
            )
        started.settle(everything=True)
        started.check_log()
    finally:
        started.live.kill()
    for actor in started.actors:
        started.report.acknowledged[type(actor).__name__] += actor.acknowledged
    return started.report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        report = run(folder, options.kills, options.seed, lambda text: print(text, flush=True))
    for kill_point, number in sorted(report.kills.items()):
        print(f"{number:>5} {kill_point}")
    for actor, number in report.acknowledged.items():
        print(f"{number:>7} changes acknowledged of {actor}")
    starts = sorted(report.start_seconds)
    print(f"starts: median {starts[len(starts) // 2]:.2f} s, longest {starts[-1]:.2f} s")
    print(f"{report.looked_at} things looked at, none lost, none half visible")


if __name__ == "__main__":
    sys.exit(main())
