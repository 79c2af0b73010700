"""How many tickets a filter lets through, in a time that does not grow with their number.

What the planner holds to be cheap is counted, up to a cap. For the rest a sample of the table is asked: a thousand
tickets by random numbers, the same ones for the same table, so that a page that is loaded again says the same.
"""

import json
import random
from dataclasses import dataclass
from enum import StrEnum
from math import floor, log10
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Max, Min, QuerySet

from incidents.tickets.models import Ticket

CAP = 10_000
# In the planner's units, of which a quiet core does some hundreds a millisecond.
CHEAP = 3_000.0
SAMPLE = 1_000
FEWEST_FOUND = 8  # in the sample; fewer only bound the number from above


class Told(StrEnum):
    """How a number of tickets is known."""

    EXACTLY = "exactly"
    AT_LEAST = "at least"
    ABOUT = "about"
    BELOW = "below"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """A number of tickets and how it is known."""

    n: int
    told: Told = Told.EXACTLY


def tally(rows: QuerySet[Ticket], *, cap: int = CAP, has_words: bool = False) -> Tally:
    """Count the tickets of a filter up to a cap, or estimate how many they are where counting would take long.

    With `has_words` the estimate is the planner's: it knows how frequent words are, and a sample would read its texts.
    """
    limited = rows.order_by()[: cap + 1].values("pk")
    if _plan(limited)[0] <= CHEAP:
        n = limited.count()
        return Tally(n=min(n, cap), told=Told.AT_LEAST if n > cap else Told.EXACTLY)
    if has_words:
        return Tally(n=_rounded(max(_plan(rows.order_by().values("pk"))[1], 1.0)), told=Told.ABOUT)
    return _sampled(rows)


def rows_expected(rows: QuerySet[Ticket, Any]) -> float:
    """Return how many rows the planner expects."""
    return _plan(rows)[1]


def _plan(rows: QuerySet[Ticket, Any]) -> tuple[float, float]:
    """Return what the planner expects of a statement: its cost, and how many rows."""
    try:
        sql, parameters = rows.query.sql_with_params()
    except EmptyResultSet:
        # Known to be none without asking.
        return 0.0, 0.0
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", parameters)
        told = cursor.fetchone()[0]
    plan = json.loads(told) if isinstance(told, str) else told
    top = plan[0]["Plan"]
    return float(top["Total Cost"]), float(top["Plan Rows"])


def _sampled(rows: QuerySet[Ticket]) -> Tally:
    ends = Ticket.objects.aggregate(low=Min("pk"), high=Max("pk"))
    if ends["low"] is None:
        return Tally(n=0)
    span = ends["high"] - ends["low"] + 1
    # Numbers of tickets that are gone find nothing, and count for nothing.
    numbers = random.Random(span).sample(range(ends["low"], ends["high"] + 1), min(SAMPLE, span))  # noqa: S311
    found = rows.order_by().filter(pk__in=numbers).values("pk").count()
    n = found * span / len(numbers)
    if found < FEWEST_FOUND:
        return Tally(n=_rounded(2 * FEWEST_FOUND * span / len(numbers)), told=Told.BELOW)
    return Tally(n=_rounded(n), told=Told.ABOUT)


def _rounded(n: float) -> int:
    """Return a number with two digits that say something."""
    step = 10 ** max(floor(log10(n)) - 1, 0)
    return int(round(n / step) * step)
