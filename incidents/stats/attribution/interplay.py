"""Changes that did more, or less, together than each by itself: pairs that the log links, and a scan of the others.

More than the sum: one more excess, where and while both are in force, is fitted on top of the final state, as any
other candidate is. A linked pair needs a Bayes factor of 20. The other pairs of which a part raised complaints are
scanned, and of n pairs one is proposed from a factor of 20 n on: a Bayes factor exceeds c with a chance of at most 1/c
where there is nothing (Markov), so that all n pairs together raise a false alarm at most once in twenty times. An
unlogged event is a rival of the joint excess, not a part of the state.

Less than the sum: the second change's rise while the first is in force is fitted beside its rise while it is not, and
the two are compared. Different segments may respond differently, so times of the same segments are compared where
there are any; only else segments that the first change did not reach.
"""

from dataclasses import replace

import numpy as np

from incidents.stats.attribution.base import Effect, State
from incidents.stats.attribution.candidate import Candidate
from incidents.stats.attribution.counting import tally
from incidents.stats.attribution.evidence import Floats
from incidents.stats.attribution.exposed import Exposure
from incidents.stats.attribution.findings import Estimate, Interaction, Outcome, Relation
from incidents.stats.attribution.overlap import Pieces
from incidents.stats.attribution.posterior import MOST_LOG_ERROR, Posterior
from incidents.stats.attribution.screen import inside_scopes, residuals
from incidents.stats.attribution.search import BLURRED, BLURRED_SHARE, UNLOGGED, Found, Search

NORMAL_90 = 1.6448536269514722
ENOUGH = float(np.log(20.0))  # log Bayes factor for a joint excess of a pair that the log links
MOST_SCANNED = 20
WORTH = 0.2  # probability from which a change's pairs are scanned
FEWEST_JOINT = 25.0  # complaints that the background alone would bring while and where both are in force
FEWEST_SEEN = 8.0  # complaints that the unmasked change should raise in a piece that is compared
MUCH_WORSE = float(np.log(9.0))  # an unlogged event that explains it better by this much is told instead
PROMISING = 2.0  # cheap log likelihood ratio from which a scanned pair is fitted
ALIKE = 2.0  # ratio of two rises within which they are told as the same
ROUNDS = 6


def interactions(search: Search, found: Found, summary: Posterior) -> tuple[Interaction, ...]:
    """Test the pairs that the log links, then scan the others."""
    if search.frame.n_changes < 2 or search.frame.total <= 0:
        return ()
    pairs = _Pairs(search, found)
    linked = _linked(search)
    out = [pairs.linked(a, b, relation) for (a, b), relation in linked.items()]
    chosen = _worth_scanning(pairs, summary, {frozenset(pair) for pair in linked})
    return (*out, *pairs.scanned(chosen))


def _linked(search: Search) -> dict[tuple[int, int], Relation]:
    """Pairs of reachable changes that the log links, each once; masking says more than interacting."""
    changes = search.frame.evidence.changes
    at = {change.key: j for j, change in enumerate(changes)}
    reachable = set(search.reachable)
    out: dict[tuple[int, int], Relation] = {}
    relations: tuple[Relation, ...] = ("masks", "interacts_with")
    for relation in relations:
        for j, change in enumerate(changes):
            for key in change.masks if relation == "masks" else change.interacts_with:
                other = at.get(key)
                if other is None or other == j or not {j, other} <= reachable:
                    continue
                if (j, other) not in out and (other, j) not in out:
                    out[j, other] = relation
    return out


def _worth_scanning(pairs: "_Pairs", summary: Posterior, known: set[frozenset[int]]) -> list[tuple[int, int]]:
    """Pairs with a part that raised complaints, the likeliest first; how they turn out plays no role in the choice."""
    p = summary.probability
    reachable = pairs.search.reachable
    loud = [j for j in reachable if p[j] >= WORTH]
    wanted = {(min(a, b), max(a, b)) for a in loud for b in reachable if a != b and frozenset((a, b)) not in known}
    both = [pair for pair in wanted if p[pair[0]] >= WORTH and p[pair[1]] >= WORTH]
    if len(both) < MOST_SCANNED:
        both += sorted(wanted - set(both), key=lambda pair: (-p[list(pair)].sum(), pair))[: 4 * MOST_SCANNED]
    overlap = {pair: pairs.pieces.background(*pair) for pair in both}
    enough = [pair for pair in both if overlap[pair] >= FEWEST_JOINT]
    return sorted(enough, key=lambda pair: (-overlap[pair] * p[list(pair)].sum(), pair))[:MOST_SCANNED]


class _Pairs:
    """Tests pairs of changes on top of the final state, unlogged events left out."""

    def __init__(self, search: Search, found: Found) -> None:
        self.search, self.found = search, found
        self.pieces = Pieces(search, found)
        known = tuple(e for e in found.state.effects if e.exposure.change != UNLOGGED)
        self.state = found.state
        if len(known) < len(found.state.effects):
            self.state = search.base.fit(replace(found.state, effects=known), ROUNDS, dispersion=False)
        rivals = [
            c.gain + c.log_weight
            for slot in found.slots
            if slot.unlogged > search.settings.declare_at
            for c in slot.candidates
            if c.exposure.change == UNLOGGED
        ]
        self.rival = max(rivals, default=0.0)

    def scanned(self, chosen: list[tuple[int, int]]) -> list[Interaction]:
        """Return the candidates among some pairs."""
        if not chosen:
            return []
        threshold = ENOUGH + float(np.log(len(chosen)))
        out = []
        for a, b in self._promising(chosen):
            candidate = self._joint(a, b, worth=threshold)
            gain = -np.inf if candidate is None else candidate.gain
            likely = gain - np.log(len(chosen)) > self.rival - MUCH_WORSE
            if candidate is not None and gain >= threshold and likely:
                out.append(self._stronger((a, b), "candidate", candidate, threshold, len(chosen)))
        return out

    def _promising(self, chosen: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """Leave out pairs whose joint column fits what is left over no better than chance, by a cheap score.

        Day-to-day variance is not taken off the score, so that it lets through too many rather than too few.
        """
        base, frame = self.search.base, self.search.frame
        left = residuals(base, self.state)
        exposures = [self.pieces.together(a, b) for a, b in chosen]
        n_blocks = frame.n_blocks
        everything = np.maximum(frame.lattice.margins(frame.usage).ravel(), 1e-300)
        held = np.array([e.inside / everything for e in exposures])[:, frame.kind_pattern].T
        inside = inside_scopes(base, left, np.clip(held, 0.0, 1.0))
        weight = (left.rate / max(float(left.rate.sum()), 1e-300))[:, None, None]
        expected = np.maximum(inside.sum(0) * weight, 1e-9)
        curve = np.array([tally(frame.block, self.state.rate * e.curve, n_blocks) for e in exposures]).T[:, None, :]
        score = ((inside - expected) * curve / expected).sum(0)
        square = (curve**2 / expected).sum(0) - curve.sum(0) ** 2 / expected.sum(0)
        z = np.maximum(score, 0.0) / np.sqrt(np.maximum(square, 1e-9))
        return [pair for pair, value in zip(chosen, 0.5 * (z**2).sum(0), strict=True) if value >= PROMISING]

    def linked(self, a: int, b: int, relation: Relation) -> Interaction:
        """Return what can be said of a pair that the log links."""
        joint = None if relation == "masks" else self._joint(a, b)
        if joint is not None and joint.gain >= ENOUGH:
            return self._stronger((a, b), relation, joint, ENOUGH, 0)
        told = self._compared(a, b)
        if relation == "interacts_with":
            other = self._compared(b, a)
            told = min((t for t in (told, other) if t is not None), key=_width, default=None)
        changes = self.search.frame.evidence.changes
        factor = None if joint is None else joint.gain
        if told is None:
            nothing = Estimate(value=0.0, low=-np.inf, high=np.inf)
            return Interaction(
                first=changes[a].key, second=changes[b].key, relation=relation, outcome="cannot tell", excess=nothing,
                kept=None, log_bayes_factor=factor, threshold=ENOUGH, n_scanned=0,
            )  # fmt: skip
        kept, size, (masker, masked) = told
        excess = Estimate(value=size * (kept.value - 1), low=size * (kept.low - 1), high=size * (kept.high - 1))
        return Interaction(
            first=changes[masker].key,
            second=changes[masked].key,
            relation=relation,
            outcome=_outcome(kept),
            excess=excess,
            kept=kept,
            log_bayes_factor=factor,
            threshold=ENOUGH,
            n_scanned=0,
        )

    def _joint(self, a: int, b: int, *, worth: float | None = None) -> Candidate | None:
        """Fit a joint excess; coarsely where that shows a log Bayes factor far below what would be `worth` it."""
        exposure = self.pieces.together(a, b)
        trial = self.search.evaluator.trial(self.state, exposure, coarse=worth is not None)
        candidate = None if trial is None else trial.fit(exposure)
        if trial is None or candidate is None or not trial.coarse or worth is None:
            return candidate
        hopeless = candidate.gain < (1.0 - BLURRED_SHARE) * worth - BLURRED
        return candidate if hopeless else trial.finer().fit(exposure)

    def _stronger(
        self, pair: tuple[int, int], relation: Relation, candidate: Candidate, threshold: float, n: int
    ) -> Interaction:
        changes = self.search.frame.evidence.changes
        error = min(candidate.log_error, MOST_LOG_ERROR)
        spread = candidate.size * (np.exp(NORMAL_90 * error) - 1.0) + NORMAL_90 * np.sqrt(candidate.thinning)
        return Interaction(
            first=changes[pair[0]].key,
            second=changes[pair[1]].key,
            relation=relation,
            outcome="stronger",
            excess=Estimate(
                value=candidate.size, low=max(0.0, candidate.size - spread), high=candidate.size + float(spread)
            ),
            kept=None,
            log_bayes_factor=candidate.gain,
            threshold=threshold,
            n_scanned=n,
        )

    def _compared(self, a: int, b: int) -> tuple[Estimate, float, tuple[int, int]] | None:
        """Return b's rise with a in force over that without it, and b's complaints while a was, were they unmasked."""
        rest = replace(self.state, effects=tuple(e for e in self.state.effects if e.exposure.change != b))
        on, pieces = self.pieces.together(a, b), self.pieces.apart(a, b)
        rise = self._rise(b, pieces)
        if rise is None:
            return None
        mass = [float(self.search.base.block_mass(rest, p).sum() * rise.sum()) for p in pieces]
        there = float(self.search.base.block_mass(rest, on).sum())
        # the first piece holds other times of the same segments, the second other segments
        chosen = next((at for at, seen in enumerate(mass) if seen >= FEWEST_SEEN), None)
        if chosen is None or there * rise.sum() < FEWEST_SEEN:
            return None
        others = [Effect(exposure=p, theta=rise) for p, m in zip(pieces, mass, strict=True) if m > 0]
        with_first = self._alone(rest, others, on)
        others = [
            Effect(exposure=p, theta=rise)
            for at, (p, m) in enumerate(zip((*pieces, on), (*mass, there), strict=True))
            if at != chosen and m > 0
        ]
        without = self._alone(rest, others, pieces[chosen])
        if with_first is None or without is None:
            return None
        height = float(without.theta.sum())
        kept = _ratio(with_first, without, float(with_first.theta.sum()) / height)
        return kept, height * there, (a, b)

    def _rise(self, b: int, pieces: tuple[Exposure, ...]) -> Floats | None:
        """Return b's rise as the state has it, else as it shows where b is by itself, if it clearly does."""
        for effect in self.state.effects:
            if effect.exposure.change == b:
                return effect.theta
        for piece in pieces:
            trial = self.search.evaluator.trial(self.state, piece)
            candidate = None if trial is None else trial.fit(piece)
            if candidate is not None:
                return candidate.theta if candidate.gain >= ENOUGH else None
        return None

    def _alone(self, rest: State, others: list[Effect], exposure: Exposure) -> Candidate | None:
        state = self.search.base.fit(replace(rest, effects=(*rest.effects, *others)), ROUNDS, dispersion=False)
        trial = self.search.evaluator.trial(state, exposure)
        return None if trial is None else trial.fit(exposure)


def _ratio(part: Candidate, whole: Candidate, value: float) -> Estimate:
    """Return the interval of a ratio of two rises; of one that is hardly there, its upper end is what could be."""
    size = max(part.size, 1e-6)
    error = min(part.log_error, MOST_LOG_ERROR)
    most = size * float(np.exp(NORMAL_90 * error)) + NORMAL_90 * float(np.sqrt(part.thinning))
    below = NORMAL_90 * min(whole.log_error, MOST_LOG_ERROR)
    return Estimate(
        value=value,
        low=value * float(np.exp(-np.hypot(NORMAL_90 * part.log_error, below))),
        high=value * float(np.exp(np.hypot(np.log(most / size), below))),
    )


def _width(told: tuple[Estimate, float, tuple[int, int]]) -> float:
    return told[0].high / max(told[0].low, 1e-9)


def _outcome(kept: Estimate) -> Outcome:
    if kept.high < 1.0:
        return "weaker"
    if kept.low > 1.0:
        return "stronger"
    return "additive" if kept.low > 1.0 / ALIKE and kept.high < ALIKE else "cannot tell"
