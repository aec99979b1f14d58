"""Texts as counts of terms, in any language: words, and pieces of words and of scripts that write without blanks.

Pieces let inflections of a word share most of what they are made of (McNamee and Mayfield, "Character N-Gram
Tokenization for European Language Text Retrieval", 2004); of Chinese, Japanese and Thai, single characters and pairs
do what words do elsewhere (Nie, Gao, Zhang and Zhou, "On the use of words and n-grams for Chinese information
retrieval", 2000).
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
import scipy.sparse as sp

PIECE_LENGTHS = (3, 4)
PIECE_WEIGHT = 0.3  # beside the word that it is of
_WITHOUT_BLANKS = (
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
)
_RUN = re.compile(rf"[{_WITHOUT_BLANKS}]+|[^\W_{_WITHOUT_BLANKS}]+")
_IS_WITHOUT_BLANKS = re.compile(rf"[{_WITHOUT_BLANKS}]")

Terms = dict[str, float]
"""The weight of each term of a text."""


def terms_of(text: str) -> Terms:
    """Terms of a text, whatever its case, accents' encoding and width of letters."""
    counts: defaultdict[str, float] = defaultdict(float)
    for run in _RUN.findall(unicodedata.normalize("NFKC", text).casefold()):
        if _IS_WITHOUT_BLANKS.match(run):
            for size in (1, 2):
                for piece in _pieces(run, size):
                    counts[piece] += 1
            continue
        counts[run] += 1
        for size in PIECE_LENGTHS:
            for piece in _pieces(f"<{run}>", size):
                counts[f"~{piece}"] += PIECE_WEIGHT
    return counts


def matrix(texts: Sequence[Terms], columns: dict[str, int]) -> sp.csr_matrix:
    """float32 [texts, columns]; terms that are no columns are left out."""
    indices, values, ends = [], [], [0]
    for terms in texts:
        for term, weight in terms.items():
            if (column := columns.get(term)) is not None:
                indices.append(column)
                values.append(weight)
        ends.append(len(indices))
    shape = (len(texts), len(columns))
    return sp.csr_matrix(
        (np.asarray(values, np.float32), np.asarray(indices, np.int32), np.asarray(ends)), shape
    )


def _pieces(text: str, size: int) -> Iterator[str]:
    return (text[start : start + size] for start in range(len(text) - size + 1))
