"""Changes that are one column of the model get one answer; sizes come from the background beside all excesses."""

from dataclasses import replace

import numpy as np
import pytest

from incidents.stats.attribution import attribute
from incidents.stats.attribution.engine import prepare
from incidents.stats.attribution.search import Search
from incidents.stats.attribution.settle import settled
from tests.stats.attribution.world import CACHE, PROMPT, RAMP, World, draw

HARM = {"cache": (400.0, (0.1, 0.8, 0.1)), "ramp": (250.0, (0.6, 0.2, 0.2))}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("copies", [1, 2])
def test_identical_changes_get_the_same_answer_and_are_named_as_a_set(seed: int, copies: int) -> None:
    doubles = tuple(replace(CACHE, key=f"cache-{n}") for n in range(copies))
    changes = (doubles[0], CACHE, PROMPT, *doubles[1:], RAMP)
    found = attribute(draw(World(changes=changes, harm=HARM, seed=seed)).evidence)
    same = [change for change in found.changes if change.key.startswith("cache")]
    for one in same:
        assert one.verdict == "ambiguous"
        assert {one.key, *one.indistinguishable_from} >= {other.key for other in same}
        assert one.probability == pytest.approx(same[0].probability, abs=1e-9)
        assert one.excess == same[0].excess
        assert one.complaint_log_odds == pytest.approx(same[0].complaint_log_odds, abs=1e-6)
    at = [j for j, change in enumerate(found.changes) if change.key.startswith("cache")]
    for j in at[1:]:
        np.testing.assert_allclose(found.cell_probabilities[:, j], found.cell_probabilities[:, at[0]], atol=1e-6)
    assert sum(change.probability for change in same) > 0.9


def test_identical_changes_that_did_nothing_get_the_same_answer() -> None:
    changes = (CACHE, replace(CACHE, key="again"), RAMP)
    found = attribute(draw(World(changes=changes, harm={"ramp": HARM["ramp"]}, seed=7)).evidence).changes
    assert found[0].probability == pytest.approx(found[1].probability, abs=1e-9)
    assert found[0].excess == found[1].excess
    assert found[0].verdict == found[1].verdict == "not supported"


def test_a_size_is_not_lowered_by_the_background_that_was_fitted_without_it() -> None:
    """Over several worlds the settled sizes lie around the truth, those on top of the bare background below it."""
    said, bare, true = [], [], []
    for seed in range(8):
        drawn = draw(World(changes=(CACHE, PROMPT), harm={"prompt": (700.0, (0.3, 0.4, 0.3))}, seed=seed))
        ready = prepare(drawn.evidence)
        search = Search(ready.frame, ready.prior)
        found = search.run()
        again = settled(search, found)
        for first, second in zip(found.slots, again.slots, strict=True):
            top = int(np.argmax(first.weights))
            if first.candidates[top].exposure.change == 1:
                bare.append(first.candidates[top].size)
                said.append(second.candidates[top].size)
                true.append((drawn.cause == 1).sum())
            np.testing.assert_array_equal(first.weights, second.weights)
    assert len(true) >= 6
    assert sum(said) == pytest.approx(sum(true), rel=0.08)
    assert abs(sum(said) - sum(true)) < abs(sum(bare) - sum(true))
