"""What would tell two changes apart, planned ones too: each remedy found by evaluating the changed design again.

Question
    If both go out like this, could complaints tell which of them did harm? If not: which segment held back, for how
    long, what lag between the two rollouts, how many more complaints, how many more days would?
Model
    The design is laid out in days and kinds of report (which dimensions a complaint states, and with which values), as
    they come in. Each change raises complaints by a part of what comes anyhow (`rise`), or by `Settings.share_centre`
    of all complaints; its rise per exposed complaint stays the same while the design moves. D as in
    `stats.identifiability`; enough is ln 9.
Assumptions
    The mix of reports and their number a day stay as they were; delays are the typical one for both changes.
Failure modes
    What is held back must be stated by complaints: the share that states it is in the numbers, as it is today.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from incidents.stats.attribution.counting import tally
from incidents.stats.attribution.evidence import CaseEvidence, ChangeExposure, Floats
from incidents.stats.attribution.exposure import curves
from incidents.stats.attribution.lattice import build_lattice, usage_tensor
from incidents.stats.identifiability import ENOUGH, Identifiability, identifiability

SeparatorKind = Literal["hold_back", "stagger", "tickets", "days"]
TYPICAL_LAG = 1  # of the averaged delays, the second stands for all
FEWEST = 12.0  # complaints; no change is sized to fewer
KINDS = 80  # kinds of report told apart; the rest is pooled
CONFUSED = 0.5  # correlation from which a weak pair is a confusion between the two
SEEN = 3.0  # standard errors from which a change of that size would show at all
LEAST_SHARE, MOST_SHARE = 0.02, 0.9  # of a change's use: what is worth holding back
HOLDS = 3  # segments for which the shortest time is looked for
STAGGERS = (6.0, 12.0, 24.0, 48.0, 72.0, 120.0, 168.0, 240.0, 336.0, 504.0)  # hours
MOST_TIMES, MOST_DAYS = 50.0, 90
DAY = 24.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Separator:
    """One way to tell a pair apart, and the D that it gives.

    `amount` is the days for which `change` is kept out of a segment (dimension and value indices), the hours by which
    `change` starts later, how many times the complaints, or how many more days.
    """

    kind: SeparatorKind
    amount: float
    discrimination: float
    change: str | None = None
    dimension: int | None = None
    value: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PairDesign:
    """Two changes, how well the design tells them apart (D either way, the smaller), and what would do it better."""

    first: str
    second: str
    discrimination: float
    correlation: float
    confused: bool
    separators: tuple[Separator, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignReport:
    """All pairs of changes, the worst first; `excess` (J,) complaints that each is taken to raise, `signal` (J,) its z.

    A change whose signal is below `SEEN` could do that much harm without the complaints showing it.
    """

    pairs: tuple[PairDesign, ...]
    excess: Floats
    signal: Floats


class Design:
    """One case or plan as exposures over days and kinds of report."""

    def __init__(
        self, evidence: CaseEvidence, *, dispersion: float, rise: float | None = None, sizes: Floats | None = None
    ) -> None:
        """Lay the evidence out in whole days; the complaints of its cells give the mix and their number a day."""
        self.evidence, self.dispersion = evidence, dispersion
        settings = evidence.settings
        lag = settings.lags[min(TYPICAL_LAG, len(settings.lags) - 1)]
        self.settings = replace(settings, lags=(lag,), half_lives=(0.0,))
        self.lattice = build_lattice(evidence, [change.scope for change in evidence.changes])
        self.usage, _ = usage_tensor(self.lattice, evidence)
        self.everything = np.maximum(self.lattice.margins(self.usage).ravel(), 1e-300)
        per_pattern = tally(evidence.cell_pattern, evidence.cell_count, len(evidence.patterns))
        located = self.lattice.locate(evidence.patterns)
        self.kinds, position = np.unique(located, return_inverse=True)
        count = tally(position.reshape(-1), per_pattern, len(self.kinds))
        order = np.argsort(-count, kind="stable")
        self.group = np.full(len(count), min(KINDS, len(count)) - 1)
        self.group[order[: KINDS - 1]] = np.arange(len(order[: KINDS - 1]))
        self.count = np.maximum(count, 1e-9)
        self.hours = float(evidence.edges[-1] - evidence.edges[0])
        self.per_day = tally(self.group, self.count, int(self.group.max()) + 1) / (self.hours / DAY)
        self.n_days = max(int(np.ceil(self.hours / DAY)), 1)
        self._known: dict[tuple[str, float, int], Floats] = {}
        if rise is not None:
            self.rise = np.full(len(evidence.changes), rise)
            return
        if sizes is None:
            usual = settings.share_centre * float(evidence.cell_count.sum())
            sizes = np.full(len(evidence.changes), max(usual, FEWEST))
        mass = np.array([self._mass(self.exposure(change)) for change in evidence.changes])
        self.rise = sizes / np.maximum(mass, 1e-9)

    def _mass(self, exposure: Floats) -> float:
        return float((exposure * self.per_day).sum())

    def curve(self, change: ChangeExposure, n_days: int) -> Floats:
        """Return a change's exposure curve by day (n_days,), at the typical delay, lasting."""
        key = (change.key, change.started, n_days)
        if key not in self._known:
            self._known[key] = self._curve(change, n_days)
        return self._known[key]

    def _curve(self, change: ChangeExposure, n_days: int) -> Floats:
        edges = self.evidence.edges[0] + DAY * np.arange(n_days + 1)
        if change.carrier is not None:
            centre = 0.5 * (edges[:-1] + edges[1:])
            own = 0.5 * (self.evidence.edges[:-1] + self.evidence.edges[1:])
            adoption = np.interp(centre, own, change.carrier.adoption)
            change = replace(change, carrier=replace(change.carrier, adoption=adoption))
        general, _ = curves((change,), edges, self.settings, self.evidence.reporting)
        return np.asarray(general[0, 0], dtype=np.float64)

    def held(self, scope: Floats) -> Floats:
        """Return each group's chance of lying in a scope (S,); `scope` an array over segments."""
        inside = self.lattice.margins(scope * self.usage).ravel() / self.everything
        part = np.clip(inside[self.kinds], 0.0, 1.0)
        n = int(self.group.max()) + 1
        return tally(self.group, self.count * part, n) / tally(self.group, self.count, n)

    def exposure(self, change: ChangeExposure, n_days: int | None = None) -> Floats:
        """Return a change's exposure (days, groups)."""
        curve = self.curve(change, n_days or self.n_days)
        return np.outer(curve, self.held(self.lattice.mask(change.scope)))

    def identified(self, exposure: Floats, chosen: list[int], times: float = 1.0) -> Identifiability:
        """Return how well some changes with these exposures (J, days, groups) are told apart."""
        expected = np.tile(self.per_day * times, (exposure.shape[1], 1))
        excess = times * np.array([self.rise[j] * self._mass(x) for j, x in zip(chosen, exposure, strict=True)])
        return identifiability(exposure, expected, excess=excess, dispersion=self.dispersion)

    def apart(self, first: Floats, second: Floats, pair: tuple[int, int], times: float = 1.0) -> float:
        """Return D of a pair, the smaller of the two ways round; 0 where one of them reaches nobody any more."""
        if self._mass(first) <= 0 or self._mass(second) <= 0:
            return 0.0
        found = self.identified(np.array([first, second]), list(pair), times)
        return float(min(found.discrimination[0, 1], found.discrimination[1, 0]))


def design_report(
    evidence: CaseEvidence,
    *,
    dispersion: float,
    rise: float | None = None,
    sizes: Floats | None = None,
    most: int = 6,
) -> DesignReport:
    """Return which changes complaints could not tell apart, and for the worst `most` pairs what would.

    Parameters
    ----------
    evidence : CaseEvidence
        Changes, planned ones too, on a window; its cells give the mix of complaints and their number a day.
    dispersion : float
        Variance of a day's log level beyond Poisson.
    rise : float, optional
        By what part each change is taken to raise complaints in its scope at full rollout.
    sizes : (J,) array, optional
        Complaints that each is taken to raise, where no `rise` is given; without either, the settings' usual share of
        all complaints.
    most : int
        Pairs for which remedies are looked for.

    Raises
    ------
    EvidenceError
        Where the evidence contradicts itself.
    """
    evidence.check()
    n = len(evidence.changes)
    if not n or not len(evidence.cell_count):
        return DesignReport(pairs=(), excess=np.zeros(n), signal=np.zeros(n))
    design = Design(evidence, dispersion=dispersion, rise=rise, sizes=sizes)
    exposure = np.array([design.exposure(change) for change in evidence.changes])
    reached = exposure.sum((1, 2)) > 0
    found = design.identified(exposure, list(range(n)))
    signal = np.where(reached, found.signal, 0.0)
    pairs = _pairs(evidence, found, reached)
    pairs.sort(key=lambda pair: (not pair.confused, pair.discrimination, pair.first, pair.second))
    at = {change.key: j for j, change in enumerate(evidence.changes)}
    told = [
        replace(pair, separators=separators(design, at[pair.first], at[pair.second]))
        if pair.confused and rank < most
        else pair
        for rank, pair in enumerate(pairs)
    ]
    excess = np.array([design.rise[j] * (exposure[j] * design.per_day).sum() for j in range(n)])
    return DesignReport(pairs=tuple(told), excess=excess, signal=signal)


def _pairs(evidence: CaseEvidence, found: Identifiability, reached: NDArray[np.bool_]) -> list[PairDesign]:
    """Return every pair of changes that reach anybody."""
    pairs = []
    for a in np.flatnonzero(reached):
        for b in np.flatnonzero(reached):
            if a >= b:
                continue
            d = float(min(found.discrimination[a, b], found.discrimination[b, a]))
            rho = float(found.correlation[a, b])
            pairs.append(
                PairDesign(
                    first=evidence.changes[a].key,
                    second=evidence.changes[b].key,
                    discrimination=d,
                    correlation=rho,
                    confused=d < ENOUGH and rho > CONFUSED,
                )
            )
    return pairs


def separators(design: Design, a: int, b: int) -> tuple[Separator, ...]:
    """Return what would tell two changes of a design apart: the best of each kind that is enough."""
    found = (_hold_back(design, a, b), _stagger(design, a, b), _more_tickets(design, a, b), _more_days(design, a, b))
    return tuple(one for one in found if one is not None)


def _hold_back(design: Design, a: int, b: int) -> Separator | None:
    """Keep one of the two out of one value of a dimension, for the fewest days that are enough."""
    changes = design.evidence.changes
    options: list[tuple[float, float, int, int, int, Floats]] = []
    for j in (a, b):
        scope = design.lattice.mask(changes[j].scope)
        whole = float((scope * design.usage).sum())
        for dim, level in zip(design.lattice.dims, design.lattice.levels, strict=True):
            for value in range(len(design.evidence.dimensions[dim].values)):
                if np.count_nonzero(level == level[value]) != 1:
                    continue  # no scope tells it from others here
                part = scope * design.lattice.mask(((dim, (value,)),))
                share = float((part * design.usage).sum()) / max(whole, 1e-12)
                if not LEAST_SHARE <= share <= MOST_SHARE:
                    continue
                held = design.held(part)
                d = _held_apart(design, (a, b), j, held, design.n_days)
                if d >= ENOUGH:
                    options.append((share, d, j, dim, value, held))
    best: tuple[float, Separator] | None = None
    for share, _, j, dim, value, held in sorted(options, key=lambda one: (-one[1], one[0]))[:HOLDS]:
        days = _least(partial(_held_apart, design, (a, b), j, held), design.n_days)
        cost = days * share
        if best is None or cost < best[0]:
            made = Separator(
                kind="hold_back", amount=float(days), discrimination=_held_apart(design, (a, b), j, held, days),
                change=changes[j].key, dimension=dim, value=value,
            )  # fmt: skip
            best = (cost, made)
    return None if best is None else best[1]


def _held_apart(design: Design, pair: tuple[int, int], j: int, held: Floats, days: int) -> float:
    """Return D where change j is kept out of what `held` (S,) tells for its first `days` days."""
    exposures = [design.exposure(design.evidence.changes[i]) for i in pair]
    at = pair.index(j)
    since = np.arange(design.n_days) - np.argmax(exposures[at].sum(1) > 0)
    curve = exposures[at] / np.maximum(design.held(design.lattice.mask(design.evidence.changes[j].scope)), 1e-12)
    exposures[at] = np.clip(exposures[at] - np.where((since < days)[:, None], curve * held, 0.0), 0.0, None)
    return design.apart(exposures[0], exposures[1], pair)


def _least(value: Callable[[int], float], most: int, low: int = 0) -> int:
    """Return the least whole number above `low` from which a rising function is enough; at `most` it is."""
    high = most
    while high - low > 1:
        middle = (low + high) // 2
        if value(middle) >= ENOUGH:
            high = middle
        else:
            low = middle
    return high


def _stagger(design: Design, a: int, b: int) -> Separator | None:
    """Start the later of the two later still; its end moves along."""
    changes = design.evidence.changes
    j = a if changes[a].started > changes[b].started else b
    other = design.exposure(changes[b if j == a else a])
    room = float(design.evidence.edges[-1]) - changes[j].started - DAY

    def then(hours: int) -> float:
        moved = design.exposure(_shifted(changes[j], float(hours)))
        pair = (moved, other) if j == a else (other, moved)
        return design.apart(*pair, (a, b))

    before = 0.0
    for hours in STAGGERS:
        if hours > room:
            return None
        if then(int(hours)) >= ENOUGH:
            least = _least(then, int(hours), int(before))
            return Separator(kind="stagger", amount=float(least), discrimination=then(least), change=changes[j].key)
        before = hours
    return None


def _shifted(change: ChangeExposure, hours: float) -> ChangeExposure:
    """Return the change some hours later; adoption of its version moves along."""
    carrier = change.carrier
    if carrier is not None:
        days = max(round(hours / DAY), 0)
        late = np.concatenate([np.zeros(min(days, len(carrier.adoption))), carrier.adoption])[: len(carrier.adoption)]
        carrier = replace(carrier, adoption=late)
    return replace(
        change,
        started=change.started + hours,
        steps=tuple((at + hours, share) for at, share in change.steps),
        ended=None if change.ended is None else change.ended + hours,
        carrier=carrier,
    )


def _more_tickets(design: Design, a: int, b: int) -> Separator | None:
    changes = design.evidence.changes
    x, y = (design.exposure(changes[j]) for j in (a, b))
    if design.apart(x, y, (a, b), MOST_TIMES) < ENOUGH:
        return None
    low, high = 1.0, MOST_TIMES
    for _ in range(7):
        middle = float(np.sqrt(low * high))
        if design.apart(x, y, (a, b), middle) >= ENOUGH:
            high = middle
        else:
            low = middle
    return Separator(kind="tickets", amount=high, discrimination=design.apart(x, y, (a, b), high))


def _more_days(design: Design, a: int, b: int) -> Separator | None:
    changes = design.evidence.changes

    def then(more: int) -> float:
        x, y = (design.exposure(changes[j], design.n_days + more) for j in (a, b))
        return design.apart(x, y, (a, b))

    if then(MOST_DAYS) < ENOUGH:
        return None
    days = _least(then, MOST_DAYS)
    return Separator(kind="days", amount=float(days), discrimination=then(days))
