"""One source for several readers: narrowed to a segment, in plain words for support."""

from dataclasses import replace

from incidents.documents.citations import citations
from incidents.documents.drafting import build_postmortem
from incidents.documents.drafting.sources import MACRO, SEGMENT_NOTICE
from incidents.documents.editions import segment_edition, support_edition
from incidents.documents.narrowing import narrow, reaches
from incidents.documents.plain import plain_text
from tests.documents.handmade import CACHE, EFFORT, FACTS

BODY = build_postmortem(FACTS)


def test_a_change_reaches_whom_its_scope_does_not_exclude() -> None:
    assert reaches(EFFORT, {"model": "opal-4.6"})
    assert reaches(EFFORT, {"surface": "cli"})
    assert not reaches(EFFORT, {"model": "flint-1"})
    assert reaches(CACHE, {"model": "flint-1"})


def test_passages_about_changes_that_never_reached_them_are_left_out() -> None:
    text = narrow(BODY, FACTS, {"model": "flint-1"})
    keys = {citation.key for citation in citations(text)}
    assert "run-stale-cache-excess" in keys
    assert not [key for key in keys if key.startswith("run-effort-lowered")]
    assert "### 1. Default effort lowered" not in text
    assert "## Impact" in text
    assert narrow(BODY, FACTS, {"model": "opal-4.6"}) == BODY


def test_a_short_name_does_not_claim_a_longer_one() -> None:
    longer = replace(EFFORT, ref="effort-lowered-two", key="two", scope={})
    facts = replace(FACTS, changes=(*FACTS.changes, longer))
    text = narrow(
        "- [a](ev:change-effort-lowered-two-started)\n- [b](ev:change-effort-lowered-started)\n", facts, {"model": "x"}
    )
    assert text == "- [a](ev:change-effort-lowered-two-started)\n"


def test_a_segment_that_nothing_reached_is_told_so() -> None:
    facts = replace(FACTS, changes=tuple(replace(c, scope={"plan": ("pro",)}) for c in FACTS.changes))
    edition = segment_edition(title="T", body=BODY, facts=facts, segment={"plan": "free"}, source=SEGMENT_NOTICE)
    assert edition.n_reaching == 0
    assert "None of the changes that this text names reached you" in edition.text
    assert "ev:" not in edition.text


def test_support_gets_plain_words_with_nothing_internal() -> None:
    body = "## Summary\n\n**Slow** for [4](ev:case-factors) days [[internal: CANARY]].\n\n"
    body += "::: support\nOffer a refund.\n:::\n"
    edition = support_edition(title="T", body=body, facts=FACTS, segment={}, source=MACRO, link="https://e.example/p")
    assert "Slow for 4 days." in edition.text
    assert "Offer a refund." in edition.text
    assert edition.text.endswith("More: https://e.example/p\n")
    assert "CANARY" not in edition.text


def test_plain_text_keeps_the_words_and_loses_the_marks() -> None:
    body = "## Head\n\n**Bold** and `code` [link](https://e.example) 2\\*3 snake_case_name [[to be written: x]]\n\n"
    body += "| a | b |\n|---|--:|\n| 1 | [2](ev:k) |\n"
    assert plain_text(body) == (
        "Head\n\nBold and code link (https://e.example) 2*3 snake_case_name (not yet known)\n\n- a: b\n- 1: 2\n"
    )


def test_the_number_of_all_changes_is_not_taken_for_theirs() -> None:
    text = narrow(BODY, FACTS, {"model": "flint-1"})
    assert "](ev:case-factors) changes, of which those named here reached you" in text
    assert "of which those named here" not in narrow(BODY, FACTS, {"model": "opal-4.6"})


def test_two_changes_together_are_told_to_whom_both_reached() -> None:
    body = "Both for [4 days](ev:overlap-effort-lowered-stale-cache).\n\nIt [ended](ev:change-stale-cache-ended).\n"
    assert narrow(body, FACTS, {"model": "flint-1"}) == "It [ended](ev:change-stale-cache-ended).\n"
    assert narrow(body, FACTS, {"model": "opal-4.6"}) == body
