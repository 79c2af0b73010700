"""The tickets that fit a search best, rather than the newest: the newest that match are ranked, up to a cap.

Ranking all of a hundred thousand hits takes PostgreSQL a tenth of a second and more, most of it for reading texts that
nobody will see. Here the newest two hundred hits are ranked by BM25 with the title counting thrice; the page says so.
"""

import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Left

from incidents.catalog.models import Product
from incidents.tickets.classifier.text import fold
from incidents.tickets.inbox import TicketFilter, TicketPage, rows_by_number, tickets_matching
from incidents.tickets.models import Ticket
from incidents.tickets.tallies import rows_expected
from incidents.tickets.vocabulary import common_words

RANKED = 200
LOOKED_AT = 1_000  # hits of the words, where other filters leave only some of them
READ = 2_000  # characters of a text
# So many hits are sorted by time as they are; of more, only those of the newest part of time are fetched.
SORTED_WHOLE = 10_000
TITLE = 3.0
SATURATION, LENGTH = 1.2, 0.4  # BM25's k1 and b
_EXCLUDED = re.compile(r'(?:^|\s)-(?:"[^"]*"|\S+)')
_LEAST_SHARE = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """Numbers of tickets, the best first, and whether more matched than were ranked."""

    numbers: list[int]
    is_capped: bool


def best_matches(product: Product, chosen: TicketFilter) -> Ranking:
    """Rank the newest tickets that the filter lets through by how well they fit its words."""
    words_only = TicketFilter(words=chosen.words, starts_at=chosen.starts_at, ends_at=chosen.ends_at)
    wanted = RANKED if chosen == words_only else LOOKED_AT
    hits = _newest_hits(product, words_only, wanted + 1)
    is_capped = len(hits) > wanted
    numbers = hits[:wanted]
    if chosen != words_only:
        # Without the words, which these all say: asked again they would be read from every text.
        rest = tickets_matching(product, replace(chosen, words="")).order_by().filter(pk__in=numbers)
        left = set(rest.values_list("pk", flat=True))
        numbers = [number for number in numbers if number in left]
    is_capped = is_capped or len(numbers) > RANKED
    numbers = numbers[:RANKED]
    rows = Ticket.objects.filter(pk__in=numbers).values_list("pk", "title", Left("text", READ))
    texts = {pk: (title, text) for pk, title, text in rows}
    numbers = [number for number in numbers if number in texts]
    marks = fitness(lexemes(chosen.words), [texts[number] for number in numbers])
    # Of equals the newer one stays first: sorting keeps their order.
    order = sorted(range(len(numbers)), key=lambda i: -marks[i])
    return Ranking(numbers=[numbers[i] for i in order], is_capped=is_capped)


def best_page(ranking: Ranking, *, after: str = "", size: int = 50) -> TicketPage:
    """Return the page after a place in the ranking; a malformed place starts anew."""
    start = int(after) if after.isascii() and after.isdigit() and len(after) < 6 else 0
    chosen = ranking.numbers[start : start + size]
    more = start + size < len(ranking.numbers)
    return TicketPage(tickets=rows_by_number(chosen), next_key=str(start + size) if more else "")


def lexemes(words: str) -> list[str]:
    """Return the stems that a search asks for, as the index holds them; what it excludes is left out."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tsvector_to_array(to_tsvector('english', %s))", [_EXCLUDED.sub(" ", words)])
        found: list[str] = cursor.fetchone()[0]
    return found


def fitness(stems: Sequence[str], texts: Sequence[tuple[str, str]]) -> list[float]:
    """Return how well each (title, text) fits, by BM25; rare words weigh more."""
    if not stems or not texts:
        return [0.0] * len(texts)
    shares = common_words()
    weight = [math.log(1.0 / max(shares.get(stem, _LEAST_SHARE), _LEAST_SHARE) + 1.0) for stem in stems]
    # A stem ends "y" as "i"; longer stems first, since one may begin as another does.
    order = sorted(range(len(stems)), key=lambda i: -len(stems[i]))
    starts = [re.escape(stems[i].removesuffix("i") if len(stems[i]) > 3 else stems[i]) for i in order]
    spoken = re.compile(r"\b(?:" + "|".join(f"({start})" for start in starts) + ")")
    folded = [(fold(title), fold(text)) for title, text in texts]
    mean = sum(len(title) + len(text) for title, text in folded) / len(folded) or 1.0
    answer = []
    for title, text in folded:
        said = [0.0] * len(stems)
        for place, factor in ((title, TITLE), (text, 1.0)):
            for match in spoken.finditer(place):
                said[order[(match.lastindex or 1) - 1]] += factor
        slack = SATURATION * (1.0 - LENGTH + LENGTH * (len(title) + len(text)) / mean)
        answer.append(sum(w * n / (n + slack) for w, n in zip(weight, said, strict=True)))
    return answer


def _newest_hits(product: Product, chosen: TicketFilter, wanted: int) -> list[int]:
    """Return the numbers of the newest tickets that say the words, the newest first; fewer where the guess was off."""
    rows = tickets_matching(product, chosen)
    n = rows_expected(rows.order_by().values("pk"))
    span = tickets_matching(product, replace(chosen, words=""))
    n_all = rows_expected(span.order_by().values("pk"))
    reach = int(1.5 * wanted * n_all / max(n, 1.0))
    while n > SORTED_WHOLE and reach < n_all:
        since = span.values_list("reported_at", flat=True)[reach : reach + 1]
        if not since:
            break
        found = _by_the_index(rows.filter(reported_at__gte=since[0]), wanted)
        if len(found) >= wanted:
            return found
        reach *= 4
    return _by_the_index(rows, wanted)


def _by_the_index(rows: QuerySet[Ticket], wanted: int) -> list[int]:
    with _words_by_their_index():
        return list(rows.values_list("pk", flat=True)[:wanted])


@contextmanager
def _words_by_their_index() -> Iterator[None]:
    """Have the index on words asked: else the planner may walk through time and make the words of every text anew."""
    with transaction.atomic(), connection.cursor() as cursor:
        # Memory enough to keep a million hits apart: what is kept by pages alone has its words made anew too.
        cursor.execute("SET LOCAL enable_indexscan = off; SET LOCAL work_mem = '32MB'")
        yield
        cursor.execute("SET LOCAL enable_indexscan = on; SET LOCAL work_mem TO DEFAULT")
