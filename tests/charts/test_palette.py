"""Places of changes and their looks."""

import pytest

from incidents.charts import palette


def test_eight_colours_then_patterns() -> None:
    assert [palette.colour_index(i) for i in (0, 7, 8, 17)] == [1, 8, 1, 2]
    assert [palette.pattern_index(i) for i in (0, 7, 8, 16, 24, 32)] == [0, 0, 1, 2, 3, 0]
    assert palette.classes(9) == "change-2 change-pattern-1"
    assert palette.change_token(2) == "--change-3"
    assert [palette.plotly_pattern(i) for i in (0, 8)] == ["", "/"]


def test_the_first_32_changes_look_different() -> None:
    assert len({palette.classes(i) for i in range(32)}) == 32


def test_a_negative_place_is_refused() -> None:
    for function in (palette.colour_index, palette.pattern_index, palette.classes):
        with pytest.raises(ValueError, match="starts at 0"):
            function(-1)
