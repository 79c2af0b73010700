"""Pairs of changes: more than their sum, less than their sum, and the many pairs that are just two changes."""

from dataclasses import replace

import numpy as np
import pytest

from incidents.stats.attribution import Attribution, ChangeExposure, attribute
from tests.stats.attribution.world import World, draw

WEB = ((0, (1, 2)),)
EVEN = (0.4, 0.3, 0.3)
FIRST = ChangeExposure(key="first", started=168.0, ended=504.0)
SECOND = ChangeExposure(key="second", started=336.0, scope=((0, (0, 1)),))
# what happens where and while both are in force, drawn as a change of its own that no log knows
BOTH = ChangeExposure(key="both", started=336.0, ended=504.0, scope=((0, (0, 1)),))


def found_in(
    harm: dict[str, float], *, seed: int, second: ChangeExposure = SECOND, first: ChangeExposure = FIRST
) -> Attribution:
    """Draw a case in which `both` may do something, and fit it without that."""
    world = World(
        changes=(first, second, BOTH),
        harm={key: (size, EVEN) for key, size in harm.items()},
        background=6000.0,
        missing=0.1,
        delay=2.0,
        seed=seed,
    )
    evidence = draw(world).evidence
    return attribute(replace(evidence, changes=(first, second)))


@pytest.mark.parametrize("seed", [1, 2])
def test_a_linked_pair_that_does_more_together_is_told_so(seed: int) -> None:
    second = replace(SECOND, interacts_with=("first",))
    found = found_in({"first": 800.0, "second": 800.0, "both": 900.0}, seed=seed, second=second)
    (pair,) = found.interactions
    assert {pair.first, pair.second} == {"first", "second"}
    assert (pair.relation, pair.outcome) == ("interacts_with", "stronger")
    assert pair.excess.low > 0
    assert pair.excess.low < 900.0 < 1.5 * pair.excess.high


def test_an_unlinked_pair_is_proposed_as_a_candidate_at_a_threshold_that_grows_with_the_pairs() -> None:
    found = found_in({"first": 800.0, "second": 800.0, "both": 1200.0}, seed=3)
    (pair,) = found.interactions
    assert (pair.relation, pair.outcome, pair.n_scanned) == ("candidate", "stronger", 1)
    assert pair.log_bayes_factor is not None
    assert pair.log_bayes_factor > pair.threshold == pytest.approx(np.log(20.0))


@pytest.mark.parametrize("seed", range(5))
def test_two_changes_that_only_add_up_are_no_candidates(seed: int) -> None:
    assert found_in({"first": 1000.0, "second": 1000.0}, seed=seed).interactions == ()


def test_a_masked_change_is_told_with_what_is_left_of_its_rise() -> None:
    # the second change works all the time; while the first is in force it shows no complaints at all
    first = ChangeExposure(key="first", started=336.0, ended=504.0, masks=("second",))
    second = ChangeExposure(key="second", started=168.0, scope=WEB)
    on = replace(second, steps=((168.0, 1.0), (336.0, 0.0), (504.0, 1.0)))
    drawn = draw(
        World(changes=(on,), harm={"second": (2000.0, EVEN)}, background=6000.0, missing=0.1, delay=2.0, seed=5)
    )
    found = attribute(replace(drawn.evidence, changes=(first, second)))
    (pair,) = found.interactions
    assert (pair.first, pair.second, pair.relation, pair.outcome) == ("first", "second", "masks", "weaker")
    assert pair.kept is not None
    assert pair.kept.high < 0.5
    assert pair.excess.high < 0


def test_a_change_that_is_not_masked_keeps_its_rise() -> None:
    first = ChangeExposure(key="first", started=336.0, ended=504.0, masks=("second",))
    second = ChangeExposure(key="second", started=168.0, scope=WEB)
    drawn = draw(
        World(changes=(second,), harm={"second": (3000.0, EVEN)}, background=6000.0, missing=0.1, delay=2.0, seed=6)
    )
    (pair,) = attribute(replace(drawn.evidence, changes=(first, second))).interactions
    assert pair.outcome == "additive"
    assert pair.kept is not None
    assert pair.kept.low < 1.0 < pair.kept.high


def test_twins_that_were_never_apart_leave_nothing_to_say() -> None:
    first = replace(FIRST, masks=("second",))
    second = replace(FIRST, key="second")
    drawn = draw(World(changes=(first,), harm={"first": (1500.0, EVEN)}, background=4000.0, seed=7))
    (pair,) = attribute(replace(drawn.evidence, changes=(first, second))).interactions
    assert pair.outcome == "cannot tell"


def test_links_to_unknown_or_unreachable_changes_are_passed_over() -> None:
    first = replace(FIRST, masks=("gone",), interacts_with=("inside",))
    inside = ChangeExposure(key="inside", started=100.0, visibility="internal")
    drawn = draw(World(changes=(first,), harm={"first": (500.0, EVEN)}, seed=8))
    assert attribute(replace(drawn.evidence, changes=(first, inside))).interactions == ()
