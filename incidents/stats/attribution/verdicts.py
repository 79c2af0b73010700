"""Which changes are named, which are ambiguous with which others."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from incidents.stats.attribution.evidence import Floats
from incidents.stats.attribution.findings import Verdict

CLOSE = 2.5  # owners within these odds of the likeliest owner of an excess cannot be told from it
ALIKE = 20.0  # the same for changes with the same exposure, which complaints alone can never tell apart
WIDE = 10.0  # odds within which further owners join while the set is not yet likely as a whole
LARGEST_SET = 8
SURE, THIN = 0.9, 0.42  # an excess that surely has an owner, none of whom holds more than this
FAINT = 0.02
# Log Bayes factor, averaged over the changes of the log, from which a rise is one whoever owns it: without it, the mere
# length of a log makes some owner likely.
LEAST_RISE = float(np.log(20.0))
LEAST_EVIDENCE = float(np.log(3.0))  # log Bayes factor that complaints themselves must give a change that is named
# Where use was never counted, whoever came to use something new may pass for an excess of complaints about it: more is
# asked of the complaints, and of the posterior, before a change or a set is named.
LEAST_UNCOUNTED = float(np.log(12.0))
DECLARE_UNCOUNTED = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Verdict of one change, the others of its set, and the probability that one of the set is right."""

    verdict: Verdict
    others: tuple[int, ...]
    set_probability: float


def name_changes(
    probability: Floats, slot_owners: Floats, evidence: Floats, alike: NDArray[np.bool_], declare_at: float,
    *, least: float = LEAST_EVIDENCE, rise: Floats | None = None,
) -> list[Named]:  # fmt: skip
    """Return the verdict on each change.

    Parameters
    ----------
    probability : (J,) array
        Posterior that each change raised complaints.
    slot_owners : (S, J) array
        Posterior owner of each excess.
    evidence : (J,) array
        Log Bayes factor of each change from complaints alone.
    alike : (J, J) array
        Pairs with practically the same exposure.
    declare_at : float
        Probability from which a change, or a set, is named.
    least
        Log Bayes factor that complaints must give.
    rise : (S,) array
        Log Bayes factor of each excess, averaged over the changes of the log; if left out, each is sure.

    Notes
    -----
    An excess whose likeliest owner leads by less than `CLOSE` to one (`ALIKE` to one over a change with the same
    exposure) makes a set. Where an excess surely has an owner but none holds much of it, further owners join until
    the set is likely, as in a credible set. A change in such a set is ambiguous. A set of more than two asks for an
    excess that is one whatever the length of the log (`LEAST_RISE`). Without a set, a change is named from `declare_at`
    on. Of a set, or of that change, complaints must speak for one themselves: neither a moved metric nor the mere
    number of changes names any.
    """
    n = len(probability)
    sets: list[set[int]] = [set() for _ in range(n)]
    held = probability.astype(float).copy()
    for slot, owners in enumerate(slot_owners):
        if not n or owners.max() <= 0:
            continue
        close = _close(owners, alike, declare_at)
        risen = rise is None or rise[slot] >= LEAST_RISE
        if owners[close].sum() < declare_at or evidence[close].max() <= least or (len(close) > 2 and not risen):
            continue
        for j in close:
            sets[j].update(close)
            held[j] = max(held[j], float(owners[close].sum()))
    out = []
    for j in range(n):
        others = tuple(sorted(sets[j] - {j}))
        if others:
            out.append(Named(verdict="ambiguous", others=others, set_probability=min(held[j], 1.0)))
        elif probability[j] > declare_at and evidence[j] > least:
            out.append(Named(verdict="contributing", others=(), set_probability=float(probability[j])))
        else:
            out.append(Named(verdict="not supported", others=(), set_probability=float(probability[j])))
    return out


def _close(owners: Floats, alike: NDArray[np.bool_], declare_at: float) -> list[int]:
    """Return the owners of one excess (J,) that cannot be told from the likeliest, with those of a spread set."""
    top = int(np.argmax(owners))
    margin = np.where(alike[top], ALIKE, CLOSE)
    close = [int(j) for j in np.flatnonzero((owners > owners[top] / margin) & (owners > FAINT))]
    spread = owners.sum() >= SURE and owners[top] <= THIN
    for j in np.argsort(-owners, kind="stable") if spread else ():
        if owners[close].sum() >= declare_at or owners[j] < owners[top] / WIDE or len(close) >= LARGEST_SET:
            break
        if int(j) not in close:
            close.append(int(j))
    return close
