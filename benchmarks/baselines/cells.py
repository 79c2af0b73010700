"""The cells as baselines see them: membership in scopes, and tables of days against patterns."""

from dataclasses import dataclass

import numpy as np

from benchmarks.scoring import Bools, Floats, Ints
from incidents.stats.attribution import CaseEvidence, Settings
from incidents.stats.attribution.exposure import curves

DELAY_HOURS = 12.0  # mean delay from exposure to complaint that all baselines assume
DECAY_DAYS = 2.5  # of the interest after a public event


def middle_hours(evidence: CaseEvidence) -> Floats:
    """Return the middle of each cell's bin."""
    return np.asarray(0.5 * (evidence.edges[:-1] + evidence.edges[1:])[evidence.cell_bin])


def not_contradicted(evidence: CaseEvidence) -> Bools:
    """Return per change and cell (J, n_cells) whether nothing the cell reports lies outside the scope."""
    inside = np.ones((len(evidence.changes), len(evidence.patterns)), bool)
    for j, change in enumerate(evidence.changes):
        for dim, values in change.scope:
            told = evidence.patterns[:, dim]
            inside[j] &= (told < 0) | np.isin(told, values)
    return np.asarray(inside[:, evidence.cell_pattern])


def membership(evidence: CaseEvidence, patterns: Ints) -> Floats:
    """Return the share of the use compatible with each pattern that lies in each scope, (J, n_patterns).

    Raises ValueError without counts of use: the baselines cannot learn them from the tickets.
    """
    if evidence.usage is None:
        raise ValueError("The baselines need counts of use by segment (exposure.csv).")
    segments, share = evidence.usage.segments, evidence.usage.share
    compatible = np.ones((len(patterns), len(segments)), bool)
    for dim in range(segments.shape[1]):
        told = patterns[:, dim, None]
        compatible &= (told < 0) | (told == segments[None, :, dim])
    scope = np.ones((len(evidence.changes), len(segments)), bool)
    for j, change in enumerate(evidence.changes):
        for dim, values in change.scope:
            scope[j] &= np.isin(segments[:, dim], values)
    mass = compatible.astype(np.float64) * share
    return np.asarray((mass @ scope.T / np.maximum(mass.sum(1, keepdims=True), 1e-300)).T)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayTable:
    """Counts (D days, P patterns, K symptoms) with each change's exposed share (J, D, P).

    Patterns are those of the dimensions that scopes name most; a missing value is a level of its own.
    """

    counts: Floats
    exposure: Floats
    cell_day: Ints
    cell_pattern: Ints
    publicity: tuple[float, ...]

    def of_cells(self, values: Floats) -> Floats:
        """Return the values (…, D, P) at each cell (…, n_cells)."""
        return np.asarray(values[..., self.cell_day, self.cell_pattern])

    def time_columns(self) -> Floats:
        """Return the regression on time (D, C): trend, bend, weekdays, decaying interest; without a constant."""
        n_days = self.counts.shape[0]
        day = np.arange(n_days)
        centred = (day - n_days / 2) / n_days
        columns = [centred, centred**2 - 1 / 12]
        columns += [(day % 7 == w) - 1 / 7 for w in range(6)] if n_days >= 14 else []
        for hour in self.publicity:
            since = day + 0.5 - hour / 24
            columns.append(np.where(since > 0, np.exp(-np.maximum(since, 0) / DECAY_DAYS), 0.0))
        return np.array(columns, dtype=np.float64).T


def day_table(evidence: CaseEvidence, n_dimensions: int) -> DayTable:
    """Count complaints by day and pattern of the `n_dimensions` dimensions that scopes name most."""
    named: dict[int, int] = {}
    for change in evidence.changes:
        for dim, _ in change.scope:
            named[dim] = named.get(dim, 0) + 1
    kept = sorted(sorted(named, key=lambda dim: -named[dim])[:n_dimensions])
    narrow = np.full_like(evidence.patterns, -1)
    narrow[:, kept] = evidence.patterns[:, kept]
    patterns, pattern_of = np.unique(narrow, axis=0, return_inverse=True)
    cell_pattern = pattern_of.reshape(-1)[evidence.cell_pattern]
    day = evidence.day - evidence.day[0]
    n_days = int(day[-1]) + 1
    counts = np.zeros((n_days, len(patterns), len(evidence.symptoms)))
    np.add.at(counts, (day[evidence.cell_bin], cell_pattern, evidence.cell_symptom), evidence.cell_count)
    settings = Settings(lags=(DELAY_HOURS,), half_lives=(0.0,))
    curve = curves(evidence.changes, evidence.edges, settings)[0][:, 0]
    width = np.diff(evidence.edges)
    by_day = np.array([np.bincount(day, curve[j] * width, n_days) for j in range(len(evidence.changes))])
    by_day = by_day.reshape(len(evidence.changes), n_days) / np.bincount(day, width, n_days)
    return DayTable(
        counts=counts,
        exposure=by_day[:, :, None] * membership(evidence, patterns)[:, None, :],
        cell_day=day[evidence.cell_bin],
        cell_pattern=cell_pattern,
        publicity=evidence.publicity,
    )
