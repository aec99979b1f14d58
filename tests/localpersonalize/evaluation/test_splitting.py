import numpy as np
import pyarrow as pa

from localpersonalize.evaluation import splitting
from localpersonalize.recipes.base.data import TrainingData
from tests.support.planted import shuffled_events


def test_a_tenth_of_the_users_is_held_out_and_not_trained_on():
    whole = shuffled_events()
    split = splitting.split(whole, seed=3)
    held = {user.user_id for user in split.held_out}
    trained = set(split.train.interactions["USER_ID"].to_pylist())
    assert len(held) == 4
    assert held.isdisjoint(trained)
    assert held | trained == set(whole.interactions["USER_ID"].to_pylist())


def test_input_is_the_oldest_nine_tenths_and_truth_the_rest_in_order_of_time():
    for user in splitting.split(shuffled_events(), seed=3).held_out:
        assert len(user.items) == 18
        assert len(user.truth) == 2
        assert (np.diff(user.times) > 0).all()
        assert user.now == user.times[-1] + 1


def test_the_seed_decides_who_is_held_out():
    def held(seed):
        return [user.user_id for user in splitting.split(shuffled_events(), seed).held_out]

    assert held(1) == held(1)
    assert held(1) != held(2)


def test_users_with_one_event_are_never_held_out():
    lonely = TrainingData(
        pa.table({"USER_ID": ["a", "b", "c", "c"], "ITEM_ID": ["x"] * 4, "TIMESTAMP": [1, 2, 3, 4]})
    )
    assert [user.user_id for user in splitting.split(lonely, 0).held_out] == ["c"]
