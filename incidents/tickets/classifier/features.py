"""A ticket as numbers: scikit-learn's TF-IDF of its words, pairs of words and letters.

The vocabulary is learned from a product's tickets and stored as text and numbers. This module loads scikit-learn: who
only classifies by phrases does not import it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer

from incidents.tickets.classifier.prior import Floats
from incidents.tickets.classifier.text import Words

RARE = 2  # a feature of fewer tickets says nothing about the next one
BODY_FOR_WORDS, BODY_FOR_LETTERS = 1200, 300  # characters: what a person complains of stands at the beginning
MOST = 20_000  # features of each kind
_WORDS: dict[str, Any] = {"ngram_range": (1, 2), "sublinear_tf": True, "lowercase": False, "token_pattern": r"\w+"}
_LETTERS: dict[str, Any] = {"ngram_range": (3, 4), "sublinear_tf": True, "lowercase": False, "analyzer": "char_wb"}


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """The features of both kinds with their column and inverse document frequency."""

    words: Mapping[str, int]
    words_idf: Floats
    letters: Mapping[str, int]
    letters_idf: Floats

    @classmethod
    def learn(cls, tickets: Sequence[Words], *, at_most: int = MOST) -> "Vocabulary":
        """Keep the features that at least two tickets share, the commonest first."""
        words, words_idf = _learned(_WORDS, map(_worded, tickets), at_most)
        letters, letters_idf = _learned(_LETTERS, map(_lettered, tickets), at_most)
        return cls(words=words, words_idf=words_idf, letters=letters, letters_idf=letters_idf)

    @property
    def size(self) -> int:
        """Number of columns."""
        return len(self.words) + len(self.letters)

    def knows(self, words: Words) -> bool:
        """Tell whether at least half of a ticket's words occurred in those it was learned from."""
        spoken = _worded(words).replace(".", " ").split()
        return 2 * sum(word in self.words for word in spoken) >= len(spoken)

    def matrix(self, tickets: Iterable[Words]) -> sparse.csr_matrix:
        """Return TF-IDF (n, size); the words and the letters of a ticket each have length 1."""
        rows = list(tickets)
        parts = [
            made.transform(map(shown, rows)) if made is not None else sparse.csr_matrix((len(rows), 0))
            for made, shown in ((self._by_word, _worded), (self._by_letter, _lettered))
        ]
        return sparse.csr_matrix(sparse.hstack(parts))

    @cached_property
    def _by_word(self) -> TfidfVectorizer | None:
        return _restored(_WORDS, self.words, self.words_idf)

    @cached_property
    def _by_letter(self) -> TfidfVectorizer | None:
        return _restored(_LETTERS, self.letters, self.letters_idf)


def _worded(words: Words) -> str:
    # The title stands twice: it says shortest what is wrong.
    return f"{words.title} . {words.title} . {words.body[:BODY_FOR_WORDS]}"


def _lettered(words: Words) -> str:
    return f"{words.title} {words.body[:BODY_FOR_LETTERS]}"


def _learned(options: Mapping[str, Any], texts: Iterable[str], at_most: int) -> tuple[dict[str, int], Floats]:
    made = TfidfVectorizer(min_df=RARE, max_features=at_most, **options)
    try:
        made.fit(texts)
    except ValueError:
        # No two tickets share a feature: there is nothing to learn from.
        return {}, np.empty(0)
    return {name: int(column) for name, column in made.vocabulary_.items()}, np.asarray(made.idf_, dtype=np.float64)


def _restored(options: Mapping[str, Any], columns: Mapping[str, int], idf: Floats) -> TfidfVectorizer | None:
    if not columns:
        return None
    made = TfidfVectorizer(vocabulary=dict(columns), **options)
    made.idf_ = idf
    return made
