"""The sizes of what was found, on the background that is left once all of it is told apart.

To ask who owns an excess, the background is first fitted without it, so that nobody is favoured; in doing so it takes
in a part of the excess. Who is likely to own it is answered there. How large it is, and which complaints it raised, is
answered here, on the background fitted beside all excesses.
"""

from dataclasses import replace

from incidents.stats.attribution.candidate import Candidate, Trial
from incidents.stats.attribution.search import Found, Search

LIKELY = 0.02  # posterior of an owner and shape from which it is fitted anew


def settled(search: Search, found: Found) -> Found:
    """Return what was found, its likely owners fitted on top of everything else that was found."""
    state = found.state
    if len(state.effects) != len(found.slots):
        return found
    slots = []
    for index, slot in enumerate(found.slots):
        rest = replace(state, effects=tuple(e for i, e in enumerate(state.effects) if i != index))
        trials: dict[bytes, Trial | None] = {}
        candidates = []
        for candidate, weight in zip(slot.candidates, slot.weights, strict=True):
            again: Candidate | None = None
            if weight > LIKELY:
                scope = candidate.exposure.scope.tobytes()
                if scope not in trials:
                    trials[scope] = search.evaluator.trial(rest, candidate.exposure)
                trial = trials[scope]
                again = None if trial is None else trial.fit(candidate.exposure)
            candidates.append(candidate if again is None else _same_evidence(again, candidate))
        slots.append(replace(slot, candidates=tuple(candidates)))
    return replace(found, slots=tuple(slots))


def _same_evidence(again: Candidate, first: Candidate) -> Candidate:
    return replace(again, gain=first.gain, log_weight=first.log_weight)
