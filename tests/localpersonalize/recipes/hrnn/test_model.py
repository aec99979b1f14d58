import numpy as np
import pyarrow as pa

from localpersonalize.recipes.base import item_index
from localpersonalize.recipes.base.model import Request
from localpersonalize.recipes.base.scores import DenseScores
from localpersonalize.recipes.hrnn import model as hrnn_model
from localpersonalize.recipes.registry import load_model
from tests.support.planted import best, request


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


def test_histories_of_any_length_are_read_together_as_their_newest_known_events_alone(chained, monkeypatch):
    monkeypatch.setattr(hrnn_model, "MAX_HISTORY_EVENTS", 12)
    rng = np.random.default_rng(0)
    lengths = [0, 30, 1, 12, 13, *rng.integers(0, 30, 20)]
    histories = [rng.integers(-1, len(chained.items), length).astype(np.int32) for length in lengths]
    times = [np.cumsum(rng.choice([60, 7200], length)) for length in lengths]
    earlier = [Request(f"any{n}", None, histories[n][:5], times[n][:5]) for n in (1, 3)]
    chained.score(earlier)  # their states are kept
    pairs = list(zip(histories, times, strict=True))
    together = chained.score([Request(f"any{n}", None, *pair) for n, pair in enumerate(pairs)])
    seen = np.zeros_like(together)
    for row, history in zip(seen, histories, strict=True):
        row[history[history >= 0]] = chained.repeat
    for row, was_seen, (items, when) in zip(together, seen, pairs, strict=True):
        newest = np.flatnonzero(items >= 0)[-12:]
        query = chained.query([Request(None, None, items[newest], when[newest])])[0]
        assert np.allclose(row, chained.vectors @ query + chained.parameters["bias"] + was_seen, atol=1e-4)


def test_a_saved_model_answers_the_same(chained, tmp_path):
    chained.save(tmp_path)
    loaded = load_model(tmp_path)
    query = request(chained, ["i3", "i4"])
    assert np.array_equal(loaded.score([query]), chained.score([query]))
    assert type(loaded) is type(chained)


RED = ["i0", "i8", "i4", "i12"]


BLUE = ["i1", "i9", "i5", "i13"]


SMALL = {"hidden_dimension": 32}


def logit(model, history, item):
    return model.score([request(model, history)])[0][model.items.index_of(item)]


def test_an_item_that_came_after_training_is_ranked_by_its_genre(with_metadata, tmp_path):
    with_metadata.save(tmp_path)
    model = load_model(tmp_path)
    model.add_items(pa.table({"ITEM_ID": ["late red", "i0", "late blue"], "GENRE": ["red", "red", "blue"]}))
    assert model.items.ids[-2:].tolist() == ["late red", "late blue"]
    assert logit(model, RED, "late red") > logit(model, RED, "late blue")
    assert logit(model, BLUE, "late blue") > logit(model, BLUE, "late red")


def test_a_large_catalogue_is_answered_from_an_index_that_takes_in_what_comes_later(
    with_metadata, tmp_path, monkeypatch
):
    with_metadata.save(tmp_path)
    model = load_model(tmp_path)
    requests = [request(model, RED), request(model, BLUE)]
    model.build_index()
    assert all(isinstance(scores, DenseScores) for scores in model.scores_for(requests))
    monkeypatch.setattr(hrnn_model, "MIN_ITEMS", 10)
    monkeypatch.setattr(hrnn_model, "MAX_NEW_ITEMS", 5)
    model.build_index()
    late = pa.table({"ITEM_ID": ["late red", "late blue"], "GENRE": ["red", "blue"]})
    model.add_items(late)
    for scores, exact in zip(model.scores_for(requests), model.score(requests), strict=True):
        assert isinstance(scores, item_index.IndexedScores)
        best, exact_best = scores.best(len(exact)), DenseScores(exact).best(len(exact))
        assert sorted(best.tolist()) == sorted(exact_best.tolist())
        assert np.allclose(exact[best], exact[exact_best], atol=1e-4)
        assert np.isclose(scores.log_sum(), DenseScores(exact).log_sum(), atol=1e-4)
        assert np.allclose(scores.of(np.arange(len(exact))), exact, atol=1e-4)
    before = model._index
    model.build_index()
    assert model._index is before
    model.add_items(pa.table({"ITEM_ID": [f"later {n}" for n in range(9)], "GENRE": ["red"] * 9}))
    model.build_index()
    assert len(model._index) == len(model.items)
