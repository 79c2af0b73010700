"""Differences of two texts."""

from incidents.web.presenters.diff import LINES_MAX, Span, text_diff


def test_equal_texts_have_no_difference() -> None:
    found = text_diff("a\nb", "a\nb")
    assert (found.n_removed, found.n_added) == (0, 0)
    assert {line.kind for line in found.lines} <= {"same", "gap"}


def test_words_that_differ_are_marked_within_their_line() -> None:
    found = text_diff("Answer in full sentences.", "Answer in short sentences.")
    assert [line.kind for line in found.lines] == ["removed", "added"]
    assert found.lines[0].spans == (Span("Answer in "), Span("full", changed=True), Span(" sentences."))
    assert found.lines[1].spans == (Span("Answer in "), Span("short", changed=True), Span(" sentences."))


def test_lines_with_nothing_in_common_are_not_marked_word_by_word() -> None:
    found = text_diff("alpha beta gamma", "1234567890")
    assert all(not span.changed for line in found.lines for span in line.spans)


def test_long_equal_stretches_fold_and_keep_their_context() -> None:
    before = [f"line {i}" for i in range(1, 41)]
    after = [*before[:19], "changed", *before[20:]]
    found = text_diff("\n".join(before), "\n".join(after))
    assert [line.n_hidden for line in found.lines if line.kind == "gap"] == [16, 17]
    shown = [(line.before, line.after) for line in found.lines if line.kind == "same"]
    assert shown == [(17, 17), (18, 18), (19, 19), (21, 21), (22, 22), (23, 23)]


def test_both_sides_put_together_again_give_the_texts() -> None:
    before, after = "a b\nc\nd e f", "a x\nd e g\nh"
    found = text_diff(before, after, context=99)
    texts = [("".join(span.text for span in line.spans), line.kind) for line in found.lines]
    assert "\n".join(text for text, kind in texts if kind != "added") == before
    assert "\n".join(text for text, kind in texts if kind != "removed") == after


def test_a_huge_text_is_cut_and_says_so() -> None:
    text = "\n".join(f"line {i}" for i in range(LINES_MAX + 5))
    assert text_diff(text, text + "\nmore").is_cut
    assert not text_diff("a", "b").is_cut
