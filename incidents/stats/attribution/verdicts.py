"""Which changes are named, which are ambiguous with which others."""

from dataclasses import dataclass

import numpy as np

from incidents.stats.attribution.evidence import Floats
from incidents.stats.attribution.findings import Verdict

CLOSE = 4.0  # owners within these odds of the likeliest owner of an excess cannot be told from it
FAINT = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Verdict of one change, the others of its set, and the probability that one of the set is right."""

    verdict: Verdict
    others: tuple[int, ...]
    set_probability: float


def name_changes(probability: Floats, slot_owners: Floats, declare_at: float) -> list[Named]:
    """Return the verdict on each change.

    `probability` (J,) and `slot_owners` (S, J). An excess whose likeliest owner leads by less than
    `CLOSE` to one makes a set; a change in such a set is ambiguous. Without a set, a change is named from
    `declare_at` on.
    """
    n = len(probability)
    sets: list[set[int]] = [set() for _ in range(n)]
    held = probability.astype(float).copy()
    for owners in slot_owners:
        if not n or owners.max() <= 0:
            continue
        close = [int(j) for j in np.flatnonzero((owners > owners.max() / CLOSE) & (owners > FAINT))]
        if owners[close].sum() < declare_at:
            continue
        for j in close:
            sets[j].update(close)
            held[j] = max(held[j], float(owners[close].sum()))
    out = []
    for j in range(n):
        others = tuple(sorted(sets[j] - {j}))
        if others:
            out.append(Named(verdict="ambiguous", others=others, set_probability=min(held[j], 1.0)))
        elif probability[j] > declare_at:
            out.append(Named(verdict="contributing", others=(), set_probability=float(probability[j])))
        else:
            out.append(Named(verdict="not supported", others=(), set_probability=float(probability[j])))
    return out
