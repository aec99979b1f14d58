import numpy as np
import pytest

from localpersonalize.recipes.base.data import TrainingError
from localpersonalize.recipes.base.interactions import EventLog
from localpersonalize.recipes.base.vocabulary import Vocabulary
from tests.support.planted import data_of

EVENTS = [("u", "b", 3), ("v", "a", 1), ("u", "a", 1), ("u", "a", 2)]


def test_events_are_ordered_by_user_and_time_and_know_their_rows():
    log = EventLog.of(data_of(EVENTS))
    assert log.row.tolist() == [2, 3, 0, 1]
    assert log.starts.tolist() == [0, 3, 4]
    assert log.lengths.tolist() == [3, 1]
    assert log.users_of_items()[log.items.index_of("a")] == 2


def test_of_a_repeated_pair_only_the_newest_is_kept():
    log = EventLog.of(data_of(EVENTS))
    assert log.row[log.newest_per_pair(np.ones(len(log), bool))].tolist() == [3, 0, 1]


def test_events_of_other_items_are_left_out_and_none_at_all_is_refused():
    assert len(EventLog.of(data_of(EVENTS), Vocabulary(["b"]))) == 1
    with pytest.raises(TrainingError, match="no interactions"):
        EventLog.of(data_of(EVENTS), Vocabulary(["z"]))
