import numpy as np

from localpersonalize.recipes.base.interactions import EventLog
from localpersonalize.recipes.hrnn.batching import SequenceBatches
from tests.support.planted import data_of

EVENTS = [("u", f"i{n}", 60 * n + (7200 if n > 2 else 0)) for n in range(5)] + [
    ("v", f"i{n}", n) for n in range(3)
]


def test_every_event_is_predicted_once_and_users_begin_anew():
    log = EventLog.of(data_of(EVENTS))
    batches = SequenceBatches.of(log, log.weight, 2, 4, np.random.default_rng(0))
    assert batches.row.shape[1:] == (2, 4)
    predicted = batches.row[batches.weight > 0]
    assert sorted(predicted.tolist()) == list(range(8))
    assert sorted(batches.row[batches.new == 1].tolist()) == log.starts[:-1].tolist()


def test_a_pause_begins_a_session_where_the_event_after_it_is_read():
    log = EventLog.of(data_of(EVENTS))
    batches = SequenceBatches.of(log, log.weight, 2, 4, np.random.default_rng(0))
    assert batches.row[batches.session == 1].tolist() == [4]  # event 3 came after the pause; step 4 reads it
