"""Rules of thumb: complaints in scope before against after each change, and the nearest preceding change."""

import numpy as np

from benchmarks.baselines.cells import middle_hours, not_contradicted
from benchmarks.baselines.claims import Z90, Claims
from incidents.stats.attribution import CaseEvidence

BEFORE_HOURS, SHOW_HOURS = 168.0, 72.0
RATIO, DEVIATIONS = 1.3, 3.0
CLEAR_RISE = 1.5


def before_after(evidence: CaseEvidence) -> Claims:
    """Compare complaints in scope in the week before a change with those after it; named above 1.3 times and z 3."""
    hours, inside = middle_hours(evidence), not_contradicted(evidence)
    count, end = evidence.cell_count, float(evidence.edges[-1])
    n = len(evidence.changes)
    score, excess, error, part = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros((n, len(hours)))
    named = np.zeros(n)
    for j, change in enumerate(evidence.changes):
        stop = change.ended if change.ended is not None else end
        back = min(BEFORE_HOURS, max(change.started, 1.0))
        ahead = max(min(BEFORE_HOURS, end - change.started, max(stop - change.started, 24.0)), 1.0)
        earlier = inside[j] & (hours < change.started) & (hours >= change.started - back)
        later = inside[j] & (hours >= change.started) & (hours < change.started + ahead)
        active = inside[j] & (hours >= change.started) & (hours < stop + SHOW_HOURS)
        before, after = count[earlier].sum(), count[later].sum()
        expected = before * ahead / back
        ratio = (after + 0.5) / (expected + 0.5)
        score[j] = (after - expected) / np.sqrt(after + expected * ahead / back + 1)
        named[j] = ratio > RATIO and score[j] > DEVIATIONS
        longer = (min(stop + SHOW_HOURS, end) - change.started) / back
        excess[j] = max(count[active].sum() - before * longer, 0.0)
        error[j] = np.sqrt(count[active].sum() + before * longer**2 + 1)
        part[j] = active * max(0.0, 1 - 1 / ratio)
    low, high = excess - Z90 * error, excess + Z90 * error
    return Claims(score=score, named=named, excess=excess, low=low, high=high, part=part)


def nearest_change(evidence: CaseEvidence) -> Claims:
    """Every complaint belongs to the nearest preceding change of its scope, if complaints rose by half."""
    hours, inside = middle_hours(evidence), not_contradicted(evidence)
    count = evidence.cell_count
    started = np.array([change.started for change in evidence.changes])
    n = len(started)
    gap = hours - started[:, None]
    open_to = inside & (gap >= 0) & (gap < BEFORE_HOURS)
    owner = np.full(len(hours), -1)
    if n:
        owner = np.where(open_to.any(0), np.where(open_to, gap, np.inf).argmin(0), -1)
    score, named, excess, part = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros((n, len(hours)))
    for j in range(n):
        after = count[inside[j] & (gap[j] >= 0) & (gap[j] < SHOW_HOURS)].sum()
        before = count[inside[j] & (gap[j] < 0) & (gap[j] >= -SHOW_HOURS)].sum()
        score[j] = (after - before) / np.sqrt(after + before + 1)
        named[j] = after > CLEAR_RISE * before and score[j] > DEVIATIONS
        excess[j] = count[owner == j].sum()
        part[j] = 0.9 * (owner == j)
    error = Z90 * np.sqrt(excess)
    return Claims(score=score, named=named, excess=excess, low=excess - error, high=excess + error, part=part)
