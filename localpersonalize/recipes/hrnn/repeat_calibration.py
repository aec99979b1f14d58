"""How much likelier, or unlikelier, is what a user already had: measured, not assumed.

People rate a film once and buy coffee every week. The network's memory favours what was just seen, so a bias
on items of the user's history brings the share of repeats it predicts to the share there really is.
"""

from __future__ import annotations

import numpy as np

from localpersonalize.recipes.base.interactions import EventLog
from localpersonalize.recipes.base.model import Request
from localpersonalize.recipes.hrnn.model import HrnnModel

SAMPLED_USERS = 256
MAX_BIAS = 10.0


def repeat_share(log: EventLog) -> float:
    """Of the events that are not a user's first, how many are with an item that the user had before."""
    later = len(log) - int((log.lengths > 0).sum())
    pairs = len(np.unique(log.user.astype(np.int64) * len(log.items) + log.item))
    return (len(log) - pairs) / later if later else 0.0


def repeat_bias(model: HrnnModel, log: EventLog) -> float:
    """The bias on items of the history with which a sample of users repeats as often as the data says."""
    share = repeat_share(log)
    rng = np.random.default_rng(0)
    users = np.flatnonzero(log.lengths >= 2)
    if share < 5e-4 or len(users) == 0:
        return -MAX_BIAS
    probabilities = np.array(
        [_history_probability(model, log, user, rng) for user in rng.permutation(users)[:SAMPLED_USERS]]
    )
    low, high = -MAX_BIAS, MAX_BIAS / 2
    for _ in range(40):
        middle = (low + high) / 2
        odds = probabilities / np.maximum(1.0 - probabilities, 1e-9) * np.exp(middle)
        low, high = (middle, high) if float((odds / (1.0 + odds)).mean()) < share else (low, middle)
    return float(middle)


def _history_probability(model: HrnnModel, log: EventLog, user: int, rng: np.random.Generator) -> float:
    """The probability that the model gives to the items of a beginning of a user's history."""
    start, end = log.starts[user], log.starts[user + 1]
    cut = start + int(rng.integers(1, end - start))
    request = Request(history_items=log.item[start:cut], history_times=log.time[start:cut])
    logits = model.score([request])[0]
    likelihoods = np.exp(logits - logits.max())
    return float(likelihoods[np.unique(log.item[start:cut])].sum() / likelihoods.sum())
