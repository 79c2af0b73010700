"""Finding claims and gaps where they are, and nowhere else."""

from incidents.documents.citations import citations, gaps, replace_words


def test_claims_are_found_with_their_words_and_line() -> None:
    body = "One [about 4](ev:run-x).\n\nTwo [80 \\[70 to 90\\]](ev:run-y) and [a [b] c](ev:z)."
    assert [(c.key, c.words, c.line) for c in citations(body)] == [
        ("run-x", "about 4", 1),
        ("run-y", "80 [70 to 90]", 3),
        ("z", "a [b] c", 3),
    ]


def test_code_pictures_and_escapes_hold_no_claims() -> None:
    body = "`[1](ev:a)` ![2](ev:b) \\[3](ev:c)\n\n```\n[4](ev:d)\n```\n\n[5](https://e.example) [6](ev:f)"
    assert [c.key for c in citations(body)] == ["f"]


def test_words_are_replaced_only_where_they_are_said() -> None:
    body = "[about 4](ev:k) `[about 4](ev:k)` [4 or so](ev:k) [about 4](ev:other) [about 4](ev:k)"
    assert replace_words(body, "k", "about 4", "about 9") == (
        "[about 9](ev:k) `[about 4](ev:k)` [4 or so](ev:k) [about 4](ev:other) [about 9](ev:k)"
    )


def test_gaps_are_found_with_their_question() -> None:
    body = "a [[to be written: who owns it?]]\n\n`[[to be written: no]]`\n\n| [[to be written: due]] |"
    assert [(gap.question, gap.line) for gap in gaps(body)] == [("who owns it?", 1), ("due", 5)]
