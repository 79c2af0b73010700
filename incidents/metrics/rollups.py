"""Metric points summed up by the hour and, where they are dense, by five minutes: kept and read.

A rollup is never corrected, only counted anew. Triggers note each touched hour in `incidents_metricstale`, in the very
transaction that touched it; readers count the points of stale hours themselves, so what they see is always what the
points say, and `refresh_metric_rollups` counts those hours again whenever it comes round.
"""

from typing import Literal

from django.db import connection, transaction

from incidents.catalog.models import Product

FINE, HOUR = 300, 3600
# An hour with fewer points has no finer rollup: its points are read as they are.
DENSE = 24
_LOCK = 0x6D65_7472  # one at a time, whoever asks
_CHUNK = 20_000  # hours of series a transaction

# The sums of a bucket, from points `p`; `epoch` is a point's place in time: a day's value lies at noon.
SUMS = """
    count(*) AS n_points, sum(epoch) AS at_total, sum(value) AS total, sum(value * n) AS weighted,
    min(value) AS least, max(value) AS greatest, sum(n) AS n, sum(coalesce(n, 1)) AS n_or_one,
    count(stderr) AS n_stderr, sum((coalesce(n, 1) * stderr) ^ 2) AS variance
"""
EPOCH = "extract(epoch FROM p.at)::float8 + CASE WHEN p.day_only THEN 43200 ELSE 0 END"
_MERGED = """
    sum(n_points) AS n_points, sum(at_total) AS at_total, sum(total) AS total, sum(weighted) AS weighted,
    min(least) AS least, max(greatest) AS greatest, sum(n) AS n, sum(n_or_one) AS n_or_one,
    sum(n_stderr) AS n_stderr, sum(variance) AS variance
"""
COLUMNS = "n_points, at_total, total, weighted, least, greatest, n, n_or_one, n_stderr, variance"

# One look into the index for each hour, whatever the planner believes: series that have just come in are not in its
# statistics, and a join over them would pair every point with every hour. OFFSET 0 keeps it from rewriting this.
POINTS_OF = """(
    SELECT * FROM incidents_metricpoint
    WHERE series_id = {series} AND at >= {hour} AND at < {hour} + interval '1 hour' OFFSET 0)"""
_TAKE = """
    WITH taken AS (
        DELETE FROM incidents_metricstale WHERE ctid = ANY(ARRAY(
            SELECT ctid FROM incidents_metricstale {condition} ORDER BY series_id, hour LIMIT %s))
        RETURNING series_id, hour
    )
    INSERT INTO due SELECT DISTINCT series_id, hour FROM taken
"""
_OF_PRODUCT = """
    WHERE series_id IN (SELECT s.id FROM incidents_metricseries s JOIN incidents_metric m ON m.id = s.metric_id
                        WHERE m.product_id = %s)
"""
_DROP = """
    DELETE FROM incidents_metricrollup r USING due d
    WHERE r.series_id = d.series_id AND r.width IN (300, 3600) AND r.at >= d.hour AND r.at < d.hour + interval '1 hour'
"""
_COUNT = f"""
    WITH point AS (
        SELECT p.series_id, d.hour, date_bin('5 minutes', p.at, d.hour) AS at, p.value, p.n, p.stderr, {EPOCH} AS epoch
        FROM due d CROSS JOIN LATERAL {POINTS_OF.format(hour="d.hour", series="d.series_id")} p
    ), fine AS MATERIALIZED (
        SELECT series_id, hour, at, {SUMS} FROM point GROUP BY 1, 2, 3
    ), hourly AS (
        SELECT series_id, hour, {_MERGED} FROM fine GROUP BY 1, 2
    )
    INSERT INTO incidents_metricrollup (series_id, width, at, {COLUMNS})
    SELECT series_id, {HOUR}, hour, {COLUMNS} FROM hourly
    UNION ALL
    SELECT f.series_id, {FINE}, f.at, {", ".join(f"f.{name.strip()}" for name in COLUMNS.split(","))}
    FROM fine f JOIN hourly h USING (series_id, hour) WHERE h.n_points >= {DENSE}
    ORDER BY 2, 1, 3
"""  # noqa: S608 - only this module's constants are put in


def refresh_metric_rollups(*, product: Product | None = None) -> int:
    """Count stale hours anew, of one product or of all, in transactions of limited size; return how many.

    To be called outside of a transaction: within one, the locks last until its end.
    """
    done = 0
    while n := _refresh_some(product):
        done += n
    return done


@transaction.atomic
def _refresh_some(product: Product | None) -> int:
    with connection.cursor() as cursor:
        # Two refreshes of the same hour would both write it. Each statement after the lock sees what was committed.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        cursor.execute("CREATE TEMPORARY TABLE due (series_id bigint, hour timestamptz) ON COMMIT DROP")
        condition, parameters = ("", []) if product is None else (_OF_PRODUCT, [product.pk])
        cursor.execute(_TAKE.format(condition=condition), [*parameters, _CHUNK])
        n = int(cursor.rowcount)
        if n:
            cursor.execute("ANALYZE due")
            cursor.execute(_DROP)
            cursor.execute(_COUNT)
        # A caller's own transaction (a test's) does not end here.
        cursor.execute("DROP TABLE due")
    return n


# Each point as a bucket of its own, so that points and rollups are added up alike.
_RAW = f"""
    SELECT p.series_id, 1 AS n_points, {EPOCH} AS at_total, value AS total, value * n AS weighted, value AS least,
        value AS greatest, n, coalesce(n, 1) AS n_or_one, (stderr IS NOT NULL)::int AS n_stderr,
        (coalesce(n, 1) * stderr) ^ 2 AS variance
    FROM {{source}}
"""  # noqa: S608
_POINTS = "incidents_metricpoint p WHERE series_id = ANY(%(series)s) AND at >= %(start)s AND at < %(end)s"
_SPARSE = f"""
    UNION SELECT series_id, at FROM incidents_metricrollup
    WHERE series_id = ANY(%(series)s) AND width = {HOUR} AND at > %(start)s - interval '1 hour' AND at < %(end)s
        AND n_points < {DENSE}
"""  # noqa: S608
_SPOTS = f"""
    (SELECT DISTINCT series_id, hour FROM incidents_metricstale
     WHERE series_id = ANY(%(series)s) AND hour > %(start)s - interval '1 hour' AND hour < %(end)s {{more}}
    ) spot CROSS JOIN LATERAL {POINTS_OF.format(hour="spot.hour", series="spot.series_id")} p
    WHERE p.at >= %(start)s AND p.at < %(end)s
"""  # noqa: S608
_FROM_ROLLUP = f"""
    SELECT series_id, {COLUMNS} FROM incidents_metricrollup r
    WHERE series_id = ANY(%(series)s) AND width = {{width}} AND at >= %(start)s AND at < %(end)s AND NOT EXISTS
        (SELECT 1 FROM incidents_metricstale s WHERE s.series_id = r.series_id AND s.hour = incidents_hour(r.at))
    UNION ALL
    ({_RAW.format(source=_SPOTS)})
"""  # noqa: S608


Side = Literal["before", "after"]
_NEIGHBOURS: dict[Side, str] = {
    "before": "p.at < %(start)s AND p.at >= %(start)s - %(reach)s ORDER BY p.at DESC",
    "after": "p.at >= %(end)s AND p.at < %(end)s + %(reach)s ORDER BY p.at",
}


def neighbour_rows(side: Side) -> str:
    """Return SQL for the nearest point of each of %(series)s outside [%(start)s, %(end)s), at most %(reach)s away."""
    nearest = f"SELECT * FROM incidents_metricpoint p WHERE p.series_id = one.id AND {_NEIGHBOURS[side]} LIMIT 1"  # noqa: S608
    return _RAW.format(source=f"unnest(%(series)s::bigint[]) AS one(id) CROSS JOIN LATERAL ({nearest}) p")


def source_rows(width: float) -> tuple[str, int]:
    """Return SQL whose rows add up to the points of %(series)s in [%(start)s, %(end)s), and the width that it reads.

    The coarsest kept level that is not wider than `width` seconds; below the finest, the points themselves (width 0).
    """
    if width >= HOUR:
        return _FROM_ROLLUP.format(width=HOUR, more=""), HOUR
    if width >= FINE:
        return _FROM_ROLLUP.format(width=FINE, more=_SPARSE), FINE
    return _RAW.format(source=_POINTS), 0
