"""Histories laid out for a recurrent network: lanes side by side, users one after the other in each lane.

Hidasi et al., "Session-based recommendations with recurrent neural networks" (2016): parallel lanes, the state
reset where a new user begins.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from localpersonalize.recipes.base.interactions import EventLog

SESSION_GAP_SECONDS = 30 * 60  # seconds of silence after which a new session begins


def gap_feature(seconds: np.ndarray) -> np.ndarray:
    """Time since the event before, squeezed to about 0 to 2 (float32)."""
    squeezed: np.ndarray = (np.log1p(np.maximum(seconds, 0)) / 10.0).astype(np.float32)
    return squeezed


@dataclass(frozen=True)
class SequenceBatches:
    """All arrays [steps, lanes, time]. `row` is the event that a step predicts (an index into the log), the
    one before it the event that the step reads; where `new` is 1 a user begins and nothing is read."""

    row: np.ndarray
    new: np.ndarray
    session: np.ndarray
    gap: np.ndarray
    weight: np.ndarray

    def __len__(self) -> int:
        return len(self.row)

    @classmethod
    def of(
        cls, log: EventLog, weight: np.ndarray, lanes: int, time: int, rng: np.random.Generator
    ) -> SequenceBatches:
        """Users in random order, each into the shortest lane.

        :param weight: float32 [events], how much predicting each event counts.
        """
        lengths = log.lengths
        users = rng.permutation(np.flatnonzero(lengths > 0))
        lane_lengths = np.zeros(lanes, np.int64)
        offset = np.empty(len(users), np.int64)
        lane = np.empty(len(users), np.int64)
        for number, user in enumerate(users):
            lane[number] = lane_lengths.argmin()
            offset[number] = lane_lengths[lane[number]]
            lane_lengths[lane[number]] += lengths[user]
        width = int(-(-lane_lengths.max() // time) * time)
        counts = lengths[users]
        rows = np.repeat(log.starts[users] - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
        event = np.arange(counts.sum())
        positions = np.repeat(lane * width + offset - np.cumsum(counts) + counts, counts) + event
        first = np.zeros(len(log), bool)
        first[log.starts[users]] = True
        # A step reads the event before the one it predicts; sessions and gaps are that event's.
        seconds = np.diff(log.time, prepend=log.time[:1])
        seconds[first] = 0
        before = np.maximum(rows - 1, 0)
        begins = first[rows]

        def laid_out(values: np.ndarray) -> np.ndarray:
            flat = np.zeros(lanes * width, values.dtype)
            flat[positions] = values
            return flat.reshape(lanes, width // time, time).swapaxes(0, 1)

        read_gap = np.where(begins, 0, seconds[before])
        return cls(
            row=laid_out(rows.astype(np.int32)),
            new=laid_out(begins.astype(np.float32)),
            session=laid_out((read_gap > SESSION_GAP_SECONDS).astype(np.float32)),
            gap=laid_out(gap_feature(read_gap)),
            weight=laid_out(weight[rows]),
        )
