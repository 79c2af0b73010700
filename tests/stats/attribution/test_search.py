"""The search keeps to the fits it is built on, gives up what turns out to be nothing, and knows use."""

from dataclasses import replace

import numpy as np
import pytest

from incidents.stats.attribution import ChangeExposure, ground
from incidents.stats.attribution.base import Base
from incidents.stats.attribution.candidate import Evaluator
from incidents.stats.attribution.frame import build_frame
from incidents.stats.attribution.search import DOUBTFUL, Search
from tests.stats.attribution.world import CACHE, TWIN, World, draw

WRONG = (0.1, 0.8, 0.1)
EARLY = ChangeExposure(key="early", started=20.0, scope=((1, (1,)),))


def test_an_adopted_excess_keeps_its_size_and_takes_its_complaints_from_the_background() -> None:
    drawn = draw(World(changes=(CACHE,), harm={"cache": (400.0, WRONG)}))
    base = Base(build_frame(drawn.evidence))
    state = base.fit(base.start(), 8)
    evaluator = Evaluator(base)
    exposure = base.exposure(0, 1)
    trial = evaluator.trial(state, exposure)
    assert trial is not None
    found = trial.fit(exposure)
    assert found is not None
    adopted = evaluator.adopt(state, found)
    size = float(adopted.effects[0].theta.sum() * base.block_mass(adopted, exposure).sum())
    background = base.block_rate(adopted) @ adopted.mix_frailty @ adopted.background.reshape(-1, 3).sum(0)
    assert size == pytest.approx(found.size, rel=0.05)
    assert size + background == pytest.approx(drawn.evidence.n_tickets, rel=0.03)
    later = base.fit(adopted, 6)
    assert later.effects[0].theta.sum() == pytest.approx(adopted.effects[0].theta.sum(), rel=0.1)


def test_no_excess_is_kept_that_more_likely_is_none() -> None:
    drawn = draw(World(changes=(CACHE, TWIN), harm={"cache": (60.0, WRONG)}, background=900.0, seed=4))
    found = Search(build_frame(drawn.evidence), np.array([0.6, 0.6])).run()
    assert all(slot.nothing <= DOUBTFUL for slot in found.slots)
    assert len(found.slots) <= 1


@pytest.mark.parametrize("seed", [6, 9, 11])
def test_two_changes_of_one_scope_do_not_each_hold_half_of_one_excess(seed: int) -> None:
    scope = ((0, (0, 1)), (1, (1,)))
    pair = tuple(ChangeExposure(key=key, started=at, scope=scope) for key, at in (("first", 300.0), ("second", 306.0)))
    drawn = draw(World(changes=pair, harm={"first": (90.0, (0.4, 0.3, 0.3))}, background=900.0, delay=20.0, seed=seed))
    # both metrics speak for both: beside the other each seems needless, though something surely happened
    found = Search(build_frame(drawn.evidence), np.array([0.6, 0.6])).run()
    assert len(found.slots) == 1
    assert found.slots[0].nothing < 0.05
    assert found.slots[0].owners.sum() > 0.9


def test_counted_use_speaks_for_an_excess_that_began_before_there_was_much_to_compare_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn = draw(World(changes=(EARLY,), harm={"early": (900.0, (0.4, 0.35, 0.25))}, background=1500.0, seed=4))

    def gain(evidence: object) -> float:
        base = Base(build_frame(evidence))  # type: ignore[arg-type]
        state = base.fit(base.start(), 8)
        exposure = base.exposure(0, 1)
        trial = Evaluator(base).trial(state, exposure)
        assert trial is not None
        fitted = trial.fit(exposure)
        assert fitted is not None
        return fitted.gain

    informed = gain(drawn.evidence)
    never_counted = gain(replace(drawn.evidence, usage=None))
    monkeypatch.setattr(ground, "SPREAD_SHARED", 10.0)
    monkeypatch.setattr(ground, "SPREAD_OWN", 10.0)
    uninformed = gain(drawn.evidence)
    assert informed > uninformed + 0.2
    assert informed > never_counted + 0.2
