"""Simulation-based calibration: worlds drawn from the prior; what is said must come true as often as it says.

The bounds are binomial: each is left by a calibrated engine about once in two hundred runs, and the seeds are fixed.
"""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy import stats

from incidents.stats.attribution import Attribution, ChangeExposure, Settings, attribute
from tests.stats.attribution.world import Drawn, World, draw

N_WORLDS = 40
BACKGROUND = 900.0
SURE = 0.005


@dataclass(frozen=True)
class Drawing:
    """One world: what was drawn, what was found, which changes did harm."""

    drawn: Drawn
    found: Attribution
    harmful: tuple[bool, ...]


def from_prior(seed: int) -> Drawing:
    """Draw three changes, each harmful with the prior's probability and of the prior's size."""
    random = np.random.default_rng([77, seed])
    settings = Settings()
    changes, harm = [], {}
    for key in ("a", "b", "c"):
        start = random.uniform(80, 560)
        ended = start + random.uniform(60, 250) if random.random() < 0.5 else None
        dim = int(random.integers(3))
        scope = ((dim, (int(random.integers((3, 2, 2)[dim])),)),) if random.random() < 0.8 else ()
        changes.append(
            ChangeExposure(
                key=key,
                started=start,
                ended=None if ended is None or ended > 660 else ended,
                end_kind=None if ended is None or ended > 660 else "revert",
                scope=scope,
            )
        )
        if random.random() < settings.inclusion:
            share = settings.share_centre * np.exp(settings.share_spread * random.normal())
            harm[key] = (float(min(share, 0.6) * BACKGROUND), tuple(random.dirichlet(np.full(3, 2.0))))
    world = World(changes=tuple(changes), harm=harm, background=BACKGROUND, seed=10_000 + seed)  # type: ignore[arg-type]
    drawn = draw(world)
    return Drawing(drawn, attribute(drawn.evidence), tuple(c.key in harm for c in changes))


@pytest.fixture(scope="module")
def worlds() -> list[Drawing]:
    return [from_prior(seed) for seed in range(N_WORLDS)]


def test_probabilities_come_true_as_often_as_they_say(worlds: list[Drawing]) -> None:
    said = np.array([c.probability for w in worlds for c in w.found.changes])
    was = np.array([h for w in worlds for h in w.harmful])
    # The sum of independent coins of those probabilities, by the normal approximation.
    spread = np.sqrt((said * (1 - said)).sum())
    assert abs(was.sum() - said.sum()) < 3.3 * spread
    sure = said > 0.9
    assert sure.sum() >= 8
    assert stats.binom.cdf(was[sure].sum(), sure.sum(), said[sure].mean()) > SURE
    unlikely = said < 0.3
    assert stats.binom.sf(was[unlikely].sum() - 1, unlikely.sum(), said[unlikely].mean()) > SURE / 10


def test_ninety_per_cent_intervals_hold_the_truth_of_what_is_named(worlds: list[Drawing]) -> None:
    held = []
    for w in worlds:
        for j, change in enumerate(w.found.changes):
            if change.verdict == "contributing" and w.harmful[j]:
                true = int((w.drawn.cause == j).sum())
                held.append(np.floor(change.excess.low) <= true <= np.ceil(change.excess.high))
    assert len(held) >= 8
    assert stats.binom.cdf(sum(held), len(held), 0.9) > SURE


def test_what_is_said_to_be_nobodys_is_nobodys(worlds: list[Drawing]) -> None:
    """Over all worlds, the tickets' probabilities add up to the tickets that each origin raised."""
    said = sum(float(w.drawn.evidence.cell_count @ w.found.cell_probabilities[:, :-1].sum(1)) for w in worlds)
    was = sum(int((w.drawn.cause >= 0).sum()) for w in worlds)
    total = sum(len(w.drawn.cause) for w in worlds)
    assert abs(said - was) / total < 0.02


def test_wider_intervals_hold_more(worlds: list[Drawing]) -> None:
    drawn = next(w.drawn for w in worlds if sum(w.harmful) == 1)
    narrow = attribute(replace(drawn.evidence, settings=Settings(interval=0.5))).changes
    wide = attribute(replace(drawn.evidence, settings=Settings(interval=0.9))).changes
    for a, b in zip(narrow, wide, strict=True):
        assert b.excess.low <= a.excess.low + 1e-9
        assert b.excess.high >= a.excess.high - 1e-9
