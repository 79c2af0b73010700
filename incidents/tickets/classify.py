"""Symptoms of a ticket by the taxonomy's own terms: whole words, any case, any script.

A first, transparent classifier: it says which symptoms a text names and how surely, from the number of distinct terms
found. It is pure and knows no database.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping

# Confidence of one term; each further distinct term halves what is missing to 1.
ONE_TERM = 0.5


class TermMatcher:
    """A taxonomy's terms compiled once.

    >>> TermMatcher({"slow": ["slow", "takes ages"], "limits": ["quota"]}).match("So SLOW, it takes ages. Quota gone.")
    [('slow', 0.75), ('limits', 0.5)]
    """

    def __init__(self, taxonomy: Mapping[str, Iterable[str]]) -> None:
        """Compile {symptom key: terms}; a term may be several words, and white space matches any white space."""
        self._owners: dict[str, list[str]] = {}
        for key, terms in taxonomy.items():
            for term in terms:
                folded = _fold(term)
                if folded and key not in self._owners.setdefault(folded, []):
                    self._owners[folded].append(key)
        longest_first = sorted(self._owners, key=len, reverse=True)
        # a look-ahead finds terms that overlap each other, such as "limit" in "usage limit"
        body = "|".join(r"\s+".join(map(re.escape, term.split())) for term in longest_first)
        self._first = re.compile(rf"(?<!\w)(?=({body})(?!\w))") if body else None
        self._inner = {
            term: [other for other in longest_first if other != term and term.startswith(other)]
            for term in longest_first
        }

    def match(self, text: str) -> list[tuple[str, float]]:
        """Return (symptom key, confidence 0..1), the surest first; an empty list where no term is found."""
        if self._first is None:
            return []
        found: set[str] = set()
        for hit in self._first.finditer(_fold(text)):
            term = " ".join(hit.group(1).split())
            if term in found:
                continue
            found.add(term)
            found.update(other for other in self._inner.get(term, ()) if term[len(other)] == " ")
        counts: dict[str, int] = {}
        for term in found:
            for key in self._owners.get(term, ()):
                counts[key] = counts.get(key, 0) + 1
        scored = [(key, 1.0 - ONE_TERM**n) for key, n in counts.items()]
        return sorted(scored, key=lambda pair: (-pair[1], pair[0]))


def classify_by_terms(text: str, taxonomy: Mapping[str, Iterable[str]]) -> list[tuple[str, float]]:
    """Return the symptoms that a text names, with confidence; see `TermMatcher` for many texts."""
    return TermMatcher(taxonomy).match(text)


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().strip()
