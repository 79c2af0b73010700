"""Which logged changes the case's data could not tell apart, on the case's own cells."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from incidents.stats.attribution.counting import tally
from incidents.stats.attribution.findings import Separation
from incidents.stats.attribution.search import Found, Search
from incidents.stats.identifiability import ENOUGH, identifiability

TYPICAL_SHAPE = 1  # the second shape of delay stands for all
MOST = 60  # changes compared; of more, the ones with the highest scores
MOST_PAIRS = 200
SEGMENTS = 60  # kinds of report told apart; the rest is pooled


SAME_EXPOSURE = 0.997  # correlation from which two exposures are the same for all purposes


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """Pairs that the data could not tell apart, and which changes share their exposure (J, J)."""

    separations: tuple[Separation, ...]
    alike: NDArray[np.bool_]


def confusion(search: Search, found: Found) -> Confusion:
    """Compare all reachable changes, each sized to a typical excess."""
    frame = search.frame
    alike = np.zeros((frame.n_changes, frame.n_changes), bool)
    chosen = search.reachable
    if len(chosen) < 2 or frame.total <= 0:
        return Confusion(separations=(), alike=alike)
    if len(chosen) > MOST:
        scores = search.screen.scores(found.state).max(1)
        chosen = sorted(sorted(chosen, key=lambda j: -scores[j])[:MOST])
    count = tally(frame.cell_kind, frame.cell_count, len(frame.kind_pattern))
    order = np.argsort(-count)
    group = np.full(len(count), min(SEGMENTS, len(count)) - 1)
    group[order[: SEGMENTS - 1]] = np.arange(len(order[: SEGMENTS - 1]))
    n_groups = int(group.max()) + 1
    weight = tally(group, count, n_groups)
    rate = search.base.block_rate(found.state)
    expected = np.outer(rate / rate.sum(), weight)
    shape = min(TYPICAL_SHAPE, len(frame.shapes) - 1)
    curves = np.array([tally(frame.block, frame.curve[j, shape] * found.state.rate, frame.n_blocks) for j in chosen])
    curves = curves / np.maximum(rate, 1e-300)
    held = np.array([tally(group, count * search.screen.held[:, j], n_groups) for j in chosen]) / np.maximum(
        weight, 1e-9
    )
    excess = np.full(len(chosen), max(search.settings.share_centre * frame.total, 12.0))
    result = identifiability(
        curves[:, :, None] * held[:, None, :], expected, excess=excess, dispersion=found.state.day_dispersion
    )
    keys = [frame.evidence.changes[j].key for j in chosen]
    out = []
    for a, b in result.pairs():
        value = float(min(result.discrimination[a, b], result.discrimination[b, a]))
        confused = result.correlation[a, b] > 0.5  # a pair without any signal is no confusion between the two
        if confused:
            factor = ENOUGH / value if value > 1e-6 else float("inf")
            out.append(Separation(first=keys[a], second=keys[b], discrimination=value, tickets_factor=factor))
    alike[np.ix_(chosen, chosen)] = (result.correlation > SAME_EXPOSURE) & (
        np.minimum.outer(*[result.signal] * 2) > 0.1
    )
    np.fill_diagonal(alike, False)
    return Confusion(separations=tuple(sorted(out, key=lambda s: s.discrimination)[:MOST_PAIRS]), alike=alike)
