"""Counted use (sessions, users, requests) as the denominator of rates: which table of counts, over which bins.

Counts often come as several tables, one per set of dimensions, each adding up to all use: they must never be added to
each other. A rate takes the largest table that tells all the dimensions that are asked for.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import orjson
from django.db import connection
from numpy.typing import NDArray

from incidents.catalog.models import Product

Floats = NDArray[np.float64]
# A day of 23 hours or a day on which nobody was counted does not make daily counts anything else.
SLACK = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class UseTable:
    """One table of dated counts: its segments' patterns by their id, and the least time between two counts (seconds).

    Without patterns there is no such table: `untold` names the dimensions that no table tells; where it is empty too,
    nothing is counted over time at all.
    """

    patterns: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    cadence: int = 0
    untold: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is anything to divide by."""
        return bool(self.patterns)


def use_table(product: Product, needed: Collection[str]) -> UseTable:
    """Return the table of counts over time that tells all the needed dimensions, with one statement."""
    statement = """
        select s.id, s."values"::text, sum(e.count), count(distinct e.at), min(e.at), max(e.at)
        from incidents_exposurecount e join incidents_segment s on s.id = e.segment_id
        where e.product_id = %s and e.at is not null group by s.id
    """
    tables: dict[tuple[str, ...], list[tuple[int, dict[str, str], float, int, dt.datetime, dt.datetime]]]
    tables = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(statement, [product.pk])
        for pk, told, *counted in cursor.fetchall():
            pattern = orjson.loads(told)
            tables[tuple(sorted(pattern))].append((pk, pattern, *counted))
    over_time = {key: rows for key, rows in tables.items() if max(row[3] for row in rows) > 1}
    able = [rows for key, rows in over_time.items() if set(needed) <= set(key)]
    if not able:
        told = {name for key in over_time for name in key}
        return UseTable(untold=tuple(sorted(set(needed) - told or set(needed))) if over_time else ())
    rows = max(able, key=lambda some: sum(row[2] for row in some))
    longest = max(rows, key=lambda row: row[3])
    return UseTable(
        patterns={row[0]: row[1] for row in rows},
        cadence=round(SLACK * (longest[5] - longest[4]).total_seconds() / (longest[3] - 1)),
    )


def use_in_bins(product: Product, segment_ids: Collection[int], edges: Sequence[dt.datetime]) -> Floats:
    """Return use of these segments (of one table) per bin between `edges`; 0 where none is counted."""
    statement = """
        select width_bucket(at, %s::timestamptz[]), sum(count) from incidents_exposurecount
        where product_id = %s and segment_id = any(%s) and at >= %s and at < %s group by 1
    """
    found = np.zeros(len(edges) - 1)
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(edges), product.pk, list(segment_ids), edges[0], edges[-1]])
        for number, amount in cursor.fetchall():
            found[number - 1] += amount
    return found
