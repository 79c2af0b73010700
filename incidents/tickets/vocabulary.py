"""The words that tickets say most, with their shares, as PostgreSQL's statistics of the index on words hold them.

Reading them takes half a second (ten thousand stems, by migration 0018), so each process keeps them until the index has
been analysed again. What they leave out is rarer than all they hold.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from django.db import connection

_STATE = "SELECT current_database(), reltuples::float8, relpages FROM pg_class WHERE oid = to_regclass('ticket_words')"
_READ = """
SELECT most_common_elems::text::text[], most_common_elem_freqs::float8[] FROM pg_stats
WHERE schemaname = current_schema() AND tablename = 'ticket_words' LIMIT 1
"""


def common_words() -> Mapping[str, float]:
    """Return {stem: share of the tickets that say it}; empty before the first analysis."""
    return _kept().shares


def trigrams(word: str) -> frozenset[str]:
    """Return a word's runs of three letters, its ends marked."""
    padded = f"  {word} "
    return frozenset(padded[at : at + 3] for at in range(len(padded) - 2))


def words_like(word: str, *, least: float, most: int) -> list[str]:
    """Return the common words that share trigrams with one, the most alike (0 to 1, at least `least`) first."""
    mine = trigrams(word)
    found = []
    for other, theirs in _kept().trigrams:
        shared = len(mine & theirs)
        if shared and other != word and abs(len(other) - len(word)) <= 2:
            alike = shared / (len(mine) + len(theirs) - shared)
            if alike >= least:
                found.append((-alike, other))
    return [other for _, other in sorted(found)[:most]]


def forget() -> None:
    """Read the words anew when they are asked for next."""
    _read.cache_clear()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    shares: Mapping[str, float]
    trigrams: tuple[tuple[str, frozenset[str]], ...]


def _kept() -> _Words:
    with connection.cursor() as cursor:
        cursor.execute(_STATE)
        return _read(cursor.fetchone())


@lru_cache(maxsize=1)
def _read(_state: tuple[object, ...] | None) -> _Words:
    with connection.cursor() as cursor:
        cursor.execute(_READ)
        row = cursor.fetchone()
    # Three more frequencies follow those of the words: least, greatest, and of the tickets without any.
    shares = {} if row is None or row[0] is None else dict(zip(row[0], row[1], strict=False))
    return _Words(shares=shares, trigrams=tuple((word, trigrams(word)) for word in shares))
