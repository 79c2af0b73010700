"""Which excesses are there, and who may own each: forward selection, then one posterior per excess over
its owners.

An excess is a slot, as in the sum of single effects (Wang and others 2020, doi:10.1111/rssb.12388): given
the other slots, the posterior is spread over every change and shape that could own it, over an unlogged
event, and over nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from incidents.stats.attribution.base import Base, State
from incidents.stats.attribution.candidate import Candidate, Evaluator, Trial
from incidents.stats.attribution.counting import log_sum
from incidents.stats.attribution.evidence import Floats
from incidents.stats.attribution.frame import Frame
from incidents.stats.attribution.rivals import likeness, rivals_share
from incidents.stats.attribution.screen import Screen, promising
from incidents.stats.attribution.surges import best_surge
from incidents.stats.attribution.unlogged import Scan

UNLOGGED = -1
SURGE = 1.0  # log odds from which a surge is taken in
MOST_SURGES = 4
STOP = -0.5  # log posterior odds at which no further excess is added
DOUBTFUL = 0.5  # posterior of "nothing" from which an excess is given up again
UNSURE = 0.05  # posterior of "nothing" from which an excess may be a part of another
HALF = 0.1  # factor by which that of the other falls without it
HOPELESS = -2.5  # log posterior odds of the best shape below which the other shapes are not fitted
IN_SIGHT = -1.5  # log posterior odds from which a change is fitted in every further round
CLEARLY = 0.5  # log odds of one shape at which a change that was passed over is added
OUT_OF_REACH = 12.0  # or that lie so far behind the best candidate
BLURRED, BLURRED_SHARE = 1.5, 0.3  # what a first look may hide of a candidate's log odds, and of large ones
SHAPE_SLACK = 6.0  # shapes whose score is lower by more than this, and below this share of the best, are left out
SHAPE_SHARE = 0.6
EXACT = 250  # changes fitted exactly in the last round


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One excess and the posterior of its owner."""

    candidates: tuple[Candidate, ...]
    weights: Floats  # posterior of each candidate
    nothing: float
    owners: Floats  # (J,) posterior summed over shapes
    unlogged: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The result of the search."""

    state: State
    slots: tuple[Slot, ...]
    weak: tuple[Candidate, ...]  # the best shape of each change without a slot
    weak_log_odds: Floats  # (J,) of one more excess against none, each change by itself
    weak_probability: Floats  # (J,) probability that it should have had one, beside its rivals
    gains: Floats  # (J,) best log Bayes factor on top of the final state
    fits: int


class Search:
    """Searches one frame."""

    def __init__(self, frame: Frame, prior_odds: Floats, *, on_progress: Callable[[float], None] | None = None) -> None:
        self.frame = frame
        self._tell = on_progress or (lambda _: None)
        settings = frame.evidence.settings
        if frame.lattice.dims and not frame.usage_known:
            settings = replace(settings, error_share=max(settings.error_share, settings.error_share_uncounted))
        self.settings = settings
        self.base = Base(frame)
        self.evaluator = Evaluator(self.base)
        self.screen = Screen(self.base)
        self.scan = Scan(self.base)
        self.prior = prior_odds  # (J,) log odds
        self._surges = 0
        self._in_sight: set[int] = set()
        self.shape_prior = -np.log(max(len(frame.shapes), 1))
        self.reachable = [j for j in range(frame.n_changes) if frame.reach[j] > 0 and frame.curve[j].any()]

    def run(self) -> Found:
        """Return the excesses found."""
        state = self.base.calm(self.base.fit(self.base.start(), 8))
        state = self.base.calm(self.base.fit(state, 6))
        while len(state.effects) < self.settings.max_effects:
            grown = self._grow(state) or self._overlooked(state)
            if grown is None:
                break
            state = grown
            self._tell(min(0.1 * len(state.effects), 0.5))
        state, slots = self._owners(state)
        while doubtful := [index for index, slot in enumerate(slots) if slot.nothing > DOUBTFUL]:
            worst = max(doubtful, key=lambda index: slots[index].nothing)
            left = tuple(effect for index, effect in enumerate(state.effects) if index != worst)
            state, slots = self._owners(self.base.fit(replace(state, effects=left), 6))
        state, slots = self._halves(state, slots)
        self._tell(0.8)
        return self._found(state, slots)

    def _found(self, state: State, slots: Sequence[Slot]) -> Found:
        """Return excesses with their owners, and what the changes without one could still own."""
        weak, log_odds, gains = self._weak(state)
        return Found(
            state=state,
            slots=tuple(slots),
            weak=tuple(weak),
            weak_log_odds=log_odds,
            weak_probability=self._shared(state, weak, log_odds),
            gains=gains,
            fits=self.evaluator.fits,
        )

    def _halves(self, state: State, slots: list[Slot]) -> tuple[State, list[Slot]]:
        """Give up an uncertain excess where another uncertain one holds a part of the same.

        Each of the two seems needless beside the other, while one of them is sure.
        """
        kept: set[int] = set()
        while True:
            unsure = [index for index, slot in enumerate(slots) if slot.nothing > UNSURE]
            worst = max((index for index in unsure if index not in kept), key=lambda i: slots[i].nothing, default=None)
            if worst is None or len(unsure) < 2:
                return state, slots
            left = tuple(effect for index, effect in enumerate(state.effects) if index != worst)
            other, without = self._owners(self.base.fit(replace(state, effects=left), 6))
            before = [slot.nothing for index, slot in enumerate(slots) if index != worst]
            if any(after.nothing < now * HALF for after, now in zip(without, before, strict=True) if now > UNSURE):
                state, slots = other, without
                kept = set()
            else:
                kept.add(worst)

    def _overlooked(self, state: State) -> State | None:
        """Fit every change on top of a state that seems complete: the cheap scores may have passed one over.

        Changes that come near are kept in sight from then on.
        """
        candidates, _, gains = self._weak(state)
        self._in_sight.update(int(j) for j in np.flatnonzero(gains + self.prior > IN_SIGHT))
        best = max(candidates, key=self._log_odds, default=None)
        if best is None or self._log_odds(best) < max(STOP, CLEARLY):
            return None
        return self.base.calm(self.base.fit(self.evaluator.adopt(state, best), 6))

    # ------------------------------------------------------------------ candidates
    def _fitted(self, state: State, allowed: list[int], width: int) -> list[Candidate]:
        """Fit the likeliest shape of the promising changes, then the other shapes of those still in the running."""
        scores = self.screen.scores(state)
        chosen = promising(scores, allowed, width) if len(allowed) > width else list(allowed)
        chosen += [j for j in allowed if j in self._in_sight and j not in chosen]
        trials = self._looked_at(state, chosen, scores, OUT_OF_REACH)
        odds = [first.gain + self.prior[j] for j, _, first in trials]
        best = max(odds, default=0.0)
        out: list[Candidate] = []
        for j, trial, first in trials:
            out += self._shapes(trial, first, scores[j], max(HOPELESS, best - OUT_OF_REACH))
        return out

    def _looked_at(
        self, state: State, chosen: list[int], scores: Floats, reach: float
    ) -> list[tuple[int, Trial | None, Candidate]]:
        """Fit the likeliest shape of some changes, coarsely where that shows that it is hopeless.

        A trial is None where it was. `reach`: log odds by which a candidate may lie behind the best.
        """
        out: list[tuple[int, Trial | None, Candidate]] = []
        looks = [(j, *self._first(state, j, scores[j])) for j in chosen]
        odds = [first.gain + self.prior[j] for j, _, first in looks if first is not None]
        floor = _floor(max(odds, default=0.0), reach)
        for j, trial, first in looks:
            if trial is None or first is None:
                continue
            if not trial.coarse:
                out.append((j, trial, first))
            elif first.gain + self.prior[j] < floor:
                out.append((j, None, first))
            else:
                finer = trial.finer()
                out.append((j, finer, finer.fit(first.exposure) or first))
        return out

    def _first(self, state: State, change: int, scores: Floats) -> tuple[Trial | None, Candidate | None]:
        exposure = self.base.exposure(change, int(np.argmax(scores)))
        trial = self.evaluator.trial(state, exposure, coarse=True)
        return trial, None if trial is None else trial.fit(exposure)

    def _shapes(self, trial: Trial | None, first: Candidate, scores: Floats, floor: float) -> list[Candidate]:
        """Fit a change's other shapes, unless nothing of it would remain in the running."""
        change, shape = first.exposure.change, first.exposure.shape
        if trial is None or first.gain + self.prior[change] < floor:  # as if all shapes were alike
            return [replace(first, log_weight=0.0)]
        least = min(scores[shape] - SHAPE_SLACK, SHAPE_SHARE * scores[shape])
        others = [k for k in np.argsort(-scores, kind="stable") if k != shape and scores[k] > least]
        fitted = [first, *(trial.fit(self.base.exposure(change, int(k))) for k in others)]
        return [replace(c, log_weight=self.shape_prior) for c in fitted if c is not None]

    def _unlogged(self, state: State, rivals: list[Candidate]) -> list[Candidate]:
        """Fit the likeliest events that no log knows, coarsely where they lie far behind their rivals."""
        best = max((self._log_odds(rival) for rival in rivals), default=0.0)
        out = []
        for exposure, log_prior in self.scan.best(state):
            trial = self.evaluator.trial(state, exposure, coarse=True)
            candidate = None if trial is None else trial.fit(exposure)
            if trial is None or candidate is None:
                continue
            if trial.coarse and candidate.gain + log_prior >= _floor(best, OUT_OF_REACH):
                candidate = trial.finer().fit(exposure) or candidate
            out.append(replace(candidate, log_weight=log_prior))
        return out

    def _log_odds(self, candidate: Candidate) -> float:
        if candidate.exposure.change == UNLOGGED:
            return candidate.gain + candidate.log_weight
        return candidate.gain + float(self.prior[candidate.exposure.change]) + candidate.log_weight

    def _grow(self, state: State) -> State | None:
        used = {effect.exposure.change for effect in state.effects}
        allowed = [j for j in self.reachable if j not in used]
        candidates = self._fitted(state, allowed, 5)
        by_owner: dict[int, list[Candidate]] = {}
        for candidate in candidates:
            by_owner.setdefault(candidate.exposure.change, []).append(candidate)
        best: tuple[float, Candidate] | None = None
        for own in by_owner.values():
            odds = [self._log_odds(c) for c in own]
            total = log_sum(odds)
            if best is None or total > best[0]:
                best = (total, own[int(np.argmax(odds))])
        for candidate in self._unlogged(state, candidates):
            odds_unlogged = self._log_odds(candidate)
            if best is None or odds_unlogged > best[0]:
                best = (odds_unlogged, candidate)
        surge = best_surge(self.base.totals(state), state.day_dispersion)
        if (
            surge is not None
            and surge[0] > max(SURGE, -np.inf if best is None else best[0])
            and self._surges < MOST_SURGES
        ):
            self._surges += 1
            return self.base.calm(self.base.fit(self.base.with_surge(state, surge[1]), 6))
        if best is None or best[0] < STOP:
            return None
        return self.base.calm(self.base.fit(self.evaluator.adopt(state, best[1]), 6))

    # ------------------------------------------------------------------ owners
    def _owners(self, state: State) -> tuple[State, list[Slot]]:
        slots: list[Slot] = []
        for _ in range(2):
            slots = []
            moved = False
            for index in range(len(state.effects)):
                rest = replace(state, effects=tuple(e for i, e in enumerate(state.effects) if i != index))
                rest = self.base.fit(rest, 6, dispersion=False)
                used = {e.exposure.change for e in rest.effects} - {UNLOGGED}
                mine = state.effects[index].exposure
                candidates = self._fitted(rest, [j for j in self.reachable if j not in used], 5)
                candidates += self._unlogged(rest, candidates)
                slot = self._slot(candidates)
                slots.append(slot)
                if not candidates:
                    continue
                odds = np.array([self._log_odds(c) for c in candidates])
                top = candidates[int(np.argmax(odds))]
                same = [
                    o
                    for c, o in zip(candidates, odds, strict=True)
                    if c.exposure.change == mine.change and c.exposure.shape == mine.shape
                ]
                current = max(same, default=-np.inf)
                margin = 0.3 if top.exposure.change == mine.change else 1.0
                if odds.max() > current + margin:
                    fitted = self.base.fit(self.evaluator.adopt(rest, top), 6, dispersion=False)
                    effects = list(fitted.effects)
                    effects.insert(index, effects.pop())
                    state = replace(fitted, effects=tuple(effects))
                    moved = True
            if not moved:
                break
        return state, slots

    def _slot(self, candidates: list[Candidate]) -> Slot:
        odds = np.array([self._log_odds(c) for c in candidates])
        total = log_sum(np.append(odds, 0.0))
        weights = np.exp(odds - total)
        owners = np.zeros(self.frame.n_changes)
        unlogged = 0.0
        for candidate, weight in zip(candidates, weights, strict=True):
            if candidate.exposure.change == UNLOGGED:
                unlogged += float(weight)
            else:
                owners[candidate.exposure.change] += weight
        return Slot(
            candidates=tuple(candidates),
            weights=weights,
            nothing=float(np.exp(-total)),
            owners=owners,
            unlogged=unlogged,
        )

    def _weak(self, state: State) -> tuple[list[Candidate], Floats, Floats]:
        used = {effect.exposure.change for effect in state.effects}
        allowed = [j for j in self.reachable if j not in used]
        scores = self.screen.scores(state)
        chosen = sorted(allowed, key=lambda j: -scores[j].max())[:EXACT]
        log_odds = np.full(self.frame.n_changes, -np.inf)
        gains = np.full(self.frame.n_changes, -np.inf)
        out: list[Candidate] = []
        for candidate, log_odds_of, gain in self._best_shapes(state, chosen, scores, HOPELESS):
            j = candidate.exposure.change
            log_odds[j], gains[j] = log_odds_of, gain
            out.append(candidate)
        for j in allowed:
            if j not in chosen:
                log_odds[j] = min(float(scores[j].max()) - 3.0, 0.0) + self.prior[j]
        return out, log_odds, gains

    def _best_shapes(
        self, state: State, chosen: list[int], scores: Floats, floor: float
    ) -> Iterator[tuple[Candidate, float, float]]:
        """Yield each change's likeliest shape, with the log odds and the best log Bayes factor of all its shapes."""
        for j, trial, first in self._looked_at(state, chosen, scores, np.inf):
            fitted = self._shapes(trial, first, scores[j], floor)
            odds = np.array([self._log_odds(c) for c in fitted])
            yield fitted[int(np.argmax(odds))], log_sum(odds), max(c.gain for c in fitted)

    def _shared(self, state: State, weak: Sequence[Candidate], log_odds: Floats) -> Floats:
        """Return each change's probability (J,) of one more excess, candidates for the same one as rivals."""
        alike = np.eye(len(log_odds))
        if weak:
            at = np.array([candidate.exposure.change for candidate in weak])
            alike[np.ix_(at, at)] = likeness(self.base, state, weak)
        return rivals_share(log_odds, alike)


def _floor(best: float, reach: float) -> float:
    """Return the log odds of a first look below which a candidate is hopeless, or out of reach of the best."""
    return max(HOPELESS - BLURRED, best - max(reach, BLURRED_SHARE * best))
