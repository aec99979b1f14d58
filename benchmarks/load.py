"""A load generator: requests at a fixed rate over kept-alive connections, latencies from when each was due.

Open loop: a slow answer does not slow down the requests after it, so waiting that users would notice counts.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Load:
    """What came back: milliseconds of each request, answers by status, requests answered a second."""

    milliseconds: np.ndarray
    statuses: Counter[int]
    rate: float

    def percentile(self, percent: float) -> float:
        return round(float(np.percentile(self.milliseconds, percent)), 2)

    def summary(self) -> dict[str, float]:
        return {
            "requests": len(self.milliseconds),
            "rate": round(self.rate),
            "errors": sum(count for status, count in self.statuses.items() if status != 200),
            **{f"p{percent}": self.percentile(percent) for percent in (50, 95, 99)},
            "max": self.percentile(100),
        }


def run(host: str, port: int, requests: Sequence[bytes], rate: float, connections: int = 32) -> Load:
    """Send whole HTTP requests, ``rate`` a second, each when it is due and a connection is free.

    ``rate`` 0: as fast as ``connections`` at a time go.
    """
    return asyncio.run(_run(host, port, requests, rate, connections))


async def _run(host: str, port: int, requests: Sequence[bytes], rate: float, connections: int) -> Load:
    milliseconds = np.zeros(len(requests))
    statuses: Counter[int] = Counter()
    turn = iter(range(len(requests)))
    begin = time.perf_counter() + (0.1 if rate else 0.0)

    async def worker() -> None:
        reader, writer = await asyncio.open_connection(host, port)
        try:
            for number in turn:
                due = begin + number / rate if rate else time.perf_counter()
                if (early := due - time.perf_counter()) > 0:
                    await asyncio.sleep(early)
                writer.write(requests[number])
                statuses[await _answer(reader)] += 1
                milliseconds[number] = (time.perf_counter() - due) * 1e3
        finally:
            writer.close()

    await asyncio.gather(*(worker() for _ in range(connections)))
    return Load(milliseconds, statuses, len(requests) / (time.perf_counter() - begin))


async def _answer(reader: asyncio.StreamReader) -> int:
    """Status of one response; its body is read and dropped."""
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head[9:12])
    lowered = head.lower()
    at = lowered.find(b"content-length:")
    if at >= 0:
        await reader.readexactly(int(lowered[at + 15 : lowered.index(b"\r", at)]))
        return status
    while (size := int(await reader.readline(), 16)) > 0:
        await reader.readexactly(size + 2)
    await reader.readline()
    return status
