"""Searches with a slip of the pen: a word that no ticket says is looked up among the words that tickets do say.

The words come from the statistics that PostgreSQL keeps of the index on words (the ten thousand commonest lexemes, by
migration 0018), compared by trigrams: no index of its own, no pass over the tickets.
"""

import re

from django.db import connection

from incidents.catalog.models import Product
from incidents.tickets.inbox import said_words
from incidents.tickets.models import Ticket

MOST_WORDS = 8
LEAST_ALIKE = 0.4
# A word of letters that is no part of a phrase, not denied, and no operator.
_PLAIN = re.compile(r'"[^"]*"|(?<![\w-])-?[\w\']+', re.UNICODE)
_NEAREST = """
WITH wanted AS (
    SELECT %(word)s AS typed, (SELECT lexeme FROM unnest(to_tsvector('english', %(word)s)) LIMIT 1) AS lexeme
), said AS (
    SELECT u.word, u.share FROM pg_stats s,
        unnest(s.most_common_elems::text::text[], s.most_common_elem_freqs::float8[]) AS u (word, share)
    WHERE s.schemaname = current_schema() AND s.tablename = 'ticket_words'
)
SELECT said.word FROM said, wanted
WHERE wanted.lexeme IS NOT NULL AND said.word <> wanted.lexeme
    AND abs(length(said.word) - length(wanted.lexeme)) <= 2 AND similarity(said.word, wanted.lexeme) >= %(alike)s
ORDER BY similarity(said.word, wanted.lexeme) DESC, said.share DESC, said.word
LIMIT 5
"""


def corrected(product: Product, words: str) -> str | None:
    """Return the search with each word that no ticket of the product says put right; None where nothing is to mend.

    Phrases in quotes and words to leave out stay as they are.
    """
    changed = False
    n_looked_at = 0

    def mended(hit: re.Match[str]) -> str:
        nonlocal changed, n_looked_at
        word = hit.group()
        if word[0] in '"-' or word.lower() == "or" or len(word) < 4 or n_looked_at >= MOST_WORDS:
            return word
        n_looked_at += 1
        if _is_said(product, word):
            return word
        better = next((one for one in _nearest(word) if _is_said(product, one)), None)
        changed = changed or better is not None
        return better or word

    told = _PLAIN.sub(mended, words)
    return told if changed else None


def _is_said(product: Product, word: str) -> bool:
    return said_words(Ticket.objects.filter(product=product), word).order_by().exists()


def _nearest(word: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(_NEAREST, {"word": word, "alike": LEAST_ALIKE})
        return [row[0] for row in cursor.fetchall()]
