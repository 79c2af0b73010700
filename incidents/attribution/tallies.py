"""What the database counts for one case: one aggregate each for tickets, use and metrics, never rows of tickets.

Each comes over as one row: a string of bytes in network order that NumPy reads without a loop.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from django.db import connection
from numpy.typing import NDArray

from incidents.attribution.axis import MIDDAY_HOURS, TimeAxis
from incidents.attribution.reporting import ChannelTimes
from incidents.response.models import Incident
from incidents.stats.attribution.evidence import Floats, Ints
from incidents.tickets.counting import BEGAN_AT, BEGAN_DAY_ONLY, COUNTED, SEGMENT, WEIGHT

# A ticket counts where its symptom began, or where it was reported if nobody knows; of a bare day, at its middle.
TICKET_AT = f"{BEGAN_AT} + case when {BEGAN_DAY_ONLY} then %(midday)s else interval '0' end"

# The tickets of a case. Dismissed ones are left out; weights of merged duplicates count. One whose words add to its
# segment is shared out: it is of the fuller segment as surely as the words are read right, else of its fields' alone.
TICKETS = f"""select t.id, {SEGMENT} as segment_id, {WEIGHT} * t.stated_confidence as weight, {TICKET_AT} as at,
        true as is_whole, t.reported_at, t.channel
    from incidents_ticket t
    where t.product_id = %(product)s and {COUNTED}
    union all
    select t.id, t.segment_id, {WEIGHT} * (1 - t.stated_confidence), {TICKET_AT}, false,
        t.reported_at, t.channel
    from incidents_ticket t
    where t.product_id = %(product)s and {COUNTED} and t.stated_segment_id is not null and t.stated_confidence < 1"""  # noqa: S608

# A ticket with several or uncertain symptoms is spread over them in proportion to their confidence; symptom 0: none.
CELLS = f"""with seen as ({TICKETS}),
inside as (
    select id, segment_id, weight, width_bucket(at, %(edges)s::timestamptz[]) - 1 as bin
    from seen where at >= %(start)s and at < %(end)s),
spread as (
    select bin, segment_id, symptom_id, weight, confidence,
        sum(confidence) over (partition by inside.id, inside.segment_id) as total
    from inside left join incidents_ticketsymptom l on l.ticket_id = inside.id and l.confidence > 0),
cells as (
    select bin, segment_id, coalesce(symptom_id, 0) as symptom,
        sum(case when symptom_id is null then weight else weight * confidence / total end) as n
    from spread group by bin, segment_id, symptom_id order by 1, 2, 3)
select string_agg(int4send(bin) || int8send(segment_id) || int8send(symptom) || float8send(n), '') from cells"""  # noqa: S608
_CELL = np.dtype([("bin", ">i4"), ("segment", ">i8"), ("symptom", ">i8"), ("count", ">f8")])


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketTallies:
    """Weighted counts of tickets by bin, segment and symptom (ids; symptom 0: none), in that order."""

    bin: Ints
    segment: Ints
    symptom: Ints
    count: Floats


def case_parameters(incident: Incident, axis: TimeAxis) -> dict[str, Any]:
    """Return what the statements above ask for."""
    return {
        "product": incident.product_id,
        "midday": dt.timedelta(hours=MIDDAY_HOURS),
        "start": axis.start,
        "end": axis.end,
        "edges": list(axis.starts),
    }


def _fetch(statement: str, parameters: dict[str, Any], row: np.dtype[np.void]) -> NDArray[np.void]:
    """Return the rows of a statement that joins them into one string of bytes."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        packed = cursor.fetchone()[0]
    return np.frombuffer(bytes(packed or b""), dtype=row)


def ticket_tallies(incident: Incident, axis: TimeAxis) -> TicketTallies:
    """Count the case's tickets in one statement."""
    rows = _fetch(CELLS, case_parameters(incident, axis), _CELL)
    return TicketTallies(
        bin=rows["bin"].astype(np.int64),
        segment=rows["segment"].astype(np.int64),
        symptom=rows["symptom"].astype(np.int64),
        count=rows["count"].astype(np.float64),
    )


# Per channel the tickets that state when their trouble began, as hours since the window's start, and how many do not.
REPORTING = f"""with seen as (
    select t.channel, {TICKET_AT} as at, t.reported_at, coalesce(t.onset_at, t.stated_onset_at) is null as unstated,
        'reported_at' = any(t.day_fields) as vague
    from incidents_ticket t
    where t.product_id = %(product)s and {COUNTED})
select channel, count(*) filter (where unstated), coalesce(string_agg(
    float8send((extract(epoch from at - %(start)s) / 3600)::float8)
    || float8send((extract(epoch from reported_at - %(start)s) / 3600)::float8), '')
    filter (where not unstated and not vague), '')
from seen where at >= %(start)s and at < %(end)s group by channel order by channel"""  # noqa: S608 - constants only
_TIMES = np.dtype([("began", ">f8"), ("reported", ">f8")])


def channel_times(incident: Incident, axis: TimeAxis) -> dict[str, ChannelTimes]:
    """Return when the case's tickets began and were reported, by channel."""
    with connection.cursor() as cursor:
        cursor.execute(REPORTING, case_parameters(incident, axis))
        rows = cursor.fetchall()
    told = {channel: np.frombuffer(bytes(packed), dtype=_TIMES) for channel, _, packed in rows}
    return {
        channel: ChannelTimes(
            began=told[channel]["began"].astype(np.float64),
            reported=told[channel]["reported"].astype(np.float64),
            others=int(others),
        )
        for channel, others, _ in rows
    }


# Times as hours since the window's start; NaN where a count holds for the whole window.
USE = """with rows as (
    select segment_id, at, bool_or(day_only) as day_only, sum(count) as n
    from incidents_exposurecount
    where product_id = %(product)s and (at is null or (at >= %(start)s - interval '1 day' and at < %(end)s))
    group by segment_id, at order by segment_id, at)
select string_agg(
    int8send(segment_id) || float8send(coalesce(extract(epoch from at - %(start)s) / 3600, 'NaN')::float8)
    || boolsend(day_only) || float8send(n), '') from rows"""
_USE = np.dtype([("segment", ">i8"), ("hour", ">f8"), ("day_only", "?"), ("count", ">f8")])


@dataclass(frozen=True, slots=True, kw_only=True)
class UseTallies:
    """Counts of use by segment (id) and time: hours since the window's start, NaN for the whole window."""

    segment: Ints
    hour: Floats
    day_only: NDArray[np.bool_]
    count: Floats


def use_tallies(incident: Incident, axis: TimeAxis) -> UseTallies:
    """Return the counts of use in the case's window."""
    rows = _fetch(USE, case_parameters(incident, axis), _USE)
    return UseTallies(
        segment=rows["segment"].astype(np.int64),
        hour=rows["hour"].astype(np.float64),
        day_only=rows["day_only"],
        count=rows["count"].astype(np.float64),
    )


# Metrics are compared at the axis's own width, an hour at least, from thirty days before the window on.
METRICS = """with rows as (
    select m.id as metric, s.segment_id,
        floor(extract(epoch from (p.at + case when p.day_only then %(midday)s else interval '0' end) - %(start)s)
            / %(width)s)::int8 as step,
        sum(p.value * coalesce(nullif(p.n, 0), 1)) / sum(coalesce(nullif(p.n, 0), 1)) as mean
    from incidents_metric m
    join incidents_metricseries s on s.metric_id = m.id
    join incidents_metricpoint p on p.series_id = s.id
    where m.product_id = %(product)s and p.at >= %(start)s - interval '30 days' and p.at < %(end)s
    group by 1, 2, 3 order by 1, 2, 3)
select string_agg(int8send(metric) || int8send(segment_id) || int8send(step) || float8send(mean), '') from rows"""
_METRIC = np.dtype([("metric", ">i8"), ("segment", ">i8"), ("step", ">i8"), ("mean", ">f8")])


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricTallies:
    """Means of metrics by metric, segment (ids) and step since the window's start, weighted by sample size."""

    metric: Ints
    segment: Ints
    step: Ints
    mean: Floats


def metric_tallies(incident: Incident, axis: TimeAxis, *, width_hours: float) -> MetricTallies:
    """Return the means of the product's metrics in steps of `width_hours`."""
    rows = _fetch(METRICS, case_parameters(incident, axis) | {"width": width_hours * 3600.0}, _METRIC)
    return MetricTallies(
        metric=rows["metric"].astype(np.int64),
        segment=rows["segment"].astype(np.int64),
        step=rows["step"].astype(np.int64),
        mean=rows["mean"].astype(np.float64),
    )


def segment_values(ids: Sequence[int]) -> dict[int, dict[str, str]]:
    """Return what each segment states, {dimension: value}, by its id."""
    with connection.cursor() as cursor:
        # One array instead of thousands of parameters, and one quick parser instead of the field's.
        cursor.execute('select id, "values"::text from incidents_segment where id = any(%s)', [list(ids)])
        return {pk: orjson.loads(values) for pk, values in cursor.fetchall()}


def distinct(*ids: Sequence[int] | Ints) -> list[int]:
    """Return the distinct ids in order."""
    return [int(one) for one in np.unique(np.concatenate([np.asarray(some, dtype=np.int64) for some in ids]))]
