import numpy as np

from localpersonalize.recipes.base.clusters import cells


def test_like_vectors_share_a_cell_and_every_member_is_in_one() -> None:
    rng = np.random.default_rng(1)
    kind = rng.integers(0, 12, 2400)
    vectors = (10 * np.eye(12, dtype=np.float32)[kind] + rng.normal(0, 0.1, (2400, 12))).astype(np.float32)
    members = rng.permutation(2400)[:2000]
    clusters = cells(vectors, members, 50, rng)
    assert sorted(np.concatenate(clusters).tolist()) == sorted(members.tolist())
    assert np.mean([len(set(kind[cluster].tolist())) == 1 for cluster in clusters]) > 0.9
    assert all(0 < len(cluster) <= 75 for cluster in clusters)


def test_members_of_a_cell_keep_their_order() -> None:
    order = np.random.default_rng(2).permutation(400)
    rank = np.argsort(order)
    for cluster in cells(np.zeros((400, 4), np.float32), order, 30, np.random.default_rng(0)):
        assert (np.diff(rank[cluster]) > 0).all()


def test_few_vectors_are_one_cell() -> None:
    vectors = np.random.default_rng(3).normal(size=(7, 4)).astype(np.float32)
    assert [c.tolist() for c in cells(vectors, np.arange(7), 256, np.random.default_rng(0))] == [
        list(range(7))
    ]
    assert cells(vectors, np.arange(0), 256, np.random.default_rng(0))[0].tolist() == []
