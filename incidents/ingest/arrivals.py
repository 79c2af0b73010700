"""Where a product's rows come from: how many, since when, and whether a source has gone silent."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.db.models import QuerySet

from incidents.catalog.models import Product, Source
from incidents.catalog.queries import sources_of
from incidents.response.models import Incident

# So many days without a ticket are a gap, in a source that usually has some each day.
GAP_DAYS = 3
_USUAL_SHARE = 0.5
N_BARS = 60

_COUNTS = """
SELECT 'changes', source_id, count(*) FROM incidents_change WHERE product_id = %(product)s GROUP BY 2
UNION ALL
SELECT 'eval_runs', source_id, count(*) FROM incidents_evalrun WHERE product_id = %(product)s GROUP BY 2
UNION ALL
SELECT 'exposure', source_id, count(*) FROM incidents_exposurecount WHERE product_id = %(product)s GROUP BY 2
UNION ALL
SELECT 'points', s.source_id, sum(p.n)
FROM incidents_metricseries s
JOIN incidents_metric m ON m.id = s.metric_id
JOIN LATERAL (SELECT count(*) AS n FROM incidents_metricpoint p WHERE p.series_id = s.id) p ON true
WHERE m.product_id = %(product)s GROUP BY 2
"""
_DAYS = """
SELECT source_id, (reported_at AT TIME ZONE %(zone)s)::date, count(*)
FROM incidents_ticket WHERE product_id = %(product)s AND source_id = ANY(%(sources)s) GROUP BY 1, 2 ORDER BY 1, 2
"""
# Counting a million tickets by day takes a good part of a second, and only a delivery changes the answer.
_REMEMBERED_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Days without a ticket, the first and the last of them, inside a source that usually has some."""

    first_on: dt.date
    last_on: dt.date

    @property
    def n_days(self) -> int:
        """How many days."""
        return (self.last_on - self.first_on).days + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceOverview:
    """One source: rows by kind, the days of its tickets, its gaps, the case that it brought (None: no case).

    `course` holds the tickets in N_BARS equal parts of the time between the first and the last.
    """

    source: Source
    incident: Incident | None
    n_tickets: int
    n_changes: int
    n_points: int
    n_exposure: int
    n_eval_runs: int
    first_on: dt.date | None
    last_on: dt.date | None
    gaps: tuple[Gap, ...]
    course: tuple[float, ...]

    @property
    def n_rows(self) -> int:
        """Rows of all kinds."""
        return self.n_tickets + self.n_changes + self.n_points + self.n_exposure + self.n_eval_runs


def source_overviews(product: Product, incidents: "QuerySet[Incident]") -> list[SourceOverview]:
    """Return the product's sources, without those whose cases are not among `incidents`: their names would tell."""
    counts: dict[tuple[str, int], int] = {
        (kind, source_id): int(n) for kind, source_id, n in _rows(_COUNTS, {"product": product.pk})
    }
    sources = list(sources_of(product))
    days = _days_of(product, sources)
    cases = {incident.source_id: incident for incident in incidents.filter(product=product)}
    taken = set(Incident.objects.filter(product=product).values_list("source_id", flat=True))
    return [
        SourceOverview(
            source=source,
            incident=cases.get(source.pk),
            n_tickets=sum(n for _, n in days[source.pk]),
            n_changes=counts.get(("changes", source.pk), 0),
            n_points=counts.get(("points", source.pk), 0),
            n_exposure=counts.get(("exposure", source.pk), 0),
            n_eval_runs=counts.get(("eval_runs", source.pk), 0),
            first_on=days[source.pk][0][0] if days[source.pk] else None,
            last_on=days[source.pk][-1][0] if days[source.pk] else None,
            gaps=gaps_between([day for day, _ in days[source.pk]]),
            course=course_of(days[source.pk]),
        )
        for source in sources
        if source.pk in cases or source.pk not in taken
    ]


def _days_of(product: Product, sources: Sequence[Source]) -> dict[int, list[tuple[dt.date, int]]]:
    """Return {source: tickets of each of its days}, from memory where nothing came in since."""
    keys = {
        source.pk: f"arrivals:{source.pk}:{product.timezone}:{source.last_received_at.timestamp()}"
        for source in sources
        if source.last_received_at is not None
    }
    known = cache.get_many(keys.values())
    days = {pk: known[key] for pk, key in keys.items() if key in known}
    missing = [source.pk for source in sources if source.pk not in days]
    days |= {pk: [] for pk in missing}
    wanted = {"zone": product.timezone, "product": product.pk, "sources": missing}
    for source_id, day, n in _rows(_DAYS, wanted) if missing else ():
        days[source_id].append((day, n))
    cache.set_many({keys[pk]: days[pk] for pk in missing if pk in keys}, _REMEMBERED_SECONDS)
    return days


def _rows(sql: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def gaps_between(days: Sequence[dt.date]) -> tuple[Gap, ...]:
    """Return the gaps between days (in order) that have tickets, the longest first; none where tickets are rare."""
    if len(days) < 2:
        return ()
    span = (days[-1] - days[0]).days + 1
    if len(days) < _USUAL_SHARE * span:
        return ()
    one = dt.timedelta(days=1)
    found = [
        Gap(first_on=before + one, last_on=after - one)
        for before, after in pairwise(days)
        if (after - before).days > GAP_DAYS
    ]
    return tuple(sorted(found, key=lambda gap: (-gap.n_days, gap.first_on)))


def course_of(days: Sequence[tuple[dt.date, int]]) -> tuple[float, ...]:
    """Return counts of days (in order) in at most N_BARS equal parts of their span."""
    if not days:
        return ()
    first = days[0][0]
    span = (days[-1][0] - first).days + 1
    n_bars = min(N_BARS, span)
    bars = [0.0] * n_bars
    for day, n in days:
        bars[(day - first).days * n_bars // span] += n
    return tuple(bars)
