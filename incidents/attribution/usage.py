"""How use moves over time, per dimension: dated usage counts as margins on the axis."""

from collections.abc import Sequence

import numpy as np

from incidents.attribution.axis import TimeAxis
from incidents.stats.attribution.evidence import Dimension, Floats, Ints

FEWEST_TIMES = 3  # counts at fewer times say nothing about movement


def usage_over_time(
    axis: TimeAxis, dimensions: Sequence[Dimension], *, hours: Floats, patterns: Ints, counts: Floats
) -> tuple[tuple[int, Floats], ...]:
    """Return, for each dimension that dated counts tell apart, use per bin and value.

    `hours` (n,), `patterns` (n, n_dimensions) value indices with -1 for all, `counts` (n,). Counts often come as
    several tables, one per set of dimensions; for each dimension the best filled table that names it is summed over
    the others.
    """
    stated = patterns >= 0
    signatures, which = np.unique(stated, axis=0, return_inverse=True)
    which = which.reshape(-1)
    out = []
    for dim in range(len(dimensions)):
        best: tuple[float, Ints] | None = None
        for number in np.flatnonzero(signatures[:, dim]):
            rows = np.flatnonzero(which == number)
            total = float(counts[rows].sum())
            if len(np.unique(hours[rows])) >= FEWEST_TIMES and (best is None or total > best[0]):
                best = (total, rows)
        if best is None or best[0] <= 0:
            continue
        rows = best[1]
        n_values = len(dimensions[dim].values)
        times, at = np.unique(hours[rows], return_inverse=True)
        table = np.zeros((len(times), n_values))
        np.add.at(table, (at, patterns[rows, dim]), counts[rows])
        out.append((dim, _on_axis(axis, times, table)))
    return tuple(out)


def _on_axis(axis: TimeAxis, times: Floats, table: Floats) -> Floats:
    """Spread counts, each from its time to the next one's, over the bins; the ends keep the nearest counts."""
    ends = np.append(times[1:], times[-1] + float(np.median(np.diff(times))))
    rate = table / (ends - times)[:, None]
    total = np.concatenate([np.zeros((1, table.shape[1])), np.cumsum(table, axis=0)])
    points = np.append(times, ends[-1])
    at = np.clip(axis.edges, points[0], points[-1])
    inside = np.array([np.interp(at, points, total[:, v]) for v in range(table.shape[1])]).T
    out = np.diff(inside, axis=0)
    before = np.clip(points[0] - axis.edges[:-1], 0.0, np.diff(axis.edges))
    after = np.clip(axis.edges[1:] - points[-1], 0.0, np.diff(axis.edges))
    return np.asarray(out + before[:, None] * rate[0] + after[:, None] * rate[-1], dtype=np.float64)
