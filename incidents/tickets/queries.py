"""Complaints counted: per symptom over time, per segment, over-represented values; and the tickets of a window.

A ticket with several symptoms is shared out over them by their confidence, so that the parts add up to the tickets;
one without any counts as symptom `NO_SYMPTOM`. Dismissed tickets do not count.
"""

import datetime as dt
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from django.db import connection
from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce
from numpy.typing import NDArray

from incidents.catalog.models import Product, Segment
from incidents.catalog.queries import UNKNOWN
from incidents.core.times import end_of_day
from incidents.tickets.enums import TicketStatus
from incidents.tickets.models import Ticket

NO_SYMPTOM = 0


class Clock(StrEnum):
    """Which time of a ticket counts: when the symptom began, where the reporter said so, or when it was reported."""

    ONSET = "onset"
    REPORT = "report"


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaints:
    """Which tickets are meant: a product's, in the half-open window [start, end), of these segments (None: all)."""

    product: Product
    start: dt.datetime
    end: dt.datetime
    segment_ids: Sequence[int] | None = None
    clock: Clock = Clock.REPORT

    def within(self, start: dt.datetime, end: dt.datetime) -> "Complaints":
        """Return the same in another window."""
        return Complaints(product=self.product, start=start, end=end, segment_ids=self.segment_ids, clock=self.clock)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Weighted complaints per symptom and bin; `n_day_only` of them are known by their day alone and spread over it."""

    symptom_ids: tuple[int, ...]
    values: NDArray[np.float64]  # (n_symptoms, n_bins)
    n_day_only: float


_AT = {Clock.ONSET: "coalesce(t.onset_at, t.reported_at)", Clock.REPORT: "t.reported_at"}
_DAY_ONLY = {
    Clock.ONSET: "(case when t.onset_at is null then 'reported_at' else 'onset_at' end) = any(t.day_fields)",
    Clock.REPORT: "'reported_at' = any(t.day_fields)",
}


def _chosen(wanted: Complaints) -> tuple[str, list[Any]]:
    """Return the condition of the wanted tickets and its parameters; nobody reports before the onset."""
    condition = "t.product_id = %s and t.reported_at >= %s and t.status <> %s"
    parameters: list[Any] = [wanted.product.pk, wanted.start, TicketStatus.DISMISSED.value]
    condition += f" and {_AT[wanted.clock]} >= %s and {_AT[wanted.clock]} < %s"
    parameters += [wanted.start, wanted.end]
    if wanted.segment_ids is not None:
        condition += " and t.segment_id = any(%s)"
        parameters.append(list(wanted.segment_ids))
    return condition, parameters


def complaint_counts(wanted: Complaints, edges: Sequence[dt.datetime], *, spread_days: ZoneInfo | None) -> Counts:
    """Count complaints per symptom in the bins between `edges`, with one statement.

    With a zone in `spread_days` a ticket of which only the local day is known is shared evenly over that day's bins
    (for bins shorter than a day); the window should then begin at a local midnight.
    """
    condition, parameters = _chosen(wanted)
    day = f"case when {_DAY_ONLY[wanted.clock]} then {_AT[wanted.clock]} end"
    statement = f"""
        with chosen as (
            select t.id, t.weight, width_bucket({_AT[wanted.clock]}, %s::timestamptz[]) as bin, {day} as day
            from incidents_ticket t where {condition}
        ), label as (
            select l.ticket_id, l.symptom_id, l.confidence / sum(l.confidence) over (partition by l.ticket_id) as share
            from incidents_ticketsymptom l join chosen on chosen.id = l.ticket_id where l.confidence > 0
        )
        select bin, coalesce(symptom_id, {NO_SYMPTOM}), day, sum(weight * coalesce(share, 1))
        from chosen left join label on label.ticket_id = chosen.id group by 1, 2, 3
    """  # noqa: S608 - only fixed expressions of this module are put in
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(edges), *parameters])
        rows = cursor.fetchall()
    n_bins = len(edges) - 1
    ids = tuple(sorted({row[1] for row in rows}))
    place = {symptom: i for i, symptom in enumerate(ids)}
    values = np.zeros((len(ids), n_bins))
    n_day_only = 0.0
    for bin_number, symptom, day_of, amount in rows:
        if day_of is not None:
            n_day_only += amount
        if day_of is not None and spread_days is not None:
            low, high = _bins_of_day(day_of, spread_days, edges)
            values[place[symptom], low:high] += amount / max(high - low, 1)
        elif 0 < bin_number <= n_bins:
            values[place[symptom], bin_number - 1] += amount
    return Counts(symptom_ids=ids, values=values, n_day_only=n_day_only)


def _bins_of_day(first: dt.datetime, zone: ZoneInfo, edges: Sequence[dt.datetime]) -> tuple[int, int]:
    """Return the half-open range of bins that begin on the local day which begins at `first`."""
    low = bisect_left(edges, first)
    high = bisect_left(edges, end_of_day(first, zone))
    last = len(edges) - 1
    return min(low, last), min(high, last)


def segment_counts(wanted: Complaints) -> dict[int, float]:
    """Return weighted complaints per segment pattern: what every count by dimension is added up from."""
    condition, parameters = _chosen(wanted)
    statement = f"select t.segment_id, sum(t.weight) from incidents_ticket t where {condition} group by 1"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return dict(cursor.fetchall())


def segment_patterns(ids: Sequence[int]) -> dict[int, Mapping[str, str]]:
    """Return what the patterns with these ids state, dimension by dimension."""
    return dict(Segment.objects.filter(pk__in=list(ids)).values_list("pk", "values"))


def value_counts(
    counts: Mapping[int, float], patterns: Mapping[int, Mapping[str, str]], dimension: str
) -> Counter[str]:
    """Add counts per pattern up to counts per value of a dimension; UNKNOWN gathers what does not state it."""
    found: Counter[str] = Counter()
    for segment, amount in counts.items():
        found[patterns.get(segment, {}).get(dimension, UNKNOWN)] += amount  # type: ignore[assignment]
    return found


def symptom_totals(wanted: Complaints) -> dict[int, float]:
    """Return weighted complaints per symptom of the window, most first."""
    counts = complaint_counts(wanted, [wanted.start, wanted.end], spread_days=None)
    totals = {symptom: float(counts.values[i, 0]) for i, symptom in enumerate(counts.symptom_ids)}
    return dict(sorted(totals.items(), key=lambda pair: -pair[1]))


def tickets_in(wanted: Complaints) -> QuerySet[Ticket]:
    """Return the tickets themselves, the newest report first (the order of `inbox.ticket_page`)."""
    rows = Ticket.objects.filter(product=wanted.product, reported_at__gte=wanted.start)
    rows = rows.exclude(status=TicketStatus.DISMISSED)
    if wanted.clock is Clock.ONSET:
        began = Coalesce(F("onset_at"), F("reported_at"))
        rows = rows.annotate(began=began).filter(began__gte=wanted.start, began__lt=wanted.end)
    else:
        rows = rows.filter(reported_at__lt=wanted.end)
    if wanted.segment_ids is not None:
        rows = rows.filter(segment__in=wanted.segment_ids)
    return rows.order_by("-reported_at", "-id")


def version_mentions(
    wanted: Complaints, dimension: str, edges: Sequence[dt.datetime]
) -> dict[str, NDArray[np.float64]]:
    """Return complaints per bin that name each value of a dimension (a client version), by time of report."""
    statement = """
        select s.values ->> %s, width_bucket(t.reported_at, %s::timestamptz[]), sum(t.weight)
        from incidents_ticket t join incidents_segment s on s.id = t.segment_id
        where t.product_id = %s and t.reported_at >= %s and t.reported_at < %s and s.values ? %s group by 1, 2
    """
    parameters: list[Any] = [dimension, list(edges), wanted.product.pk, edges[0], edges[-1], dimension]
    found: dict[str, NDArray[np.float64]] = {}
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        for version, number, amount in cursor.fetchall():
            found.setdefault(version, np.zeros(len(edges) - 1))[number - 1] += amount
    return found


def counts_by_segment(
    wanted: Complaints, edges: Sequence[dt.datetime], *, spread_days: ZoneInfo | None
) -> dict[int, NDArray[np.float64]]:
    """Return weighted complaints per segment pattern and bin, days spread as in `complaint_counts`."""
    condition, parameters = _chosen(wanted)
    at = _AT[wanted.clock]
    statement = f"""
        select t.segment_id, width_bucket({at}, %s::timestamptz[]),
            case when {_DAY_ONLY[wanted.clock]} then {at} end, sum(t.weight)
        from incidents_ticket t where {condition} group by 1, 2, 3
    """  # noqa: S608 - only fixed expressions of this module are put in
    found: dict[int, NDArray[np.float64]] = {}
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(edges), *parameters])
        for segment, number, day_of, amount in cursor.fetchall():
            values = found.setdefault(segment, np.zeros(len(edges) - 1))
            if day_of is not None and spread_days is not None:
                low, high = _bins_of_day(day_of, spread_days, edges)
                values[low:high] += amount / max(high - low, 1)
            elif 0 < number < len(edges):
                values[number - 1] += amount
    return found
