"""Findings from the posterior: estimates per change and symptom, sets, layers over time, what stays unattributed."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from incidents.stats.attribution.candidate import Candidate
from incidents.stats.attribution.checks import Checks
from incidents.stats.attribution.counting import log_sum, tally
from incidents.stats.attribution.evaluations import EvaluationEvidence
from incidents.stats.attribution.evidence import Floats, Ints
from incidents.stats.attribution.findings import (
    Attribution,
    ChangeFinding,
    Diagnostics,
    Estimate,
    Layers,
    SymptomExcess,
    UnattributedRise,
)
from incidents.stats.attribution.identify import confusion
from incidents.stats.attribution.metrics import MetricEvidence
from incidents.stats.attribution.open_rises import open_rises, rise_evidence
from incidents.stats.attribution.posterior import NEGLIGIBLE, Posterior, whole_error
from incidents.stats.attribution.search import UNLOGGED, Found, Search
from incidents.stats.attribution.verdicts import DECLARE_UNCOUNTED, LEAST_EVIDENCE, LEAST_UNCOUNTED, Named, name_changes

Weighted = list[tuple[Candidate, float]]


def report(
    search: Search, found: Found, summary: Posterior, metrics: MetricEvidence, evaluations: EvaluationEvidence
) -> Attribution:
    """Compose the answer."""
    frame, settings = search.frame, search.settings
    reporting = frame.evidence.reporting if settings.use_reporting else None
    alike = confusion(search, found)
    evidence = np.array([_complaint_log_odds(found, j) for j in range(frame.n_changes)])
    named = name_changes(
        summary.probability,
        summary.slot_owners,
        evidence,
        alike.alike,
        settings.declare_at if frame.usage_known else max(settings.declare_at, DECLARE_UNCOUNTED),
        least=LEAST_EVIDENCE if frame.usage_known else LEAST_UNCOUNTED,
        rise=np.array([rise_evidence(search, slot) for slot in found.slots]),
    )
    owned = [_owned(found, j) for j in range(frame.n_changes)]
    findings = _Findings(search, found, summary, metrics, evaluations)
    return Attribution(
        changes=tuple(findings.of(j, named[j], owned[j]) for j in range(frame.n_changes)),
        unattributed=_estimate(summary.unlogged_draws, settings.interval),
        rises=_rises(search, found),
        open_rises=open_rises(search, found, named),
        separations=alike.separations,
        cell_probabilities=_of_cells(summary.shares, frame.cell_of),
        layers=_layers(search, found, summary, owned),
        diagnostics=Diagnostics(
            day_dispersion=found.state.day_dispersion,
            mix_dispersion=found.state.mix_dispersion,
            effects=len(found.slots),
            evaluations=found.fits,
            usage_known=frame.usage_known,
            log_evidence=float(sum(-np.log(max(slot.nothing, 1e-300)) for slot in found.slots)),
            reporting_hours=None if reporting is None else reporting.mean,
            reporting_n=0 if reporting is None else reporting.n,
        ),
    )


def _owned(found: Found, change: int) -> Weighted:
    """All fitted candidates of a change with their posterior weights."""
    out: Weighted = []
    for slot in found.slots:
        out += [
            (c, float(w))
            for c, w in zip(slot.candidates, slot.weights, strict=True)
            if c.exposure.change == change and w > NEGLIGIBLE / 10
        ]
    weak = float(found.weak_probability[change])
    out += [(c, weak) for c in found.weak if c.exposure.change == change]
    return out


def _estimate(draws: Floats, interval: float, *, at_least_high: float = 0.0) -> Estimate:
    """Mean and quantiles of draws; the upper end reaches what could be there unseen."""
    if not draws.size:
        return Estimate(value=0.0, low=0.0, high=0.0)
    (own,) = _estimates(draws[:, None], interval)
    return replace(own, high=max(own.high, at_least_high))


def _estimates(draws: Floats, interval: float) -> list[Estimate]:
    """Mean and quantiles of each column of draws (n, k)."""
    n, k = draws.shape
    if not draws.any():
        return [Estimate(value=0.0, low=0.0, high=0.0)] * k
    place = (n - 1) * np.array([(1.0 - interval) / 2, (1.0 + interval) / 2])
    first = np.floor(place).astype(int)
    second = np.minimum(first + 1, n - 1)
    ordered = np.partition(draws, np.unique([first, second]), axis=0)
    low, high = ordered[first] + (ordered[second] - ordered[first]) * (place - first)[:, None]
    value = draws.mean(0)
    return [
        Estimate(value=float(v), low=float(min(a, v)), high=float(max(b, v)))
        for v, a, b in zip(value, low, high, strict=True)
    ]


def _of_cells(shares: Floats, cell_of: Ints) -> NDArray[np.float32]:
    """Return the shares (N, J + 1) of the fit's cells for those of the evidence; empty columns cost nothing."""
    out = np.zeros((shares.shape[1], len(cell_of)), np.float32)
    for into, column in zip(out, shares.T, strict=True):
        if column.any():
            into[:] = column[cell_of]
    return out.T


class _Findings:
    """Makes the finding of each change."""

    def __init__(
        self,
        search: Search,
        found: Found,
        summary: Posterior,
        metrics: MetricEvidence,
        evaluations: EvaluationEvidence,
    ) -> None:
        self.search, self.found, self.summary, self.evaluations = search, found, summary, evaluations
        self.checks = Checks(search, found, summary, metrics)
        self.random = np.random.default_rng(search.settings.seed + 1)

    def of(self, j: int, named: Named, owned: Weighted) -> ChangeFinding:
        """Return the finding of one change."""
        search, summary, settings = self.search, self.summary, self.search.settings
        frame, evidence = search.frame, search.frame.evidence
        excess = _estimate(summary.draws[j], settings.interval, at_least_high=float(summary.upper_if_there[j]))
        total = max(frame.total, 1e-12)
        ratio, by_symptom = self._per_symptom(j, owned, excess)
        lag, half_life = _shape(frame.shapes, owned)
        if lag is not None and evidence.reporting is not None and settings.use_reporting:
            lag += evidence.reporting.late * evidence.reporting.mean
        return ChangeFinding(
            key=evidence.changes[j].key,
            probability=float(np.clip(summary.probability[j], 0.0, 1.0)),
            verdict=named.verdict,
            excess=excess,
            share=Estimate(value=excess.value / total, low=excess.low / total, high=excess.high / total),
            rate_ratio=ratio,
            symptoms=by_symptom,
            lag_hours=lag,
            half_life_hours=half_life,
            evidence=(*self.checks.of(j, named.others), *self.evaluations.items[j]),
            indistinguishable_from=tuple(evidence.changes[i].key for i in named.others),
            set_probability=float(named.set_probability),
            complaint_log_odds=_complaint_log_odds(self.found, j),
            reachable=j in search.reachable,
        )

    def _per_symptom(self, j: int, owned: Weighted, excess: Estimate) -> tuple[Estimate, tuple[SymptomExcess, ...]]:
        frame, settings = self.search.frame, self.search.settings
        k = frame.n_symptoms
        counts = np.zeros(k)
        if self.summary.expected[j] > 0:
            counts = tally(frame.cell_symptom, frame.cell_count * self.summary.shares[:, j], k)
        weight = sum(w for _, w in owned)
        rise, inside = np.zeros(k), np.full(k, 1e-12)
        for c, w in owned:  # both as this candidate was fitted: another fit may split a day's height otherwise
            rise += w * c.theta * frame.reach[j]
            inside += w * np.exp(c.v[0]) * (c.state.background.reshape(-1, k).T @ frame.scope[j])
        draws = self.summary.draws[j]
        if draws.any():
            profile = self.random.dirichlet(settings.profile_strength / k * np.ones(k) + counts, size=len(draws))
            table = draws[:, None] * profile
        else:
            table = np.zeros((len(draws), k))
        out = []
        estimates = _estimates(table, settings.interval)
        for y, (symptom, own) in enumerate(zip(frame.evidence.symptoms, estimates, strict=True)):
            ratio = _ratio(rise[y] / inside[y], own, weight)
            out.append(SymptomExcess(symptom=symptom, excess=own, rate_ratio=ratio))
        return _ratio(float(rise.sum() / inside.sum()), excess, weight), tuple(out)


def _shape(shapes: tuple[tuple[float, float], ...], owned: Weighted) -> tuple[float | None, float | None]:
    """Posterior mean delay, and half-life where it more likely fades than not."""
    weights = np.array([w for _, w in owned])
    if not len(weights) or weights.sum() <= 0.05:
        return None, None
    table = np.array([shapes[c.exposure.shape] for c, _ in owned])
    lag = float(weights @ table[:, 0] / weights.sum())
    fades = table[:, 1] > 0
    if weights @ fades / weights.sum() <= 0.5:
        return lag, None
    return lag, float(weights[fades] @ table[fades, 1] / weights[fades].sum())


def _complaint_log_odds(found: Found, j: int) -> float:
    """Log Bayes factor of the change from complaints alone: of its best slot, or on top of the final state."""
    best = float(found.gains[j]) if np.isfinite(found.gains[j]) else 0.0
    for slot in found.slots:
        gains = [c.gain + c.log_weight for c in slot.candidates if c.exposure.change == j]
        if gains:
            best = max(best, log_sum(gains))
    return best


def _ratio(relative: float, excess: Estimate, weight: float) -> Estimate:
    """Rate at full exposure over background; its interval follows that of the excess."""
    if excess.value <= 0 or weight <= 0:
        return Estimate(value=1.0, low=1.0, high=1.0 + relative)
    mean = relative * min(weight, 1.0)
    return Estimate(
        value=1.0 + mean,
        low=1.0 + mean * excess.low / excess.value,
        high=1.0 + mean * excess.high / excess.value,
    )


def _layers(search: Search, found: Found, summary: Posterior, owned: list[Weighted]) -> Layers:
    frame = search.frame
    state = found.state
    k = frame.n_symptoms
    level = state.background.reshape(-1, k).sum(0)
    height = state.rate * state.frailty[frame.block]
    background = height[:, None] * state.mix_frailty[frame.block] * level
    unattributed = np.zeros_like(background)
    for slot in found.slots:
        for candidate, weight in zip(slot.candidates, slot.weights, strict=True):
            if candidate.exposure.change == UNLOGGED and weight > NEGLIGIBLE:
                unattributed += weight * _layer(candidate, height, frame.block)
    excess = np.zeros((frame.n_changes, frame.evidence.n_bins, k))
    for j, candidates in enumerate(owned):
        for candidate, weight in candidates:
            if weight > NEGLIGIBLE:
                excess[j] += weight * _layer(candidate, height, frame.block)
        # the layers add up to the excess that is told
        excess[j] *= summary.expected[j] / max(float(excess[j].sum()), 1e-9)
    rest = max(frame.total - float(excess.sum()) - float(unattributed.sum()), 0.0)
    background *= rest / max(float(background.sum()), 1e-9)
    return Layers(background=background, excess=excess, unattributed=unattributed)


def _layer(candidate: Candidate, height: Floats, block: Ints) -> Floats:
    exposure = candidate.exposure
    reached = height * exposure.curve * exposure.reach
    if exposure.moved is not None:
        reached = reached * exposure.moved.reach[block]
    return np.outer(reached, candidate.theta)


def _rises(search: Search, found: Found) -> tuple[UnattributedRise, ...]:
    """The unlogged events among the slots, where and when they sit."""
    frame, settings = search.frame, search.settings
    edges = frame.evidence.edges
    out = []
    for slot in found.slots:
        if slot.unlogged < settings.declare_at:
            continue
        own = [
            (c, float(w)) for c, w in zip(slot.candidates, slot.weights, strict=True) if c.exposure.change == UNLOGGED
        ]
        best = max(own, key=lambda pair: pair[1])[0]
        on = np.flatnonzero(best.exposure.curve > 0)
        spread = 1.645 * float(np.hypot(whole_error(best, settings), np.sqrt(best.thinning)))
        profile = best.theta / max(best.theta.sum(), 1e-300)
        out.append(
            UnattributedRise(
                excess=Estimate(value=best.size, low=max(0.0, best.size - spread), high=best.size + spread),
                start=float(edges[on[0]]),
                end=float(edges[on[-1] + 1]),
                scope=_scope(search, best),
                symptom=frame.evidence.symptoms[int(profile.argmax())] if profile.max() > 0.5 else None,
                log_bayes_factor=best.gain,
            )
        )
    return tuple(out)


def _scope(search: Search, candidate: Candidate) -> tuple[tuple[int, tuple[int, ...]], ...]:
    """Translate a box's scope back to dimensions and values of the evidence."""
    lattice = search.frame.lattice
    inside = candidate.exposure.scope.reshape(lattice.shape) > 0.5
    out = []
    for axis, (dim, level) in enumerate(zip(lattice.dims, lattice.levels, strict=True)):
        held = np.asarray(inside.any(axis=tuple(a for a in range(inside.ndim) if a != axis)))
        if not held.all():
            out.append((dim, tuple(int(v) for v in np.flatnonzero(held[level]))))
    return tuple(out)
