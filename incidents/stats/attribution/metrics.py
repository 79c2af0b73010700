"""Metrics as evidence: each change's effect in its scope, and the log odds that follow."""

from dataclasses import dataclass

import numpy as np

from incidents.stats.attribution.evidence import CaseEvidence, Floats, Ints, MetricPanel
from incidents.stats.attribution.exposure import grid, ramp
from incidents.stats.attribution.findings import Figure
from incidents.stats.attribution.frame import Frame
from incidents.stats.metric_effect import MetricEffect, joint_effects
from incidents.stats.metric_moves import moved_factors

FEWEST_SHOWN, MOST_SHOWN = 4, 90  # times of a figure
MOSTLY = 0.7  # of the largest share of use in scope: from there, and below the rest, groups are drawn
MOST_TIMES = 240  # longer series are averaged to so many times


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricEvidence:
    """Log odds per change (J,), and its effects by metric."""

    log_odds: Floats
    effects: tuple[tuple[tuple[str, MetricEffect], ...], ...]
    panels: tuple[tuple[MetricPanel, Floats], ...] = ()  # with the share of each group's use in scope (J, G)

    def figure(self, j: int, key: str) -> Figure | None:
        """Return a metric over time in the groups that change j reached most, and in those that it reached least."""
        for panel, share in self.panels:
            if panel.key != key or len(panel.hours) < FEWEST_SHOWN:
                continue
            part = np.arange(len(panel.hours)) * min(len(panel.hours), MOST_SHOWN) // len(panel.hours)
            most = max(float(share[j].max()), 1e-12)
            sides = [("reached most", share[j] > MOSTLY * most), ("reached least", share[j] < (1 - MOSTLY) * most)]
            series = [(name, _averaged(panel.values[:, chosen], part)) for name, chosen in sides if chosen.any()]
            if not series:
                return None
            hours = np.bincount(part, weights=panel.hours) / np.bincount(part)
            return Figure(x=tuple(float(h) for h in np.round(hours, 2)), series=tuple(series))
        return None


def metric_evidence(frame: Frame) -> MetricEvidence:
    """Judge all metrics of a case against all its changes."""
    evidence, settings = frame.evidence, frame.evidence.settings
    n = frame.n_changes
    found: list[list[tuple[str, MetricEffect]]] = [[] for _ in range(n)]
    panels: list[tuple[MetricPanel, Floats]] = []
    factors: list[Floats] = []
    harmful, harmless = settings.metric_moves_if_harmful, settings.metric_moves_if_harmless
    share = settings.prior_share(n)
    moves = share * harmful + (1.0 - share) * harmless
    reached = _Reached(evidence)
    for told in evidence.metrics if n else ():
        panel = _shortened(told)
        panels.append((panel, _group_share(frame, panel)))
        exposures = reached.at(panel.hours)[:, :, None] * panels[-1][1][:, None, :]
        for j, effect in enumerate(joint_effects(panel.values, exposures)):
            if effect is not None:
                found[j].append((panel.key, effect))
        if settings.use_metrics:
            factors.append(
                moved_factors(
                    panel.values,
                    exposures,
                    adverse={"higher": -1, "lower": 1}.get(panel.better or "", 0),
                    scale=_scale(panel.values),
                    moves=moves / len(evidence.metrics),
                )
            )
    odds = np.zeros(n)
    if factors:  # a change moves one metric, if any: which one is not known
        moved = np.mean(factors, axis=0)
        odds = np.log((harmful * moved + 1.0 - harmful) / (harmless * moved + 1.0 - harmless))
    return MetricEvidence(log_odds=odds, effects=tuple(tuple(own) for own in found), panels=tuple(panels))


def _averaged(values: Floats, part: Ints) -> tuple[float, ...]:
    """Average groups (T, G) and neighbouring times; NaN where there is no point."""
    known = ~np.isnan(values)
    count = np.bincount(part, weights=known.sum(1))
    total = np.bincount(part, weights=np.where(known, values, 0.0).sum(1))
    return tuple(float(v) for v in np.where(count > 0, total / np.maximum(count, 1), np.nan))


def _group_share(frame: Frame, panel: MetricPanel) -> Floats:
    """Return the share of each group's use that lies in each change's scope (J, G)."""
    everything = frame.lattice.margins(frame.usage).ravel()
    pattern = frame.lattice.locate(panel.groups)
    return np.asarray(frame.inside[:, pattern] / np.maximum(everything[pattern], 1e-300), dtype=np.float64)


class _Reached:
    """What share of their scope changes had reached, at the times of one metric after another."""

    def __init__(self, evidence: CaseEvidence) -> None:
        self.evidence = evidence
        fine = grid(evidence.edges)
        self.centre = 0.5 * (fine[:-1] + fine[1:])
        self.known: dict[bytes, Floats] = {}
        self.curves: list[tuple[Floats, float]] = []
        for change in evidence.changes if evidence.metrics else ():
            reached = ramp(change, fine)
            if change.carrier is not None and change.visibility == "public":
                position = np.searchsorted(evidence.edges, self.centre, side="right") - 1
                adoption = change.carrier.adoption[np.clip(position, 0, evidence.n_bins - 1)]
                reached = adoption * (self.centre >= change.started)
            before = float(reached[0]) if change.started < evidence.edges[0] else 0.0
            self.curves.append((reached, before))

    def at(self, hours: Floats) -> Floats:
        """Return the shares at some times (J, T)."""
        key = hours.tobytes()
        if key not in self.known:
            told = [np.interp(hours, self.centre, reached, left=before) for reached, before in self.curves]
            self.known[key] = np.array(told).reshape(len(told), len(hours))
        return self.known[key]


def _shortened(panel: MetricPanel) -> MetricPanel:
    n = len(panel.hours)
    if n <= MOST_TIMES:
        return panel
    part = np.arange(n) * MOST_TIMES // n
    filled = np.where(np.isnan(panel.values), 0.0, panel.values)
    count = np.zeros((MOST_TIMES, panel.values.shape[1]))
    total = np.zeros_like(count)
    np.add.at(count, part, ~np.isnan(panel.values))
    np.add.at(total, part, filled)
    hours = np.bincount(part, weights=panel.hours) / np.bincount(part)
    values = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return MetricPanel(key=panel.key, hours=hours, groups=panel.groups, values=values, better=panel.better)


def _scale(values: Floats) -> float:
    """Robust standard deviation of a metric's own ups and downs, level shifts left out."""
    steps = np.diff(values, axis=0)
    steps = steps[~np.isnan(steps)]
    if not len(steps):
        return 1.0
    return max(float(np.median(np.abs(steps)) / 0.6745 / np.sqrt(2.0)), 1e-9)
