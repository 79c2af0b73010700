"""Symptoms by terms: whole words, any case, any script."""

import pytest

from incidents.tickets.classify import TermMatcher, classify_by_terms

TAXONOMY = {
    "limits": ["limit", "usage limit", "quota"],
    "slow": ["slow", "takes ages", "langsam"],
    "wrong": ["CLAUDE.md", "5-hour", "ошибка", "中文字符"],
}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It is SLOW.", ["slow"]),
        ("slowly, slowness", []),
        ("takes\n  ages to load", ["slow"]),
        ("I hit my usage limit", ["limits"]),
        ("unlimited", []),
        ("it ignores claude.md!", ["wrong"]),
        ("the 5-hour window", ["wrong"]),
        ("Ошибка сети", ["wrong"]),
        ("LANGSAM wie nie", ["slow"]),
        ("", []),
    ],
)
def test_terms_are_whole_words(text: str, found: list[str]) -> None:
    assert [key for key, _ in classify_by_terms(text, TAXONOMY)] == found


def test_confidence_grows_with_distinct_terms_and_not_with_repeats() -> None:
    matcher = TermMatcher(TAXONOMY)
    assert dict(matcher.match("quota quota quota"))["limits"] == 0.5
    assert dict(matcher.match("usage limit, quota"))["limits"] == pytest.approx(0.875)
    assert matcher.match("quota and limit, slow")[0][0] == "limits"


def test_a_term_may_belong_to_two_symptoms() -> None:
    found = classify_by_terms("cache miss", {"a": ["cache"], "b": ["cache", "cache miss"]})
    assert [key for key, _ in found] == ["b", "a"]


def test_no_terms_no_symptoms() -> None:
    assert classify_by_terms("anything", {"a": [], "b": ["  "]}) == []
