import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from localpersonalize.recipes.hrnn.inference import State
from localpersonalize.recipes.hrnn.kept_states import KeptStates

HIDDEN, EMBEDDING, LIMIT = 3, 2, 5
PARAMETERS = {
    "output_session": np.zeros((HIDDEN, EMBEDDING), np.float32),
    "input_bias": np.zeros(3 * HIDDEN, np.float32),
    "session_recurrent": np.zeros((HIDDEN, 3 * HIDDEN), np.float32),
}
ALL = [None, *(f"u{number}" for number in range(2 * LIMIT))]
USERS = st.lists(st.sampled_from(ALL), max_size=7, unique=True)
EVENTS = st.lists(st.integers(0, 2), max_size=3)


def history(events):
    return np.array(events, np.int32), np.array(events, np.int64) + 1_700_000_000


def state_of(events):
    """One that tells histories apart."""
    state = State.start(PARAMETERS, 1)
    state.session[:], state.user[:], state.memory[:] = len(events), sum(events), hash(tuple(events)) % 1000
    state.time[:] = events[-1] if events else -1
    return state


@given(st.lists(st.tuples(USERS, EVENTS, USERS, EVENTS), max_size=12))
def test_a_state_is_that_of_a_beginning_of_the_history_or_of_nothing(steps):
    states, known = KeptStates(PARAMETERS, LIMIT), {}
    for users, events, others, now in steps:
        state = State.start(PARAMETERS, len(users))
        for position in range(len(users)):
            state.put(position, state_of(events), 0)
        states.put(users, [history(events)] * len(users), state)
        for user in users:
            if user is not None and events:
                known.pop(user, None)
                known[user] = events
        known = dict(list(known.items())[-LIMIT:])
        state, read = states.get(others, [history(now)] * len(others))
        for position, user in enumerate(others):
            read_before = known.get(user, [])
            if read_before and now[: len(read_before)] == read_before:
                known[user] = known.pop(user)
                expected = state_of(read_before)
            else:
                read_before, expected = [], State.start(PARAMETERS, 1)
            assert read[position] == len(read_before)
            assert same(state.rows(slice(position, position + 1)), expected)
        assert len(states) == len(known)


def same(one, other):
    return all(np.array_equal(getattr(one, name), values) for name, values in vars(other).items())


def test_the_table_grows_with_the_users_up_to_the_limit():
    states, users = KeptStates(PARAMETERS, 150), [f"u{number}" for number in range(200)]
    for number, user in enumerate(users):
        states.put([user], [history([number])], state_of([number]))
    assert len(states) == 150
    for number, user in enumerate(users):
        state, read = states.get([user], [history([number])])
        assert read.tolist() == [int(number >= 50)]
        assert number < 50 or same(state, state_of([number]))


def test_who_was_seen_longest_ago_makes_room():
    states = KeptStates(PARAMETERS, 2)
    for user in ("a", "b"):
        states.put([user], [history([1])], state_of([1]))
    states.get(["a"], [history([1])])
    states.put(["c"], [history([1])], state_of([1]))
    _, read = states.get(["a", "b", "c"], [history([1])] * 3)
    assert read.tolist() == [1, 0, 1]


def test_a_history_at_other_times_is_another_history():
    states = KeptStates(PARAMETERS, 2)
    states.put(["a"], [history([1])], state_of([1]))
    items, times = history([1])
    _, read = states.get(["a"], [(items, times + 1)])
    assert read.tolist() == [0]
