"""Complaints counted: per symptom over time, per segment, over-represented values; and the tickets of a window.

A ticket with several symptoms is shared out over them by their confidence, so that the parts add up to the tickets;
one without any counts as symptom `NO_SYMPTOM`. Dismissed tickets do not count.
"""

import datetime as dt
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
from incidents.tickets.counting import COUNTED, SEGMENT, WEIGHT
from incidents.tickets.enums import Clock, TicketStatus
from incidents.tickets.models import Ticket
from incidents.tickets.rollups import AT, DAY_ONLY, WIDTHS, rows_of_rollup, rows_of_tickets


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


def _chosen(wanted: Complaints) -> tuple[str, dict[str, Any]]:
    """Return the condition of the wanted tickets and its parameters."""
    at = AT[wanted.clock]
    condition = f"t.product_id = %(product)s and {COUNTED} and {at} >= %(start)s and {at} < %(end)s"
    parameters: dict[str, Any] = {
        "product": wanted.product.pk,
        "start": wanted.start,
        "end": wanted.end,
    }
    if wanted.segment_ids is not None:
        condition += f" and {SEGMENT} = any(%(segments)s)"
        parameters["segments"] = list(wanted.segment_ids)
    return condition, parameters


def _width_for(wanted: Complaints, edges: Sequence[dt.datetime]) -> int | None:
    """Return the coarsest rollup whose buckets fit into the bins; None where only the tickets can tell."""
    if wanted.segment_ids is not None:
        return None
    moments = [int(moment.timestamp()) for moment in (wanted.start, wanted.end, *edges)]
    exact = all(moment.microsecond == 0 for moment in (wanted.start, wanted.end, *edges))
    return next((width for width in WIDTHS if exact and all(at % width == 0 for at in moments)), None)


def complaint_counts(wanted: Complaints, edges: Sequence[dt.datetime], *, spread_days: ZoneInfo | None) -> Counts:
    """Count complaints per symptom in the bins between `edges`, with one statement.

    Without a segment filter, and where every edge is a whole hour or quarter, they come from the rollups. With a zone
    in `spread_days` a ticket of which only the local day is known is shared evenly over that day's bins (for bins
    shorter than a day); the window should then begin at a local midnight.
    """
    condition, parameters = _chosen(wanted)
    width = _width_for(wanted, edges)
    rows = rows_of_tickets(condition, wanted.clock) if width is None else rows_of_rollup(wanted.clock, width)
    return _binned(rows, parameters, edges, spread_days)


def topic_counts(
    wanted: Complaints, topic_id: int, edges: Sequence[dt.datetime], *, spread_days: ZoneInfo | None
) -> Counts:
    """Count a topic's complaints as `complaint_counts` does all of them: per symptom, of which there may be none."""
    condition, parameters = _chosen(wanted)
    condition += " and t.id in (select ticket_id from incidents_topicticket where topic_id = %(topic)s)"
    return _binned(rows_of_tickets(condition, wanted.clock), {**parameters, "topic": topic_id}, edges, spread_days)


def _binned(
    rows: str, parameters: Mapping[str, Any], edges: Sequence[dt.datetime], spread_days: ZoneInfo | None
) -> Counts:
    """Add rows (at, day_only, symptom_id, amount) up in the bins between `edges`."""
    statement = f"""
        with source as ({rows}), cell as (
            select symptom_id, case when day_only then at end as day,
                width_bucket(at, %(edges)s::timestamptz[]) as bin, sum(amount) as amount
            from source group by 1, 2, 3
        )
        select symptom_id, day,
            string_agg(int4send(bin), '' order by bin), string_agg(float8send(amount), '' order by bin)
        from cell group by 1, 2
    """  # noqa: S608 - only fixed expressions are put in
    with connection.cursor() as cursor:
        cursor.execute(statement, {**parameters, "edges": list(edges)})
        rows_found = cursor.fetchall()
    n_bins = len(edges) - 1
    ids = tuple(sorted({row[0] for row in rows_found}))
    place = {symptom: i for i, symptom in enumerate(ids)}
    values = np.zeros((len(ids), n_bins))
    n_day_only = 0.0
    for symptom, day_of, packed_bins, packed_amounts in rows_found:
        amounts = np.frombuffer(packed_amounts, ">f8")
        numbers = np.frombuffer(packed_bins, ">i4")
        if day_of is not None:
            n_day_only += amounts.sum()
        if day_of is not None and spread_days is not None:
            low, high = _bins_of_day(day_of, spread_days, edges)
            values[place[symptom], low:high] += amounts.sum() / max(high - low, 1)
        else:
            inside = (numbers > 0) & (numbers <= n_bins)
            np.add.at(values[place[symptom]], numbers[inside] - 1, amounts[inside])
    return Counts(symptom_ids=ids, values=values, n_day_only=float(n_day_only))


def _bins_of_day(first: dt.datetime, zone: ZoneInfo, edges: Sequence[dt.datetime]) -> tuple[int, int]:
    """Return the half-open range of bins that begin on the local day which begins at `first`."""
    low = bisect_left(edges, first)
    high = bisect_left(edges, end_of_day(first, zone))
    last = len(edges) - 1
    return min(low, last), min(high, last)


def segment_counts(wanted: Complaints) -> dict[int, float]:
    """Return weighted complaints per segment pattern: what every count by dimension is added up from."""
    condition, parameters = _chosen(wanted)
    statement = f"select {SEGMENT}, sum({WEIGHT}) from incidents_ticket t where {condition} group by 1"  # noqa: S608
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
    rows = rows.exclude(status=TicketStatus.DISMISSED).filter(merged_into=None)
    if wanted.clock is Clock.ONSET:
        began = Coalesce(F("onset_at"), F("stated_onset_at"), F("reported_at"))
        rows = rows.annotate(began=began).filter(began__gte=wanted.start, began__lt=wanted.end)
    else:
        rows = rows.filter(reported_at__lt=wanted.end)
    if wanted.segment_ids is not None:
        rows = from_segments(rows, wanted.segment_ids)
    return rows.order_by("-reported_at", "-id")


def from_segments(rows: QuerySet[Ticket], segment_ids: Sequence[int]) -> QuerySet[Ticket]:
    """Return the tickets of these segments, by their fields and what their words add."""
    return rows.alias(told=Coalesce(F("stated_segment_id"), F("segment_id"))).filter(told__in=list(segment_ids))


def version_mentions(
    wanted: Complaints, dimension: str, edges: Sequence[dt.datetime]
) -> dict[str, NDArray[np.float64]]:
    """Return complaints per bin that name each value of a dimension (a client version), by time of report."""
    statement = f"""
        select s.values ->> %s, width_bucket(t.reported_at, %s::timestamptz[]), sum({WEIGHT})
        from incidents_ticket t join incidents_segment s on s.id = {SEGMENT}
        where t.product_id = %s and t.reported_at >= %s and t.reported_at < %s and s.values ? %s group by 1, 2
    """  # noqa: S608 - only fixed expressions are put in
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
    at = AT[wanted.clock]
    statement = f"""
        select {SEGMENT}, width_bucket({at}, %(edges)s::timestamptz[]),
            case when {DAY_ONLY[wanted.clock]} then {at} end, sum({WEIGHT})
        from incidents_ticket t where {condition} group by 1, 2, 3
    """  # noqa: S608 - only fixed expressions of this module are put in
    found: dict[int, NDArray[np.float64]] = {}
    with connection.cursor() as cursor:
        cursor.execute(statement, {**parameters, "edges": list(edges)})
        for segment, number, day_of, amount in cursor.fetchall():
            values = found.setdefault(segment, np.zeros(len(edges) - 1))
            if day_of is not None and spread_days is not None:
                low, high = _bins_of_day(day_of, spread_days, edges)
                values[low:high] += amount / max(high - low, 1)
            elif 0 < number < len(edges):
                values[number - 1] += amount
    return found
