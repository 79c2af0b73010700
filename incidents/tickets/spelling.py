"""Searches with a slip of the pen: a word that no ticket says is looked up among the words that tickets do say.

The words are the ten thousand commonest (`vocabulary`), compared by trigrams and then letter by letter: no index of
their own, no pass over the tickets.
"""

import re

from django.db import connection

from incidents.catalog.models import Product
from incidents.tickets.inbox import said_words
from incidents.tickets.models import Ticket
from incidents.tickets.vocabulary import words_like

MOST_WORDS = 8
LEAST_ALIKE = 0.2  # by trigrams: what is looked at; swapped letters share few
MOST_ALIKE = 30
LONG = 6  # letters from which two slips are forgiven
LONGEST_READ = 5_000  # characters of a ticket
# A word of letters that is no part of a phrase, not denied, and no operator.
_PLAIN = re.compile(r'"[^"]*"|(?<![\w-])-?[\w\']+', re.UNICODE)
_WRITTEN = """
SELECT word FROM unnest(%s::text[]) WITH ORDINALITY AS u (word, place)
WHERE %s = ANY (tsvector_to_array(to_tsvector('english', word))) ORDER BY place LIMIT 1
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
        better = next((said for one in _nearest(word) if (said := _as_written(product, one))), None)
        changed = changed or better is not None
        return better or word

    told = _PLAIN.sub(mended, words)
    return told if changed else None


def _is_said(product: Product, word: str) -> bool:
    return said_words(Ticket.objects.filter(product=product), word).order_by().exists()


def _as_written(product: Product, lexeme: str) -> str:
    """Return a stem as the newest ticket that says it writes it; empty where none of the product does."""
    rows = said_words(Ticket.objects.filter(product=product), lexeme).order_by("-reported_at", "-pk")
    ticket = rows.only("title", "text").first()
    if ticket is None:
        return ""
    words = list(dict.fromkeys(re.findall(r"\w+", f"{ticket.title} {ticket.text}"[:LONGEST_READ].lower())))
    with connection.cursor() as cursor:
        cursor.execute(_WRITTEN, [words, lexeme])
        found = cursor.fetchone()
    return str(found[0]) if found else lexeme


def _nearest(typed: str) -> list[str]:
    """Return stems that tickets say and that are a slip or two away from a word, the nearest first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tsvector_to_array(to_tsvector('english', %s))", [typed])
        stems: list[str] = cursor.fetchone()[0]
    if not stems:
        return []
    alike = words_like(stems[0], least=LEAST_ALIKE, most=MOST_ALIKE)
    told = [(slips(word, stems[0]), place, word) for place, word in enumerate(alike)]
    return [word for n, _, word in sorted(told) if n <= (1 if len(word) < LONG else 2)]


def slips(a: str, b: str) -> int:
    """Return how many letters are missing, too many, wrong or swapped with their neighbour between two words.

    >>> slips("memroy", "memory"), slips("limt", "limit"), slips("same", "same")
    (1, 1, 0)
    """
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        earlier, before = before, row
        row = [i]
        for j, other in enumerate(b, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == b[j - 2] and a[i - 2] == other:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]
