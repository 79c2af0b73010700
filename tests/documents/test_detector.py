"""What counts as a statement that needs evidence, and what does not."""

import pytest

from incidents.documents.detector import loose_statements

NAMES = ["opal-4.6", "idle_over_1h", "2.1.30", "Fast mode 2"]


def found(body: str) -> list[tuple[str, str]]:
    return [(loose.kind.value, loose.words) for loose in loose_statements(body, NAMES)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("We saw 412 complaints.", [("number", "412")]),
        ("We saw 12,345 complaints.", [("number", "12,345")]),
        ("It fell by 3 %.", [("number", "3 %")]),
        ("It fell by 3.5 percentage points.", [("number", "3.5 percentage points")]),
        ("About half of the users were hit.", [("number", "half")]),
        ("Complaints doubled.", [("number", "doubled")]),
        ("Latency rose 2x.", [("number", "2x")]),
        ("It began on 26 March 2026.", [("date", "26 March 2026")]),
        ("It began on March 26, 2026 at 14:00 PDT.", [("date", "March 26, 2026"), ("date", "14:00 PDT")]),
        ("It began 2026-03-26.", [("date", "2026-03-26")]),
        ("The cache caused the loss.", [("cause", "caused")]),
        ("It was slow due to the prompt.", [("cause", "due to")]),
        ("The prompt made answers noticeably worse.", [("cause", "made answers noticeably worse")]),
        ("| a | b |\n|---|---|\n| 7 | x |", [("number", "7")]),
    ],
)
def test_statements_without_evidence_are_found(body: str, expected: list[tuple[str, str]]) -> None:
    assert found(body) == expected


@pytest.mark.parametrize(
    "body",
    [
        "## 1. The 3 changes of 26 March",
        "Setext 12\n=========",
        "1. First\n2) Second\n   3. Third",
        "Update to 2.1.101 or v2.1.116, or version 4.",
        "Users of opal-4.6, Opal 4.6 and sessions idle over 1h.",
        "Fast mode 2 is on.",
        "`x = 4` and\n\n```\n412 on 26 March, caused\n```",
        "See https://example.org/2026/03/26/412 and [here](https://example.org/7).",
        "A note[^1].\n\n[^1]: Said elsewhere.",
        "We saw [about 412](ev:run-x) on [26 Mar 2026](ev:change-y).",
        "The change [caused](ev:run-x-cause) it; the loss was due to [this change](ev:run-x-cause).",
        "[[to be written: the 3 reasons it was caused on 26 March]]",
        "| What | Owner | Due |\n|---|---|---|\n| Run 500 tasks | Ada | 2026-05-01 |",
        "utf8, sha256, h264, GPT-4, issue 42, #42",
        "Nothing here needs proof. May we help? It may rain.",
    ],
)
def test_what_is_no_statement_is_left_alone(body: str) -> None:
    assert found(body) == []


def test_a_cause_is_carried_only_by_evidence_in_its_own_sentence() -> None:
    body = "The change [contributed](ev:run-x-cause). The other one caused nothing good."
    assert found(body) == [("cause", "caused")]


def test_places_point_into_the_text() -> None:
    body = "Fine.\n\nWe saw 412 of them."
    loose = loose_statements(body)[0]
    assert body[loose.start : loose.end].strip() == "412"
    assert loose.line == 3
    assert loose.sentence == "We saw 412 of them."
