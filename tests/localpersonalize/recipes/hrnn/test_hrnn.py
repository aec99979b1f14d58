import numpy as np
import pytest

from localpersonalize.recipes.base.hyperparameters import Hyperparameters
from localpersonalize.recipes.base.model import Request
from localpersonalize.recipes.base.options import TrainingOptions, TrainingStoppedError
from localpersonalize.recipes.hrnn.hrnn import Hrnn, HrnnHyperparameters, recency_weight
from localpersonalize.recipes.popularity.popularity_count import (
    PopularityCount,
)
from localpersonalize.recipes.registry import load_model
from tests.support.planted import best, chain, data_of, request


def train(data, seed=0, **hyperparameters):
    return Hrnn().train(data, HrnnHyperparameters(**hyperparameters), TrainingOptions(seed=seed))


@pytest.fixture(scope="module")
def chained():
    return train(chain())


def test_it_learns_what_follows_what(chained):
    right = [best(chained, request(chained, [f"i{n}", f"i{n + 1}"]), 1) == [f"i{n + 2}"] for n in range(20)]
    assert sum(right) >= 18


def test_popularity_does_not_learn_what_follows_what():
    data = chain()
    model = PopularityCount().train(data, Hyperparameters(), TrainingOptions())
    right = [best(model, request(model, [f"i{n}", f"i{n + 1}"]), 1) == [f"i{n + 2}"] for n in range(20)]
    assert sum(right) <= 2


def test_it_follows_the_order_of_events_not_just_what_they_are(chained):
    assert best(chained, request(chained, ["i9", "i4"]), 1) == ["i5"]
    assert best(chained, request(chained, ["i4", "i9"]), 1) == ["i10"]


def test_an_unknown_user_gets_a_sensible_start(chained):
    scores = chained.score([Request(user_id="new")])[0]
    assert np.isfinite(scores).all()
    assert scores.std() > 0


def test_events_after_training_change_the_answer_at_once(chained):
    before = best(chained, request(chained, ["i1", "i2"], user="live"), 1)
    after = best(chained, request(chained, ["i1", "i2", "i20"], user="live"), 1)
    assert (before, after) == (["i3"], ["i21"])


def test_a_kept_state_gives_what_reading_everything_gives(chained):
    history = [f"i{n % 30}" for n in (3, 4, 5, 17, 18, 2)]
    for length in range(1, len(history) + 1):
        step_by_step = chained.score([request(chained, history[:length], user="kept")])
    at_once = chained.score([request(chained, history)])
    assert np.allclose(step_by_step, at_once, atol=1e-4)


def test_a_changed_history_is_read_anew(chained):
    chained.score([request(chained, ["i1", "i2", "i3"], user="corrected")])
    assert best(chained, request(chained, ["i7", "i8"], user="corrected"), 1) == ["i9"]


def test_requests_together_get_what_each_gets_alone(chained):
    histories = [["i1"], [], ["i5", "i6", "i7", "i8"], ["i2", "i9"]]
    requests = [request(chained, history, user=f"t{n}") for n, history in enumerate(histories)]
    together = chained.score(requests)
    for row, one in zip(together, requests, strict=True):
        assert np.allclose(
            row, chained.score([Request(None, None, one.history_items, one.history_times)])[0], atol=1e-4
        )


def test_numpy_answers_what_jax_trained(chained):
    jnp = pytest.importorskip("jax.numpy")
    from localpersonalize.recipes.hrnn import network
    from localpersonalize.recipes.hrnn.batching import gap_feature
    from localpersonalize.recipes.hrnn.inference import query

    asked = request(chained, ["i1", "i2", "i3", "i4"])
    times = asked.history_times + np.array([0, 0, 7200, 7200])
    asked = Request(history_items=asked.history_items, history_times=times)
    vectors = np.concatenate([np.zeros((1, chained.vectors.shape[1])), chained.vectors[asked.history_items]])
    gaps = np.concatenate([[0, 0], np.diff(times)])
    state = network.zero_state(1, *chained.parameters["output_session"].shape)
    new = np.array([[1.0, 0, 0, 0, 0]])
    _, wanted = network.forward(
        chained.parameters, state, jnp.asarray(vectors[None]), jnp.asarray(gap_feature(gaps)[None]),
        jnp.asarray(new), jnp.asarray((gaps > 1800).astype(np.float32)[None]),
    )  # fmt: skip
    ours = query(chained.parameters, chained._state([asked]))
    assert np.allclose(np.asarray(wanted)[0, -1], ours[0], atol=1e-4)


def test_the_same_seed_gives_the_same_model_and_another_seed_another():
    data = chain(users=30, items=12, length=8)
    first, again, other = train(data, seed=1), train(data, seed=1), train(data, seed=2)
    asked = [request(first, ["i1", "i2"])]
    assert np.array_equal(first.score(asked), again.score(asked))
    assert not np.allclose(first.score(asked), other.score(asked), atol=1e-3)


def test_a_saved_model_answers_the_same(chained, tmp_path):
    chained.save(tmp_path)
    loaded = load_model(tmp_path)
    asked = request(chained, ["i3", "i4"])
    assert np.array_equal(loaded.score([asked]), chained.score([asked]))
    assert type(loaded) is type(chained)


def test_items_that_nobody_repeats_are_not_recommended_again():
    events = [
        (f"u{user}", f"i{(user * 7 + n * 3) % 60}", 1000 * user + n) for user in range(100) for n in range(12)
    ]
    model = train(data_of(events))
    history = [f"i{n}" for n in range(0, 36, 3)]
    assert not set(best(model, request(model, history), 20)) & set(history)


def test_items_that_everybody_repeats_are_recommended_again():
    rng = np.random.default_rng(0)
    events = []
    for user in range(300):
        own = rng.choice(20, 3, replace=False)
        events += [(f"u{user}", f"i{rng.choice(own)}", 10_000 * user + 60 * n) for n in range(12)]
    model = train(data_of(events))
    history = ["i3", "i14", "i3", "i17", "i14", "i17", "i3"]
    assert set(best(model, request(model, history), 3)) == {"i3", "i14", "i17"}


def test_a_pause_begins_a_session_with_a_taste_of_its_own():
    """A session keeps to one kind of item but for strays; after a pause the kind is drawn anew."""
    rng = np.random.default_rng(0)
    events = []
    for user in range(150):
        time = 100_000 * user
        for _ in range(4):
            kind = int(rng.integers(4))
            time += 7200
            for place in range(6):
                stray = place > 0 and rng.random() < 0.15
                shown = int(rng.integers(4)) if stray else kind
                time += 60
                events.append((f"u{user}", f"{'abcd'[shown]}{rng.integers(6)}", time))
    model = train(data_of(events))
    items = model.items.index(["a1", "a4", "a2", "a5", "b3"])
    steady = np.array([0, 60, 120, 180, 240])
    scores = model.score(
        [
            Request(history_items=items, history_times=steady),
            Request(history_items=items, history_times=steady + np.array([0, 0, 0, 0, 7200])),
        ]
    )
    of_kind = [[model.items.index_of(f"{kind}{n}") for n in range(6)] for kind in "ab"]
    lead = scores[:, of_kind[1]].mean(axis=1) - scores[:, of_kind[0]].mean(axis=1)
    assert lead[1] > lead[0]
    assert lead[1] > 0


def test_training_stops_when_asked():
    options = TrainingOptions(should_stop=lambda: True)
    with pytest.raises(TrainingStoppedError):
        Hrnn().train(chain(users=30, items=12, length=8), HrnnHyperparameters(), options)


def test_progress_and_loss_are_told():
    told = []
    data = chain(users=30, items=12, length=8)
    Hrnn().train(data, HrnnHyperparameters(), TrainingOptions(progress=lambda f, m: told.append((f, m))))
    losses = [float(message.split("loss ")[1]) for _, message in told if "loss" in message]
    assert losses[-1] < losses[0]
    assert [fraction for fraction, _ in told] == sorted(fraction for fraction, _ in told)


def test_newer_events_weigh_more_only_with_the_recency_mask():
    time = np.array([0, 50, 100])
    assert (np.diff(recency_weight(time, True)) > 0).all()
    assert recency_weight(time, False).tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("name", "value"),
    [("hidden_dimension", "31"), ("hidden_dimension", "257"), ("bptt", "1"), ("bptt", "33")],
)
def test_the_documented_ranges_are_kept(name, value):
    with pytest.raises(ValueError, match=name):
        HrnnHyperparameters.parse({name: value}, "aws-hrnn")


def test_the_documented_defaults():
    defaults = HrnnHyperparameters.parse({}, "aws-hrnn")
    assert (defaults.hidden_dimension, defaults.bptt, defaults.recency_mask) == (43, 32, True)
    assert (defaults.min_user_history_length_percentile, defaults.max_user_history_length_percentile) == (
        0,
        0.99,
    )
