"""Two edits of one text: both stay."""

from incidents.documents.merging import CLASH, merge

BASE = "one\ntwo\nthree\nfour\n"


def test_edits_in_different_places_come_together() -> None:
    merged = merge(BASE, "ONE\ntwo\nthree\nfour\n", "one\ntwo\nthree\nFOUR\nfive\n")
    assert (merged.text, merged.clashes) == ("ONE\ntwo\nthree\nFOUR\nfive\n", 0)


def test_the_same_edit_twice_is_one_edit() -> None:
    assert merge(BASE, "one\n2\nthree\nfour\n", "one\n2\nthree\nfour\n").text == "one\n2\nthree\nfour\n"


def test_one_side_s_deletion_is_kept() -> None:
    assert merge(BASE, "one\nthree\nfour\n", BASE).text == "one\nthree\nfour\n"
    assert merge(BASE, BASE, "one\nthree\nfour\n").text == "one\nthree\nfour\n"


def test_a_clash_keeps_both_versions_and_blocks_approval() -> None:
    merged = merge(BASE, "one\nmine\nthree\nfour\n", "one\ntheirs\nthree\nfour\n")
    assert merged.clashes == 1
    assert merged.text.splitlines() == ["one", CLASH, "", "theirs", "", "mine", "three", "four"]


def test_nothing_that_either_wrote_is_lost() -> None:
    mine, theirs = "a\nb\nc\n", "x\ny\n"
    merged = merge("", mine, theirs).text
    assert all(line in merged for line in ("a", "b", "c", "x", "y"))
    assert merge("", "", "").text == ""
