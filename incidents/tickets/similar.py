"""Tickets that say nearly the same: candidates by their rarest words from the index, ranked by the words they share."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

from django.contrib.postgres.search import SearchQuery
from django.db import connection
from django.db.models import Prefetch

from incidents.tickets.classifier.text import Words, words_of
from incidents.tickets.models import TICKET_WORDS, Ticket, TicketSymptom

CANDIDATES = 100
ASKED_FOR = 9  # words
SAME_WORDS = 0.6
LEAST_ALIKE = 0.15


@dataclass(frozen=True, slots=True, kw_only=True)
class Similar:
    """A ticket, how alike it is (0 to 1, by shared words weighed by rarity), and whether it is nearly the same text."""

    ticket: Ticket
    alike: float
    is_same: bool


def similar_tickets(ticket: Ticket, *, limit: int = 6) -> list[Similar]:
    """Return tickets of the same product that say nearly the same, the most alike first."""
    wanted = rarest_lexemes(ticket)
    if not wanted:
        return []
    # Two rare words in common find near copies among millions; where that finds few, one has to do.
    rows = _sharing(ticket, [" & ".join(pair) for pair in combinations(map(_quoted, wanted), 2)])
    if len(rows) < limit:
        seen = {row.pk for row in rows}
        rows += [row for row in _sharing(ticket, list(map(_quoted, wanted))) if row.pk not in seen]
    ranked = rank(words_of(ticket.title, ticket.text), [words_of(row.title, row.text) for row in rows])
    return [Similar(ticket=rows[i], alike=alike, is_same=same) for i, alike, same in ranked[:limit]]


def _sharing(ticket: Ticket, alternatives: Sequence[str]) -> list[Ticket]:
    """Return the newest tickets of the product, other than this, in which one of the conditions on words holds."""
    if not alternatives:
        return []
    query = SearchQuery(" | ".join(alternatives), search_type="raw", config="simple")
    labels = TicketSymptom.objects.filter(confidence__gte=0.5).select_related("symptom").order_by("-confidence")
    return list(
        Ticket.objects.filter(product_id=ticket.product_id)
        .exclude(pk=ticket.pk)
        .alias(words=TICKET_WORDS)
        .filter(words=query)
        .order_by("-reported_at", "-id")
        .prefetch_related(Prefetch("labels", queryset=labels))[:CANDIDATES]
    )


def rank(wanted: Words, candidates: Sequence[Words]) -> list[tuple[int, float, bool]]:
    """Return (place, how alike, whether nearly the same) of the candidates that are alike, the most alike first."""
    bags = [frozenset((*words.title_stems, *words.body_stems)) for words in candidates]
    mine = frozenset((*wanted.title_stems, *wanted.body_stems))
    counts = Counter(stem for bag in (mine, *bags) for stem in bag)
    weight = {stem: 1.0 + math.log((1 + len(bags)) / n) for stem, n in counts.items()}
    length = math.sqrt(sum(weight[stem] ** 2 for stem in mine)) or 1.0
    my_pairs = _pairs(wanted)
    found = []
    for i, bag in enumerate(bags):
        other = math.sqrt(sum(weight[stem] ** 2 for stem in bag)) or 1.0
        alike = sum(weight[stem] ** 2 for stem in mine & bag) / (length * other)
        pairs = _pairs(candidates[i])
        same = len(my_pairs & pairs) / max(1, len(my_pairs | pairs)) >= SAME_WORDS
        if same or alike >= LEAST_ALIKE:
            found.append((i, max(alike, SAME_WORDS) if same else alike, same))
    return sorted(found, key=lambda one: (-one[2], -one[1], one[0]))


def rarest_lexemes(ticket: Ticket) -> list[str]:
    """Return the ticket's rarest words as the index holds them, by the server's own statistics."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH common AS (
                SELECT u.word, u.share FROM pg_stats s,
                     unnest(s.most_common_elems::text::text[], s.most_common_elem_freqs::float8[]) AS u (word, share)
                WHERE s.schemaname = current_schema() AND s.tablename = 'ticket_words'
            )
            SELECT v.lexeme, c.share
            FROM unnest(to_tsvector('english', %s)) AS v LEFT JOIN common c ON c.word = v.lexeme
            WHERE length(v.lexeme) BETWEEN 3 AND 40
            ORDER BY c.share NULLS LAST, length(v.lexeme) DESC, v.lexeme
            """,
            [f"{ticket.title}\n{ticket.text}"[:20_000]],
        )
        rows = cursor.fetchall()
    # What the statistics leave out is rarer than all they hold.
    unknown = [lexeme for lexeme, share in rows if share is None]
    known = [lexeme for lexeme, share in rows if share is not None]
    return (unknown + known)[:ASKED_FOR]


def _pairs(words: Words) -> frozenset[tuple[str, str]]:
    return frozenset((*pairwise(words.title_stems), *pairwise(words.body_stems)))


def _quoted(lexeme: str) -> str:
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"
