"""Item vectors in closed form: where the networks start from.

The ridge regression of a user's items on their other items, kept to its strongest directions: the linear
autoencoder that Steck ("Embarrassingly shallow autoencoders for sparse data", 2019) solves at full rank.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import svds

from localpersonalize.recipes.base.interactions import EventLog

#: A direction this much weaker than the strongest is rounding, not data: about the root of single precision's epsilon.
NUMERICAL_RANK = 1e-3


def item_vectors(log: EventLog, size: int, seed: int) -> np.ndarray:
    """Vectors (float32 [items, size], standard deviation 1) whose products predict who takes what together.

    Data with fewer directions than `size` leaves the rest a little noise, for training to use.
    """
    rng = np.random.default_rng(seed)
    vectors = rng.normal(0.0, 0.05, (len(log.items), size)).astype(np.float32)
    seen = sp.csr_matrix(
        (np.ones(len(log), np.float32), (log.user, log.item)), shape=(len(log.users), len(log.items))
    )
    seen.data[:] = 1.0
    rank = min(size, min(seen.shape) - 1)
    if rank < 1:
        return vectors
    start = rng.normal(size=min(seen.shape)).astype(np.float32)
    _, strengths, directions = svds(seen, k=rank, v0=start)
    real = strengths > NUMERICAL_RANK * strengths.max()
    # Twice the weakest kept strength: regularises as strongly as the data is noisy; data of low rank is not.
    ridge = 2.0 * (strengths.min() ** 2 if real.all() else 0.0) + 1e-6
    strengths, directions = strengths[real], directions[real]
    factors = directions.T * np.sqrt(strengths**2 / (strengths**2 + ridge))
    vectors[:, : factors.shape[1]] += (factors / max(factors.std(), 1e-9)).astype(np.float32)
    return vectors
