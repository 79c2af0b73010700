"""Segment values from text: only what one thing is said of, each with the words that say it."""

import pytest

from incidents.tickets.extraction.segments import SegmentReader

DIMENSIONS = {
    "platform": ["macos", "windows", "linux", "wsl"],
    "model": ["alder-large-4", "alder-large-5"],
    "version": ["3.40.2", "3.41.0", "3.42.0"],
    "plan": ["free", "pro", "team"],
    "session": ["fresh", "resumed", "idle_over_1h"],
    "surface": ["cli", "vscode"],
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Running 3.41.0 on Ubuntu", {"version": "3.41.0", "platform": "linux"}),
        ("It was fine in 3.40.2, broken on v3.41.0", {"version": "3.41.0"}),
        ("Version: 3.42.0. Seen with 3.41.0 as well", {"version": "3.42.0"}),
        ("Both 3.41.0 and 3.42.0 do it", {}),
        ("Version 3.41.0.7 and 13.41.0", {}),
        ("Alder Large 4 is worse than alder-large-5", {"model": "alder-large-4"}),
        ("In WSL2 on Windows 11", {"platform": "wsl"}),
        ("I am on the Pro plan", {"plan": "pro"}),
        ("My team is free to go pro", {}),
        ("I left it over lunch and it forgot", {"session": "idle_over_1h"}),
        ("Idle for 75 minutes, then amnesia", {"session": "idle_over_1h"}),
        ("Idle for 20 minutes", {}),
        ("Even in a fresh session", {"session": "fresh"}),
        ("VS Code on my MacBook", {"surface": "vscode", "platform": "macos"}),
        ("", {}),
    ],
)
def test_values(text: str, expected: dict[str, str]) -> None:
    stated = SegmentReader(DIMENSIONS).read("", text)
    assert {name: one.value for name, one in stated.items()} == expected


def test_each_value_names_its_words_and_never_contradicts_what_is_given() -> None:
    reader = SegmentReader(DIMENSIONS)
    assert reader.read("On Fedora", "")["platform"].words == "Fedora"
    assert reader.read("On Fedora", "", {"platform": "macos"}) == {}
