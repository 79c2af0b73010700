"""The same case with a change moved or left out, fitted from where a finished fit ended.

A full search begins with nothing; this one holds the background and its variances as the full fit found them, takes out
what a moved change owned, looks for what explains those complaints now, and weighs the moved changes as owners of every
other excess. Other changes' claims on excesses that stay are taken over. It needs a fraction of the time and is for
looking, not for the record: runs are made by the full search, which lets the background move as well.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from incidents.stats.attribution.base import State
from incidents.stats.attribution.candidate import Candidate
from incidents.stats.attribution.engine import conclude, prepare
from incidents.stats.attribution.evidence import CaseEvidence, Floats
from incidents.stats.attribution.findings import Attribution
from incidents.stats.attribution.frame import Frame
from incidents.stats.attribution.search import STOP, UNLOGGED, Found, Search, Slot

# A moved change with a smaller posterior in a slot than this left no mark on it.
UNTOUCHED = 0.01
# Changes without an excess whose log odds were above this are fitted anew, the others keep what was found.
NEAR = -3.0
MOST_NEW = 3  # excesses that a rerun may add


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A full fit with all that a rerun begins from."""

    search: Search
    found: Found
    result: Attribution


def attribute_fully(evidence: CaseEvidence) -> Finished:
    """Fit a case as `attribute` does and keep what a rerun needs. Raises EvidenceError as it does."""
    ready = prepare(evidence)
    search = Search(ready.frame, ready.prior)
    found = search.run()
    return Finished(search=search, found=found, result=conclude(search, found, ready, pairs=False))


def attribute_again(
    finished: Finished, evidence: CaseEvidence, *, moved: Collection[int], left_out: Collection[int] = ()
) -> Attribution:
    """Return the answer for evidence in which only the changes `moved` (indices) differ from the finished fit's.

    Changes in `left_out` stay in the list but can own nothing. Where a moved scope cuts the segments more finely than
    before, nothing can be taken over and the case is fitted in full. Raises EvidenceError where the evidence
    contradicts itself, ValueError where it lists other changes.
    """
    old = finished.search.frame
    if [one.key for one in evidence.changes] != [one.key for one in old.evidence.changes]:
        raise ValueError("A rerun needs the same changes in the same order.")
    ready = prepare(evidence)
    search: Search
    if _fits_onto(old, ready.frame):
        search = _Rerun(ready.frame, ready.prior, finished, moved=frozenset(moved) | frozenset(left_out))
    else:
        search = Search(ready.frame, ready.prior)
    search.reachable = [j for j in search.reachable if j not in set(left_out)]
    return conclude(search, search.run(), ready, pairs=False)


def _fits_onto(old: Frame, new: Frame) -> bool:
    """Tell whether cells and segments are laid out alike, so that states of the one are states of the other."""
    return (
        old.lattice.shape == new.lattice.shape
        and len(old.shapes) == len(new.shapes)
        and all(
            np.array_equal(one, other)
            for one, other in (
                (old.kind_pattern, new.kind_pattern),
                (old.cell_kind, new.cell_kind),
                (old.cell_step, new.cell_step),
                (old.cell_symptom, new.cell_symptom),
                (old.usage, new.usage),
            )
        )
    )


class _Rerun(Search):
    """A search that begins where another ended."""

    def __init__(self, frame: Frame, prior_odds: Floats, finished: Finished, *, moved: frozenset[int]) -> None:
        super().__init__(frame, prior_odds)
        self.kept = finished.found
        self.moved = moved
        # Surges that were taken in are columns of the time regression: the state's coefficients belong to them.
        self.base.time = finished.search.base.time
        self._in_sight = set(finished.search._in_sight)
        self._surges = finished.search._surges

    def run(self) -> Found:
        """Return the excesses found, on the background that the full fit found."""
        effects = [effect for effect in self.kept.state.effects if effect.exposure.change not in self.moved]
        state = replace(self.kept.state, effects=tuple(effects))
        fresh: list[Slot] = []
        while len(fresh) < MOST_NEW and len(state.effects) < self.settings.max_effects:
            candidates = self._candidates(state)
            best = max(candidates, key=self._log_odds, default=None)
            if best is None or self._log_odds(best) < STOP:
                break
            fresh.append(self._slot(candidates))
            state = self.evaluator.adopt(state, best)
        kept = [self._weighed(state, index, effect.exposure.change) for index, effect in enumerate(effects)]
        return self._found(state, [*(slot for slot in kept if slot is not None), *fresh])

    def _candidates(self, state: State) -> list[Candidate]:
        """Return what could own one more excess: changes of the log, or an event that no log knows."""
        used = {effect.exposure.change for effect in state.effects}
        candidates = self._fitted(state, [j for j in self.reachable if j not in used], 5)
        return candidates + self._unlogged(state, candidates)

    def _weighed(self, state: State, index: int, owner: int) -> Slot | None:
        """Return the owners of an excess that was there before, the moved changes weighed anew among them."""
        held = self._held(owner)
        rest = replace(state, effects=tuple(e for i, e in enumerate(state.effects) if i != index))
        used = {effect.exposure.change for effect in rest.effects}
        if held is None:
            candidates = self._candidates(rest)
            return self._slot(candidates) if candidates else None
        trying = [j for j in self.moved if j in self.reachable and j not in used]
        scores = self.screen.scores(rest) if trying else None
        if scores is None or max(float(scores[j].max()) for j in trying) < self._floor(held):
            return held
        fresh = self._fitted(rest, trying, len(trying))
        return self._slot([*(c for c in held.candidates if c.exposure.change not in self.moved), *fresh])

    def _held(self, change: int) -> Slot | None:
        """Return the slot in which a change had most weight, unless a moved change had a share in it."""
        best: tuple[float, Slot] | None = None
        for slot in self.kept.slots:
            weight = slot.unlogged if change == UNLOGGED else float(slot.owners[change])
            if best is None or weight > best[0]:
                best = weight, slot
        if best is None or best[0] <= 0 or any(best[1].owners[j] > UNTOUCHED for j in self.moved):
            return None
        return best[1]

    def _floor(self, slot: Slot) -> float:
        """Return the cheap score below which a moved change cannot come near the excess's owners."""
        return max((c.gain for c in slot.candidates), default=0.0) * 0.25

    def _weak(self, state: State) -> tuple[list[Candidate], Floats, Floats]:
        """Fit what moved or was near anew; of the other changes without an excess take over what was found."""
        used = {effect.exposure.change for effect in state.effects}
        known = {candidate.exposure.change: candidate for candidate in self.kept.weak}
        scores = self.screen.scores(state)
        log_odds = np.full(self.frame.n_changes, -np.inf)
        gains = np.full(self.frame.n_changes, -np.inf)
        out: list[Candidate] = []
        wanted = []
        for j in (j for j in self.reachable if j not in used):
            if j not in self.moved and j in known and self.kept.gains[j] + self.prior[j] < NEAR:
                out.append(known[j])
                gains[j], log_odds[j] = self.kept.gains[j], self.kept.weak_log_odds[j]
            else:
                wanted.append(j)
        for candidate, log_odds_of, gain in self._best_shapes(state, wanted, scores, NEAR):
            j = candidate.exposure.change
            log_odds[j], gains[j] = log_odds_of, gain
            out.append(candidate)
        return out, log_odds, gains
