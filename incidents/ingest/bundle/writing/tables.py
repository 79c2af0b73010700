"""exposure.csv and metrics.csv: a column per dimension, an empty cell for "all"."""

from collections.abc import Iterator

from incidents.ingest.bundle.writing.scope import ExportScope, cell, stored

_EXPOSURE = """
SELECT DISTINCT ON (t.at, g.values::text COLLATE "C") t.at, t.day_only, g.values::text, t.count
FROM incidents_exposurecount t JOIN incidents_segment g ON g.id = t.segment_id
WHERE t.product_id = %(product)s
  AND (t.source_id = %(source)s OR (t.at >= %(starts_at)s AND t.at < %(ends_at)s))
ORDER BY t.at NULLS FIRST, g.values::text COLLATE "C", t.source_id <> %(source)s, t.source_id
"""

# Where two sources tell the same metric of the same segment at the same time, the case's own one counts.
_METRICS = """
SELECT DISTINCT ON (m.position, m.key, g.values::text COLLATE "C", t.at)
       m.key, t.at, t.day_only, g.values::text, t.value, t.n, t.stderr
FROM incidents_metricpoint t
JOIN incidents_metricseries s ON s.id = t.series_id
JOIN incidents_metric m ON m.id = s.metric_id
JOIN incidents_segment g ON g.id = s.segment_id
WHERE m.product_id = %(product)s
  AND (s.source_id = %(source)s OR (t.at >= %(starts_at)s AND t.at < %(ends_at)s))
ORDER BY m.position, m.key, g.values::text COLLATE "C", t.at, s.source_id <> %(source)s, s.source_id
"""


def exposure_lines(scope: ExportScope) -> Iterator[bytes]:
    """Yield usage counts, in order of time; those of the whole window come first."""
    names = [row.key for row in scope.dimensions]
    header = _line(["at", *map(cell, names), "count"])
    for at, day_only, segment, count in scope.rows(_EXPOSURE):
        values = stored(segment)
        time = "" if at is None else scope.time(at, day_only=day_only)
        row = _line([time, *(cell(values.get(name)) for name in names), cell(count)])
        yield header + row
        header = b""


def metric_lines(scope: ExportScope) -> Iterator[bytes]:
    """Yield points by metric, segment and time."""
    names = [row.key for row in scope.dimensions]
    header = _line(["metric", "at", *map(cell, names), "value", "n", "stderr"])
    for key, at, day_only, segment, *numbers in scope.rows(_METRICS):
        values = stored(segment)
        time = scope.time(at, day_only=day_only)
        yield header + _line(
            [cell(key), time, *(cell(values.get(name)) for name in names), *(cell(one) for one in numbers)]
        )
        header = b""


def _line(cells: list[str]) -> bytes:
    return (",".join(cells) + "\n").encode()
