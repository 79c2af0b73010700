"""A ticket as numbers: evidence by group, and TF-IDF of its words, pairs of words and letters.

The vocabulary is learned from a product's tickets and stored as text; nothing here needs more than NumPy and SciPy.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from incidents.tickets.classifier.prior import TermPrior
from incidents.tickets.classifier.text import Words

Floats = NDArray[np.float64]

LETTERS = 4  # characters in a row
N_BODY_STEMS, N_LETTERS = 120, 300
RARE = 2  # a feature of fewer tickets says nothing about the next one
_CERTAIN = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """Features by name with their column and inverse document frequency."""

    columns: Mapping[str, int]
    idf: Floats

    @classmethod
    def learn(cls, tickets: Sequence[Words], *, at_most: int = 40_000) -> "Vocabulary":
        """Keep the features that at least two tickets share, the commonest first."""
        counts: Counter[str] = Counter()
        for words in tickets:
            counts.update(set(_features(words)))
        kept = sorted((name for name, n in counts.items() if n >= RARE), key=lambda name: (-counts[name], name))
        kept = kept[:at_most]
        n = len(tickets)
        idf = np.array([1.0 + math.log((1 + n) / (1 + counts[name])) for name in kept], dtype=np.float64)
        return cls(columns={name: i for i, name in enumerate(kept)}, idf=idf)

    def knows(self, words: Words) -> bool:
        """Tell whether at least half of a ticket's words occurred in those it was learned from."""
        spoken = (*words.title_stems, *words.body_stems[:N_BODY_STEMS])
        return 2 * sum(stem in self.columns for stem in spoken) >= len(spoken)

    def matrix(self, tickets: Iterable[Words]) -> sparse.csr_matrix:
        """Return TF-IDF, one row of length 1 a ticket."""
        starts: list[int] = [0]
        columns: list[int] = []
        values: list[float] = []
        for words in tickets:
            row = Counter(self.columns[name] for name in _features(words) if name in self.columns)
            weights = {column: (1.0 + math.log(n)) * self.idf[column] for column, n in row.items()}
            norm = math.sqrt(sum(value * value for value in weights.values())) or 1.0
            columns.extend(weights)
            values.extend(value / norm for value in weights.values())
            starts.append(len(columns))
        shape = (len(starts) - 1, len(self.columns))
        return sparse.csr_matrix((np.array(values), np.array(columns, dtype=np.int64), np.array(starts)), shape=shape)


def evidence(prior: TermPrior, tickets: Iterable[Words]) -> tuple[Floats, Floats]:
    """Return (logits by the prior, one column a symptom; scores by group), one row a ticket."""
    logits, groups = [], []
    for words in tickets:
        found = prior.find(words)
        sure = np.clip(prior.settle(prior.scores(found)), _CERTAIN, 1.0 - _CERTAIN)
        logits.append(np.log(sure / (1.0 - sure)))
        groups.append(prior.group_scores(found))
    n = len(logits)
    return (
        np.array(logits, dtype=np.float64).reshape(n, len(prior.keys)),
        np.array(groups, dtype=np.float64).reshape(n, len(prior.owner)),
    )


def _features(words: Words) -> Iterable[str]:
    title, body = words.title_stems, words.body_stems[:N_BODY_STEMS]
    for stems in (title, title, body):
        yield from stems
        yield from map(" ".join, pairwise(stems))
    text = f" {words.title} {words.body[:N_LETTERS]} "
    for i in range(len(text) - LETTERS + 1):
        yield "~" + text[i : i + LETTERS]
