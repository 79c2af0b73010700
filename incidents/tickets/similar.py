"""Tickets that say nearly the same: candidates by their rarest words from the index, ranked by the words they share."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

from django.db import connection
from django.db.models import Prefetch

from incidents.tickets.classifier.text import fold, stems
from incidents.tickets.models import Ticket, TicketSymptom
from incidents.tickets.vocabulary import common_words

CANDIDATES = 60
ASKED_FOR = 9  # words
ALONE = 4  # of them that are looked for one by one
COMPARED = 1500  # characters of a text
SAME_WORDS = 0.6
LEAST_ALIKE = 0.15
# The expression of the index on words, as `models.TICKET_WORDS` makes it.
_WORDS = "to_tsvector('english'::regconfig, coalesce(title, '') || ' ' || coalesce(left(text, 100000), ''))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Similar:
    """A ticket, how alike it is (0 to 1, by shared words weighed by rarity), and whether it is nearly the same text."""

    ticket: Ticket
    alike: float
    is_same: bool


def similar_tickets(ticket: Ticket, *, limit: int = 6) -> list[Similar]:
    """Return tickets of the same product that say nearly the same, the most alike first."""
    wanted = list(map(_quoted, rarest_lexemes(ticket)))
    if not wanted:
        return []
    # Two rare words in common find near copies among millions; where that finds few, one has to do.
    rows = _sharing(ticket, [" & ".join(pair) for pair in combinations(wanted, 2)]) if len(wanted) > 1 else []
    if len(rows) < limit:
        seen = {pk for pk, _, _ in rows}
        rows += [row for row in _sharing(ticket, wanted[:ALONE]) if row[0] not in seen]
    ranked = rank(_stems(ticket.title, ticket.text), [_stems(title, text) for _, title, text in rows])[:limit]
    labels = TicketSymptom.objects.filter(confidence__gte=0.5).select_related("symptom").order_by("-confidence")
    chosen = Ticket.objects.prefetch_related(Prefetch("labels", queryset=labels))
    tickets = chosen.in_bulk([rows[i][0] for i, _, _ in ranked])
    return [Similar(ticket=tickets[rows[i][0]], alike=alike, is_same=same) for i, alike, same in ranked]


# The index finds the rows, all of them, and only then are the newest taken: asked for the newest at once, the planner
# walks through time and reads every text on the way.
_SHARING = f"""
WITH found AS MATERIALIZED (
    SELECT id, reported_at FROM incidents_ticket
    WHERE product_id = %s AND {{words}} @@ %s::tsquery AND id <> %s LIMIT {20 * CANDIDATES}
), newest AS (
    SELECT id, reported_at FROM found ORDER BY reported_at DESC, id DESC LIMIT {CANDIDATES}
)
SELECT t.id, left(t.title, {COMPARED}), left(t.text, {COMPARED}) FROM newest JOIN incidents_ticket t USING (id)
ORDER BY newest.reported_at DESC, id DESC
"""  # noqa: S608 - constants alone


def _sharing(ticket: Ticket, alternatives: Sequence[str]) -> list[tuple[int, str, str]]:
    """Return (id, title, text) of tickets of the product, other than this, in which one of the conditions holds."""
    with connection.cursor() as cursor:
        cursor.execute(_SHARING.format(words=_WORDS), [ticket.product_id, " | ".join(alternatives), ticket.pk])
        rows: list[tuple[int, str, str]] = cursor.fetchall()
    return rows


def rank(wanted: tuple[str, ...], candidates: Sequence[tuple[str, ...]]) -> list[tuple[int, float, bool]]:
    """Return (place, how alike, whether nearly the same) of the candidates that are alike, the most alike first."""
    bags = [frozenset(stems_) for stems_ in candidates]
    mine = frozenset(wanted)
    counts = Counter(stem for bag in (mine, *bags) for stem in bag)
    weight = {stem: 1.0 + math.log((1 + len(bags)) / n) for stem, n in counts.items()}
    length = math.sqrt(sum(weight[stem] ** 2 for stem in mine)) or 1.0
    my_pairs = frozenset(pairwise(wanted))
    found = []
    for i, bag in enumerate(bags):
        other = math.sqrt(sum(weight[stem] ** 2 for stem in bag)) or 1.0
        alike = sum(weight[stem] ** 2 for stem in mine & bag) / (length * other)
        pairs = frozenset(pairwise(candidates[i]))
        same = len(my_pairs & pairs) / max(1, len(my_pairs | pairs)) >= SAME_WORDS
        if same or alike >= LEAST_ALIKE:
            found.append((i, max(alike, SAME_WORDS) if same else alike, same))
    return sorted(found, key=lambda one: (-one[2], -one[1], one[0]))


def _stems(title: str, text: str) -> tuple[str, ...]:
    return stems(fold(f"{title} {text[:COMPARED]}"))


def rarest_lexemes(ticket: Ticket) -> list[str]:
    """Return the ticket's rarest words as the index holds them, by the server's own statistics."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tsvector_to_array(to_tsvector('english', %s))", [f"{ticket.title}\n{ticket.text}"[:20_000]]
        )
        lexemes: list[str] = cursor.fetchone()[0]
    shares = common_words()
    rarest = sorted(
        (one for one in lexemes if 3 <= len(one) <= 40), key=lambda one: (shares.get(one, 0.0), -len(one), one)
    )
    return rarest[:ASKED_FOR]


def _quoted(lexeme: str) -> str:
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"
