"""Changes that the case cannot tell apart at all get the same answer.

Two changes with the same scope, rollout, times and prior are the same column of the model. The search takes one of them
for an owner and finds the other superfluous beside it; what it says of the two is evened here.
"""

from dataclasses import replace

import numpy as np

from incidents.stats.attribution.candidate import Candidate
from incidents.stats.attribution.search import Found, Search, Slot


def same_exposure(search: Search) -> list[list[int]]:
    """Return the groups of two and more reachable changes that agree in all that the model knows of them."""
    frame = search.frame
    groups: dict[tuple[object, ...], list[int]] = {}
    for j in search.reachable:
        known = (frame.scope[j], frame.curve[j], frame.carried[j], frame.kind_state[:, j], search.evaluator.profiles[j])
        key = (round(float(search.prior[j]), 9), *(np.ascontiguousarray(part).tobytes() for part in known))
        groups.setdefault(key, []).append(j)
    return [group for group in groups.values() if len(group) > 1]


def evened(search: Search, found: Found) -> Found:
    """Return what was found with the claims of indistinguishable changes shared evenly."""
    for group in same_exposure(search):
        weak = found.weak_probability.copy()
        weak[group] = weak[group].mean()
        gains = found.gains.copy()
        gains[group] = gains[group].max()
        spare = next((c for c in found.weak if c.exposure.change in group), None)
        rest = [c for c in found.weak if c.exposure.change not in group]
        found = replace(
            found,
            slots=tuple(_shared(slot, group) for slot in found.slots),
            weak=(*rest, *([] if spare is None else [_of(spare, j) for j in group])),
            weak_probability=weak,
            gains=gains,
        )
    return found


def _shared(slot: Slot, group: list[int]) -> Slot:
    """Give each shape that one of the group may own to all of them, with equal parts of its weight."""
    first: dict[int, Candidate] = {}
    weight: dict[int, float] = {}
    kept: list[tuple[Candidate, float]] = []
    for candidate, own in zip(slot.candidates, slot.weights, strict=True):
        if candidate.exposure.change not in group:
            kept.append((candidate, float(own)))
            continue
        first.setdefault(candidate.exposure.shape, candidate)
        weight[candidate.exposure.shape] = weight.get(candidate.exposure.shape, 0.0) + float(own)
    for shape, candidate in first.items():
        kept += [(_of(candidate, j), weight[shape] / len(group)) for j in group]
    owners = slot.owners.copy()
    owners[group] = owners[group].mean()
    return replace(slot, candidates=tuple(c for c, _ in kept), weights=np.array([w for _, w in kept]), owners=owners)


def _of(candidate: Candidate, change: int) -> Candidate:
    return replace(candidate, exposure=replace(candidate.exposure, change=change))
