"""Which campaign a user is shown: by a hash, so that every application, in any language, answers the same each time.

The first four bytes of SHA-256 of `experiment:user` (UTF-8), read as a big-endian number and divided by 2**32, are
the user's position from 0 up to 1. Below `share` the user is shown the challenger. The experiment's name is part of
it, so that the users of one experiment are dealt anew in the next.
"""

from __future__ import annotations

import hashlib

CHAMPION, CHALLENGER = "champion", "challenger"


def position(experiment: str, user: str) -> float:
    """The user's position, 0 <= position < 1."""
    digest = hashlib.sha256(f"{experiment}:{user}".encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32


def arm(experiment: str, user: str, share: float) -> str:
    """
    :param share: of the users that are shown the challenger, from 0 to 1
    """
    return CHALLENGER if position(experiment, user) < share else CHAMPION
