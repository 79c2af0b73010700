"""Where new values of a dimension take their place."""

import pytest

from incidents.catalog.ordering import merged_order, version_key


@pytest.mark.parametrize(
    ("known", "given", "order"),
    [
        ([], ["b", "a"], ["b", "a"]),
        (["b", "a"], ["a"], ["b", "a"]),
        (["b", "a"], ["c"], ["b", "a", "c"]),
        (["low", "high"], ["low", "medium", "high"], ["low", "medium", "high"]),
        (["low", "high"], ["lowest", "low", "high", "highest"], ["lowest", "low", "high", "highest"]),
        (["b", "a"], ["c", "c"], ["b", "a", "c"]),
        (["2.1.2", "2.1.10"], ["2.1.9", "1.0"], ["1.0", "2.1.2", "2.1.9", "2.1.10"]),
        (["2.1.0"], ["2.1.0-rc.1", "v2.0"], ["v2.0", "2.1.0-rc.1", "2.1.0"]),
        # Versions that somebody ordered otherwise stay so.
        (["2.1", "2.0"], ["1.9", "2.0"], ["2.1", "1.9", "2.0"]),
        (["1.0", "nightly"], ["0.9"], ["1.0", "nightly", "0.9"]),
    ],
)
def test_new_values_stand_where_they_were_given(known: list[str], given: list[str], order: list[str]) -> None:
    assert merged_order(known, given) == order


def test_words_are_no_versions() -> None:
    assert version_key("nightly") is None
    assert version_key("1.2.10") == ((1, 2, 10), True, "")
