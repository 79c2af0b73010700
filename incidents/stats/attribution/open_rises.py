"""Rises that surely happened and that too many known changes fit: what is known of them, without naming any."""

from collections.abc import Sequence

import numpy as np

from incidents.stats.attribution.evidence import Floats, Settings
from incidents.stats.attribution.findings import Estimate, OpenRise
from incidents.stats.attribution.posterior import drawn_tickets
from incidents.stats.attribution.search import Found, Search, Slot
from incidents.stats.attribution.verdicts import LEAST_RISE, SURE, Named

# Changes are listed until they hold this much of the odds together, and no change below the second bound.
TOLD, FAINT = 0.9, 0.01
# A rise of which named changes hold so much is told with them.
MOSTLY_NAMED = 0.5
_DRAWS = 2000


def open_rises(search: Search, found: Found, named: Sequence[Named]) -> tuple[OpenRise, ...]:
    """Return the rises that are sure and whose owner stays open, the largest first.

    A rise is sure where "nothing happened" has less than `1 - SURE` and the complaints speak for it by `LEAST_RISE`. It
    is told elsewhere where changes that have a verdict (alone or in a set) hold most of it, or where an unlogged event
    is named as its owner.
    """
    unnamed = np.array([one.verdict == "not supported" for one in named], dtype=bool)
    out = []
    for slot in found.slots:
        known = float(slot.owners.sum())
        if known + slot.unlogged < SURE or slot.unlogged >= search.settings.declare_at:
            continue
        if rise_evidence(search, slot) < LEAST_RISE:
            continue
        if float(slot.owners[~unnamed].sum()) > MOSTLY_NAMED * known:
            continue
        out.append(_told(search, slot))
    return tuple(sorted(out, key=lambda one: -one.excess.value))


def rise_evidence(search: Search, slot: Slot) -> float:
    """Return the log Bayes factor of the rise, whichever known change owns it: free of how many the log holds."""
    prior = float(np.exp(search.prior[search.reachable]).sum())
    return float(
        np.log(max(slot.owners.sum(), 1e-300)) - np.log(max(slot.nothing, 1e-300)) - np.log(max(prior, 1e-300))
    )


def _told(search: Search, slot: Slot) -> OpenRise:
    frame, settings = search.frame, search.settings
    weights = np.asarray(slot.weights, dtype=float)
    order = [int(j) for j in np.argsort(-slot.owners, kind="stable") if slot.owners[j] >= FAINT]
    held = np.cumsum(slot.owners[order])
    n = int(np.searchsorted(held, TOLD * slot.owners.sum())) + 1
    profile = sum(w * c.theta for c, w in zip(slot.candidates, weights, strict=True))
    shares = np.asarray(profile) / max(float(np.sum(profile)), 1e-300)
    tail = (1.0 - settings.interval) / 2
    draws = _amounts(slot, weights, settings)
    low, high = np.quantile(draws, [tail, 1.0 - tail])
    return OpenRise(
        excess=Estimate(value=float(draws.mean()), low=float(low), high=float(high)),
        probability=float(min(slot.owners.sum() + slot.unlogged, 1.0)),
        starts=_starts(search, slot, weights),
        symptom=frame.evidence.symptoms[int(shares.argmax())] if shares.max() > 0.5 else None,
        owners=tuple((frame.evidence.changes[j].key, float(slot.owners[j])) for j in order[:n]),
        unlogged=float(slot.unlogged),
    )


def _amounts(slot: Slot, weights: Floats, settings: Settings) -> Floats:
    """Draw the rise's size in tickets, whoever owns it, as the sizes of single changes are drawn."""
    random = np.random.default_rng(settings.seed + 2)
    times = random.multinomial(_DRAWS, weights / weights.sum())
    parts = [
        drawn_tickets(random, candidate, settings, int(n)) for candidate, n in zip(slot.candidates, times, strict=True)
    ]
    return np.concatenate(parts)


def _starts(search: Search, slot: Slot, weights: Floats) -> tuple[float, float]:
    """Return the hours between which the candidates' curves begin, by their weights."""
    edges = np.asarray(search.frame.evidence.edges)
    begun = np.array([edges[int(np.argmax(c.exposure.curve > 0))] for c in slot.candidates])
    order = np.argsort(begun, kind="stable")
    mass = np.cumsum(weights[order]) / weights.sum()
    first, last = (int(np.searchsorted(mass, level).clip(0, len(order) - 1)) for level in (0.05, 0.95))
    return float(begun[order[first]]), float(begun[order[last]])
