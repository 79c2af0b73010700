"""Changes that fit the same faint rise share it: weighed each by itself, a score of them would all be likely."""

import numpy as np
import pytest

from incidents.stats.attribution.rivals import rivals_share


def test_one_alone_has_its_own_probability() -> None:
    assert rivals_share(np.array([0.0, -np.inf]), np.ones((2, 2))) == pytest.approx([0.5, 0.0])


def test_equal_rivals_share_one_excess() -> None:
    share = rivals_share(np.full(20, np.log(3.0)), np.ones((20, 20)))
    assert share == pytest.approx(np.full(20, 3.0 / 61.0))
    assert share.sum() < 1.0


def test_what_is_not_alike_stands_by_itself() -> None:
    assert rivals_share(np.array([0.0, 0.0, np.log(4.0)]), np.eye(3)) == pytest.approx([0.5, 0.5, 0.8])


def test_certain_ones_and_none_at_all_stay_numbers() -> None:
    assert rivals_share(np.array([800.0, 0.0]), np.ones((2, 2))) == pytest.approx([1.0, 0.0])
    assert rivals_share(np.zeros(0), np.zeros((0, 0))).shape == (0,)
    assert rivals_share(np.full(3, -np.inf), np.ones((3, 3))) == pytest.approx([0.0, 0.0, 0.0])
