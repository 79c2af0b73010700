"""What the database counts for one case: one aggregate each for tickets, use and metrics, never rows of tickets."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection

from incidents.attribution.axis import MIDDAY_HOURS, TimeAxis
from incidents.response.models import Incident
from incidents.stats.attribution.evidence import Floats, Ints

# A ticket counts where its symptom began, or where it was reported if nobody knows; of a bare day, at its middle.
TICKET_AT = """coalesce(t.onset_at, t.reported_at) + case
    when (case when t.onset_at is null then 'reported_at' else 'onset_at' end) = any(t.day_fields)
    then %(midday)s else interval '0' end"""

# The tickets of a case. Dismissed ones are left out; weights of merged duplicates count.
TICKETS = f"""select t.id, t.segment_id, t.weight, {TICKET_AT} as at
    from incidents_ticket t
    where t.product_id = %(product)s and t.status <> 'dismissed'"""  # noqa: S608 - constants only

# A ticket with several or uncertain symptoms is spread over them in proportion to their confidence; symptom 0: none.
CELLS = f"""with seen as ({TICKETS}),
inside as (
    select id, segment_id, weight, width_bucket(at, %(edges)s::timestamptz[]) - 1 as bin
    from seen where at >= %(start)s and at < %(end)s),
spread as (
    select bin, segment_id, symptom_id, weight, confidence,
        sum(confidence) over (partition by inside.id) as total
    from inside left join incidents_ticketsymptom l on l.ticket_id = inside.id and l.confidence > 0)
select bin::int4, segment_id::int8, coalesce(symptom_id, 0)::int8,
    sum(case when symptom_id is null then weight else weight * confidence / total end)::float8
from spread group by bin, segment_id, symptom_id order by bin, segment_id, symptom_id"""  # noqa: S608 - constants only

_CELL = np.dtype(
    [
        ("columns", ">i2"),
        ("n1", ">i4"),
        ("bin", ">i4"),
        ("n2", ">i4"),
        ("segment", ">i8"),
        ("n3", ">i4"),
        ("symptom", ">i8"),
        ("n4", ">i4"),
        ("count", ">f8"),
    ]
)
_HEADER = 19
_TRAILER = 2


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


def ticket_tallies(incident: Incident, axis: TimeAxis) -> TicketTallies:
    """Count the case's tickets in one statement, read in binary form."""
    with connection.cursor() as cursor:
        # Bound here: Django's cursor passes no parameters on to COPY.
        statement = cursor.mogrify(CELLS, case_parameters(incident, axis))
        with cursor.copy(f"copy ({statement}) to stdout (format binary)") as copy:
            raw = b"".join(copy)
    rows = np.frombuffer(raw, dtype=_CELL, offset=_HEADER, count=(len(raw) - _HEADER - _TRAILER) // _CELL.itemsize)
    return TicketTallies(
        bin=rows["bin"].astype(np.int64),
        segment=rows["segment"].astype(np.int64),
        symptom=rows["symptom"].astype(np.int64),
        count=rows["count"].astype(np.float64),
    )


USE = """select segment_id, at, bool_or(day_only), sum(count)
from incidents_exposurecount
where product_id = %(product)s and (at is null or (at >= %(start)s - interval '1 day' and at < %(end)s))
group by segment_id, at order by segment_id, at"""

UseRow = tuple[int, dt.datetime | None, bool, float]


def use_tallies(incident: Incident, axis: TimeAxis) -> list[UseRow]:
    """Return (segment, time or None, whether only the day is known, count of use) of the case's window."""
    with connection.cursor() as cursor:
        cursor.execute(USE, case_parameters(incident, axis))
        return list(cursor.fetchall())


# Metrics are compared at the axis's own width, an hour at least, from thirty days before the window on.
METRICS = """select m.id, s.segment_id,
    floor(extract(epoch from (p.at + case when p.day_only then %(midday)s else interval '0' end) - %(start)s)
        / %(width)s)::int as step,
    sum(p.value * coalesce(nullif(p.n, 0), 1)) / sum(coalesce(nullif(p.n, 0), 1))
from incidents_metric m
join incidents_metricseries s on s.metric_id = m.id
join incidents_metricpoint p on p.series_id = s.id
where m.product_id = %(product)s and p.at >= %(start)s - interval '30 days' and p.at < %(end)s
group by 1, 2, 3 order by 1, 2, 3"""

MetricRow = tuple[int, int, int, float]


def metric_tallies(incident: Incident, axis: TimeAxis, *, width_hours: float) -> list[MetricRow]:
    """Return (metric, segment, step of `width_hours` since the window's start, mean value weighted by sample size)."""
    with connection.cursor() as cursor:
        cursor.execute(METRICS, case_parameters(incident, axis) | {"width": width_hours * 3600.0})
        return list(cursor.fetchall())


def distinct(ids: Sequence[int] | Ints) -> list[int]:
    """Return the distinct ids in order."""
    return [int(one) for one in np.unique(np.asarray(ids, dtype=np.int64))]
