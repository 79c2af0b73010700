"""Power: golden numbers computed independently (statistical tables of the design), and what must hold everywhere."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.stats import power
from incidents.stats.power import detectable_drop, paired_tasks_needed, sessions_needed, tasks_needed


@pytest.mark.parametrize(("baseline", "drop", "n"), [(0.70, 0.03, 3762), (0.70, 0.021, 7620), (0.90, 0.03, 1774)])
def test_tasks_for_a_drop_unpaired(baseline: float, drop: float, n: int) -> None:
    assert round(tasks_needed(baseline=baseline, drop=drop)) == n


@pytest.mark.parametrize(("discordant", "n"), [(0.05, 434), (0.10, 870), (0.20, 1742), (0.30, 2614)])
def test_tasks_for_three_points_paired(discordant: float, n: int) -> None:
    assert round(paired_tasks_needed(discordant=discordant, drop=0.03)) == n


@pytest.mark.parametrize(("n", "points"), [(100, 19.3), (300, 10.9), (1000, 5.9)])
def test_what_so_many_tasks_can_see(n: int, points: float) -> None:
    drop = detectable_drop(n=n, baseline=0.70)
    assert drop is not None
    assert round(100 * drop, 1) == points


@pytest.mark.parametrize(("ratio", "n"), [(2.0, 4575), (1.5, 15539), (1.2, 86159)])
def test_sessions_for_a_rise_of_five_in_a_thousand(ratio: float, n: int) -> None:
    assert sessions_needed(rate=0.005, ratio=ratio) == pytest.approx(n, abs=1)


@given(n=st.integers(200, 10**6), baseline=st.floats(0.2, 0.98))
def test_the_detectable_drop_is_where_the_needed_tasks_are_there(n: int, baseline: float) -> None:
    drop = detectable_drop(n=n, baseline=baseline)
    assert drop is not None
    assert tasks_needed(baseline=baseline, drop=drop) == pytest.approx(n, rel=1e-6)


def test_too_little_known_or_too_few_tasks_is_none_not_a_number() -> None:
    assert detectable_drop(n=300) is None
    assert detectable_drop(n=0, baseline=0.7) is None
    assert detectable_drop(n=2, baseline=0.3) is None
    assert detectable_drop(n=300, discordant=0.0) is None


@pytest.mark.parametrize(
    "call",
    [
        lambda: tasks_needed(baseline=0.2, drop=0.3),
        lambda: paired_tasks_needed(discordant=0.01, drop=0.02),
        lambda: sessions_needed(rate=0.1, ratio=1.0),
        lambda: tasks_needed(baseline=0.7, drop=0.03, power=1.0),
    ],
)
def test_impossible_questions_are_refused(call: object) -> None:
    with pytest.raises(ValueError, match="must"):
        call()  # type: ignore[operator]


def test_examples() -> None:
    assert doctest.testmod(power).failed == 0
