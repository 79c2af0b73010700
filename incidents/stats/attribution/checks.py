"""The checks a person can follow: onset, scope, dose, revert, return, prior symptoms, alternatives, metrics.

They explain; they are never the estimate. All work on blocks: complaints inside a scope, what other changes own taken
out, against the expectation from season, trend and known publicity alone.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from incidents.stats.attribution.counting import tally
from incidents.stats.attribution.evidence import Floats
from incidents.stats.attribution.findings import Direction, Estimate, EvidenceItem, Figure
from incidents.stats.attribution.metrics import MetricEvidence
from incidents.stats.attribution.posterior import Posterior
from incidents.stats.attribution.search import UNLOGGED, Found, Search

Mask = NDArray[np.bool_]
NORMAL_90 = 1.6448536269514722
WINDOW = 14 * 24.0  # hours before and after an edge
RECENT = 7 * 24.0  # hours before the start in which symptoms would have been there first
FEWEST = 2  # blocks on each side of a comparison
CLEAR_METRIC = 1.5  # standard errors from which a metric is shown


@dataclass(frozen=True, slots=True, kw_only=True)
class _Series:
    """Complaints in and out of scope per block, others' excess taken out, and what would be expected of them."""

    hours: Floats
    inside: Floats
    outside: Floats
    expected_in: Floats
    expected_out: Floats
    exposed: Floats  # modelled curve, 1 at its height
    variance: float


class Checks:
    """Makes the checks of one case."""

    def __init__(self, search: Search, found: Found, summary: Posterior, metrics: MetricEvidence) -> None:
        """Keep what all checks share."""
        self.search, self.found, self.summary, self.metrics = search, found, summary, metrics
        frame, base = search.frame, search.base
        self.rate = base.block_rate(found.state)
        self.claimed = 1.0 - summary.shares[:, -1] + summary.unlogged_share
        self.block = base.cell_block
        self.n_blocks = frame.n_blocks
        self.bin_rate = tally(frame.block, found.state.rate, self.n_blocks)
        # what no excess owns, by block, and what of it lies in each change's scope (D, J)
        free = frame.cell_count * np.clip(1.0 - self.claimed, 0.0, 1.0)
        self.free = tally(self.block, free, self.n_blocks)
        by_kind = csr_matrix((free, (self.block, frame.cell_kind)), shape=(self.n_blocks, len(frame.kind_pattern)))
        self.free_inside = np.asarray(by_kind @ search.screen.share[frame.kind_pattern])

    def of(self, j: int, together: tuple[int, ...]) -> tuple[EvidenceItem, ...]:
        """Return the checks of a change; `together` are the changes it cannot be told from."""
        if j not in self.search.reachable:
            return ()
        change = self.search.frame.evidence.changes[j]
        series = self._series(j, together)
        before, after = self._edges(series, change.started)
        items = [
            self._onset(series, before, after),
            self._scope(series, before, after),
            self._dose(series, before),
            self._prior(series, change.started),
            # what a version carries goes as people leave it: the excess of the whole scope falls with its use
            self._revert(series if change.carrier is None else self._series(j, together, by_version=False)),
            self._return(series),
        ]
        return (*[item for item in items if item is not None], *self._alternatives(j), *self._metrics(j))

    def _series(self, j: int, together: tuple[int, ...], *, by_version: bool = True) -> _Series:
        frame, summary = self.search.frame, self.summary
        owners = [i for i in (j, *together) if summary.expected[i] > 0]
        reach = min(float(frame.reach[j]), 1.0)
        curve = tally(frame.block, frame.curve[j, self._shape(j)] * self.found.state.rate, self.n_blocks)
        curve = curve / np.maximum(self.bin_rate, 1e-300)
        moved = np.ones(self.n_blocks)
        if not owners and self._steady(j):
            inside, whole = self.free_inside[:, j], self.free
        else:
            mine = sum((summary.shares[:, i] for i in owners), np.zeros(len(self.claimed)))
            count = frame.cell_count * np.clip(1.0 - (self.claimed - mine), 0.0, 1.0)
            held, moved = self._held(j, by_version=by_version)
            inside, whole = (tally(self.block, part, self.n_blocks) for part in (count * held, count))
        outside = np.maximum(whole - inside, 0.0)
        return _Series(
            hours=frame.block_hours,
            inside=inside,
            outside=outside,
            expected_in=self.rate * moved,
            expected_out=self.rate * np.maximum(1.0 - reach * moved, 0.01) / max(1.0 - reach, 0.01),
            exposed=curve / max(float(curve.max()), 1e-12),
            variance=self.found.state.day_dispersion + self.found.state.mix_dispersion,
        )

    def _held(self, j: int, *, by_version: bool) -> tuple[Floats, Floats]:
        """Return each cell's chance of lying in scope (N,), and how the share of use in scope moves (D,)."""
        base, frame = self.search.base, self.search.frame
        change = frame.evidence.changes[j]
        held = self.search.screen.share[frame.kind_pattern[frame.cell_kind], j]
        reach = np.ones(self.n_blocks)
        moved = base.moved(frame.scope[j])
        if moved is not None:
            held = np.minimum(held * base.cell_moved(moved), 1.0)
            reach = moved.reach
        if change.carrier is not None and by_version:
            adoption = tally(frame.block, change.carrier.adoption, self.n_blocks) / np.bincount(frame.block)
            state = frame.kind_state[frame.cell_kind, j]
            held = held * np.where(state == 1, 1.0, np.where(state == 2, 0.0, adoption[self.block]))
            reach = reach * np.maximum(adoption, 1e-3)
        return held, reach

    def _steady(self, j: int) -> bool:
        """Tell whether the same share of a kind of report lies in scope at all times."""
        frame = self.search.frame
        return frame.evidence.changes[j].carrier is None and self.search.base.moved(frame.scope[j]) is None

    def _shape(self, j: int) -> int:
        best, shape = 0.0, 1 if len(self.search.frame.shapes) > 1 else 0
        for slot in self.found.slots:
            for candidate, weight in zip(slot.candidates, slot.weights, strict=True):
                if candidate.exposure.change == j and weight > best:
                    best, shape = float(weight), candidate.exposure.shape
        return shape

    def _edges(self, series: _Series, started: float) -> tuple[Mask, Mask]:
        """Blocks before the start, and blocks in which the change shows."""
        before = (series.hours < started) & (series.hours >= started - WINDOW) & (series.exposed < 0.02)
        shown = series.exposed > 0.25
        first = series.hours[shown][0] if shown.any() else np.inf
        return before, shown & (series.hours < first + WINDOW)

    def _onset(self, series: _Series, before: Mask, after: Mask) -> EvidenceItem | None:
        if before.sum() < FEWEST or after.sum() < 1:
            return None
        estimate = _ratio(series.inside, series.expected_in, before, after, series.variance)
        scale = series.inside[before].sum() / max(float(series.expected_in[before].sum()), 1e-12)
        figure = Figure(
            x=_tuple(series.hours),
            series=(
                ("observed", _tuple(series.inside)),
                ("expected", _tuple(scale * series.expected_in)),
                ("exposed", _tuple(series.exposed)),
            ),
        )
        return EvidenceItem(kind="onset", direction=_above_one(estimate), estimate=estimate, figure=figure)

    def _scope(self, series: _Series, before: Mask, after: Mask) -> EvidenceItem | None:
        whole = series.inside.sum() + series.outside.sum()
        if series.outside.sum() < 0.02 * whole or before.sum() < FEWEST or after.sum() < 1:
            return None
        inside = _ratio(series.inside, series.expected_in, before, after, 0.0)
        outside = _ratio(series.outside, series.expected_out, before, after, 0.0)
        counts = [part[side].sum() for part in (series.inside, series.outside) for side in (before, after)]
        spread = max(self.found.state.scope_dispersion, default=1e-3) * (1 / before.sum() + 1 / after.sum())
        error = float(np.sqrt(sum(1.0 / max(c, 0.5) for c in counts) + spread))
        estimate = _log_interval(float(np.log(max(inside.value, 1e-9) / max(outside.value, 1e-9))), error)
        figure = Figure(
            x=_tuple(series.hours),
            series=(
                ("inside", _tuple(_relative(series.inside, series.expected_in, before))),
                ("outside", _tuple(_relative(series.outside, series.expected_out, before))),
            ),
        )
        return EvidenceItem(kind="scope", direction=_above_one(estimate), estimate=estimate, figure=figure)

    def _dose(self, series: _Series, before: Mask) -> EvidenceItem | None:
        partial = (series.exposed > 0.05) & (series.exposed < 0.9)
        full = series.exposed >= 0.9
        rising = partial & (series.hours < (series.hours[full][0] if full.any() else -np.inf))
        weight = series.expected_in
        if rising.sum() < FEWEST or full.sum() < FEWEST or before.sum() < FEWEST:
            return None
        if weight[rising].sum() <= 0 or weight[full].sum() <= 0:
            return None  # nobody used what the change reaches: there is nothing to follow
        excess = _relative(series.inside, series.expected_in, before) - 1.0
        effect = float(np.average(excess[full], weights=weight[full]))
        x, w = series.exposed[rising], weight[rising]
        slope = float((w * x * excess[rising]).sum() / (w * x * x).sum())
        noise = 1.0 / np.maximum(series.inside[rising], 0.5) + series.variance
        error = float(np.sqrt(((w * x) ** 2 * noise).sum()) / (w * x * x).sum())
        if abs(effect) < 1e-3:
            return None
        low, high = sorted(((slope - NORMAL_90 * error) / effect, (slope + NORMAL_90 * error) / effect))
        estimate = Estimate(value=slope / effect, low=low, high=high)
        direction: Direction = "neutral"
        if effect > 0 and low > 0:
            direction = "supports"
        elif high < 0.5:
            direction = "contradicts"
        order = np.argsort(series.exposed[rising | full | before])
        chosen = np.flatnonzero(rising | full | before)[order]
        figure = Figure(x=_tuple(series.exposed[chosen]), series=(("relative excess", _tuple(excess[chosen])),))
        return EvidenceItem(kind="dose", direction=direction, estimate=estimate, figure=figure)

    def _prior(self, series: _Series, started: float) -> EvidenceItem | None:
        recent = (series.hours < started) & (series.hours >= started - RECENT)
        earlier = (series.hours < started - RECENT) & (series.hours >= started - RECENT - 2 * WINDOW)
        if recent.sum() < FEWEST or earlier.sum() < 2 * FEWEST:
            return None
        estimate = _ratio(series.inside, series.expected_in, earlier, recent, series.variance)
        direction: Direction = "neutral"
        if estimate.low > 1.1:
            direction = "contradicts"
        elif estimate.high < 1.3:
            direction = "supports"
        shown = recent | earlier
        scale = series.inside[earlier].sum() / max(float(series.expected_in[earlier].sum()), 1e-12)
        figure = Figure(
            x=_tuple(series.hours[shown]),
            series=(
                ("observed", _tuple(series.inside[shown])),
                ("expected", _tuple(scale * series.expected_in[shown])),
            ),
        )
        return EvidenceItem(kind="prior", direction=direction, estimate=estimate, figure=figure)

    def _revert(self, series: _Series) -> EvidenceItem | None:
        top = np.flatnonzero(series.exposed > 0.75)
        if not len(top):
            return None
        last = int(top[-1])
        after = (np.arange(len(series.hours)) > last) & (series.exposed < 0.25)
        after &= series.hours < series.hours[last] + 3 * WINDOW
        during = series.exposed > 0.75
        before = (series.exposed < 0.02) & (np.arange(len(series.hours)) < top[0])
        weight = series.expected_in
        if after.sum() < FEWEST or during.sum() < FEWEST or before.sum() < FEWEST:
            return None
        if weight[after].sum() <= 0 or weight[during].sum() <= 0:
            return None
        excess = _relative(series.inside, series.expected_in, before) - 1.0
        held = float(np.average(excess[during], weights=weight[during]))
        left = float(np.average(excess[after], weights=weight[after]))
        if held <= 0:
            return None
        noise = [
            1.0 / max(float(series.inside[s].sum()), 0.5) + series.variance / s.sum() for s in (after, during, before)
        ]
        error = (
            float(np.sqrt((1 + left) ** 2 * (noise[0] + noise[2]) + (left / held) ** 2 * (1 + held) ** 2 * noise[1]))
            / held
        )
        estimate = Estimate(
            value=left / held, low=left / held - NORMAL_90 * error, high=left / held + NORMAL_90 * error
        )
        direction: Direction = "neutral"
        if estimate.high < 0.75:
            direction = "supports"
        elif estimate.low > 0.4:
            direction = "contradicts"
        figure = Figure(
            x=_tuple(series.hours), series=(("relative excess", _tuple(excess)), ("exposed", _tuple(series.exposed)))
        )
        return EvidenceItem(kind="revert", direction=direction, estimate=estimate, figure=figure)

    def _return(self, series: _Series) -> EvidenceItem | None:
        """On, off, on again: complaints after the second start against those of the pause."""
        on = series.exposed > 0.6
        off = series.exposed < 0.25
        starts = np.flatnonzero(on & ~np.append(False, on[:-1]))
        if len(starts) < 2:
            return None
        pause = off & (np.arange(len(on)) > starts[0]) & (np.arange(len(on)) < starts[-1])
        again = on & (np.arange(len(on)) >= starts[-1]) & (series.hours < series.hours[starts[-1]] + WINDOW)
        if pause.sum() < 1 or again.sum() < 1:
            return None
        estimate = _ratio(series.inside, series.expected_in, pause, again, series.variance)
        figure = Figure(
            x=_tuple(series.hours),
            series=(
                ("relative excess", _tuple(_relative(series.inside, series.expected_in, pause) - 1.0)),
                ("exposed", _tuple(series.exposed)),
            ),
        )
        return EvidenceItem(kind="return", direction=_above_one(estimate), estimate=estimate, figure=figure)

    def _alternatives(self, j: int) -> list[EvidenceItem]:
        """Who else may own the excess of which this change is a possible owner."""
        slots = [slot for slot in self.found.slots if slot.owners[j] > 0.02]
        if not slots:
            return []
        slot = max(slots, key=lambda s: s.owners[j])
        others = [(float(w), i) for i, w in enumerate(slot.owners) if i != j and w > 0.02]
        if slot.unlogged > 0.02:
            others.append((slot.unlogged, UNLOGGED))
        keys = self.search.frame.evidence.changes
        return [
            EvidenceItem(
                kind="alternative",
                direction="contradicts" if weight > 0.5 else "neutral",
                estimate=Estimate(value=weight, low=weight, high=weight),
                other=keys[i].key if i != UNLOGGED else None,
            )
            for weight, i in sorted(others, reverse=True)[:4]
        ]

    def _metrics(self, j: int) -> list[EvidenceItem]:
        out = []
        better = {panel.key: panel.better for panel in self.search.frame.evidence.metrics}
        for key, effect in self.metrics.effects[j] if self.metrics.effects else ():
            if abs(effect.z) < CLEAR_METRIC:
                continue
            sign = {"higher": -1.0, "lower": 1.0}.get(better.get(key) or "", 0.0)
            direction: Direction = "neutral"
            if sign and abs(effect.z) > 2:
                direction = "supports" if sign * effect.z > 0 else "contradicts"
            out.append(
                EvidenceItem(
                    kind="metric",
                    direction=direction,
                    estimate=Estimate(value=effect.z, low=effect.z - NORMAL_90, high=effect.z + NORMAL_90),
                    log_bayes_factor=float(self.metrics.log_odds[j]),
                    other=key,
                    figure=self.metrics.figure(j, key),
                )
            )
        return sorted(out, key=lambda item: -abs(item.estimate.value))[:6]


def _ratio(count: Floats, expected: Floats, before: Mask, after: Mask, variance: float) -> Estimate:
    """Rate after against before, each relative to its expectation, with a quasi-Poisson interval."""
    a, b = float(count[after].sum()) + 0.5, float(count[before].sum()) + 0.5
    value = np.log(a / max(float(expected[after].sum()), 1e-12)) - np.log(b / max(float(expected[before].sum()), 1e-12))
    error = np.sqrt(1 / a + 1 / b + variance * (1 / max(after.sum(), 1) + 1 / max(before.sum(), 1)))
    return _log_interval(float(value), float(error))


def _log_interval(value: float, error: float) -> Estimate:
    return Estimate(
        value=float(np.exp(value)),
        low=float(np.exp(value - NORMAL_90 * error)),
        high=float(np.exp(value + NORMAL_90 * error)),
    )


def _relative(count: Floats, expected: Floats, before: Mask) -> Floats:
    """Counts over expectation, 1 on average before."""
    level = float(count[before].sum()) / max(float(expected[before].sum()), 1e-12)
    return np.asarray(count / np.maximum(level * expected, 1e-9), dtype=np.float64)


def _above_one(estimate: Estimate) -> Direction:
    if estimate.low > 1.0:
        return "supports"
    return "contradicts" if estimate.high < 1.05 else "neutral"


def _tuple(values: Floats) -> tuple[float, ...]:
    return tuple(np.round(values, 4).tolist())
