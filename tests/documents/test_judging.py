"""Claims against the evidence: supported, stale, unsupported, contradicted."""

from dataclasses import replace
from typing import Any

import pytest

from incidents.documents.catalogue import catalogue_of
from incidents.documents.facts import CaseFacts
from incidents.documents.judging import Judgement, judge
from tests.documents.handmade import DENIAL, FACTS, interval, with_result, with_status

STORED = {key: finding.value() for key, finding in catalogue_of(FACTS).by_key.items()}


def only(body: str, facts: CaseFacts = FACTS, stored: dict[str, Any] | None = None) -> Judgement:
    claims = judge(body, facts, STORED if stored is None else stored).claims
    assert len(claims) == 1, claims
    return claims[0]


@pytest.mark.parametrize(
    "text",
    [
        "[about 410 (between 350 and 480)](ev:run-effort-lowered-excess)",
        "[roughly 410](ev:run-effort-lowered-excess)",
        "[412 (355 to 470)](ev:run-effort-lowered-excess)",
        "[4 March 2031](ev:change-effort-lowered-started)",
        "[4 Mar](ev:change-effort-lowered-started)",
        "[at 14:00 PDT on 26 March](ev:change-stale-cache-started)",
        "[2 changes](ev:case-factors)",
        "[two changes](ev:case-factors)",
        "[many complaints](ev:tickets-all)",
    ],
)
def test_other_words_for_the_same_figures_are_supported(text: str) -> None:
    assert only(text).state == "supported"


@pytest.mark.parametrize(
    "text",
    [
        "[about 420](ev:run-effort-lowered-excess)",
        "[5 Mar](ev:change-effort-lowered-started)",
        "[three](ev:case-factors)",
    ],
)
def test_figures_that_the_evidence_never_said_are_contradicted(text: str) -> None:
    claim = only(text)
    assert claim.state == "contradicted"
    assert "the evidence says" in claim.why
    assert claim.new


def test_evidence_that_moved_makes_a_claim_stale_with_both_values() -> None:
    facts = with_result("effort-lowered", excess=interval(300.0, 250.0, 352.0))
    claim = only("[about 410 (between 350 and 480)](ev:run-effort-lowered-excess)", facts)
    assert claim.state == "stale"
    assert claim.old == "about 410 (between 350 and 480)"
    assert claim.new == "about 300 (between 250 and 360)"


def test_evidence_that_moved_less_than_the_rounding_leaves_a_claim_alone() -> None:
    facts = with_result("effort-lowered", excess=interval(413.9, 356.0, 471.0))
    assert only("[about 410 (between 350 and 480)](ev:run-effort-lowered-excess)", facts).state == "supported"


def test_a_key_without_evidence_is_unsupported() -> None:
    assert only("[about 410](ev:run-nobody-excess)").state == "unsupported"


def test_a_cause_that_the_newest_run_no_longer_names_is_contradicted() -> None:
    body = "[attributed](ev:run-effort-lowered-cause), [then](ev:said-post-1)"
    assert judge(body, FACTS, STORED).sound
    facts = with_result("effort-lowered", verdict="not supported")
    first = judge(body, facts, STORED).claims[0]
    assert first.state == "contradicted"
    assert "not supported" in first.why


def test_a_cause_that_a_person_rejected_is_contradicted() -> None:
    claim = only("[attributed](ev:run-effort-lowered-cause)", with_status(effort_lowered="rejected"))
    assert claim.state == "contradicted"
    assert "a person rejected it" in claim.why


def test_clearing_a_change_that_the_run_names_is_contradicted() -> None:
    assert only("[not supported](ev:run-effort-lowered-cleared)").state == "contradicted"
    assert only("[not supported](ev:run-banner-cleared)").state == "supported"


def test_a_cause_that_we_denied_in_public_must_name_the_denial() -> None:
    silent = only("[attributed](ev:run-stale-cache-cause)")
    assert silent.state == "contradicted"
    assert "status page" in silent.why
    assert "[30 Mar 2031](ev:said-post-1)" in silent.why
    named = judge("[attributed](ev:run-stale-cache-cause) On [30 Mar](ev:said-post-1) we said no.", FACTS, STORED)
    assert [claim.state for claim in named.claims] == ["supported", "supported"]


def test_a_text_that_itself_denies_is_contradicted_by_the_run() -> None:
    claim = only("Nothing changed in those weeks.")
    assert claim.state == "contradicted"
    assert "Default effort lowered" in claim.why
    assert judge("Nothing changed in those weeks.", replace(FACTS, run=None), {}).claims == ()


def test_numbers_and_causes_outside_claims_are_unsupported() -> None:
    claims = judge("It was caused by us and hit 900 people.", FACTS, STORED).claims
    assert sorted((claim.state.value, claim.words) for claim in claims) == [
        ("unsupported", "900"),
        ("unsupported", "caused"),
    ]


def test_what_a_person_vouched_for_is_supported_while_it_says_the_same() -> None:
    stored = {"own-1": {"kind": "person", "text": "3 engineers", "by": "ada", "note": "staffing plan"}}
    assert only("[3 engineers](ev:own-1)", stored=stored).state == "supported"
    assert only("[5 engineers](ev:own-1)", stored=stored).state == "contradicted"


def test_a_gap_keeps_a_text_from_being_sound() -> None:
    assert judge("Fine words.", FACTS, STORED).sound
    assert not judge("Fine [[to be written: words]].", FACTS, STORED).sound


def test_the_preview_shows_the_worst_state_of_a_key() -> None:
    body = "[about 410](ev:run-effort-lowered-excess) [about 999](ev:run-effort-lowered-excess)"
    assert judge(body, FACTS, STORED).states() == {"run-effort-lowered-excess": "contradicted"}


@pytest.mark.parametrize(
    ("text", "denies"),
    [
        ("We have not changed the model.", True),
        ("Nothing has changed on our side.", True),
        ("There is no degradation.", True),
        ("Everything works as intended.", True),
        ("This is within normal variation.", True),
        ("We are looking into reports of slow answers.", False),
        ("The default effort is medium now.", False),
        ("Elevated errors on one model.", False),
        ("A change of the prompt was reverted.", False),
    ],
)
def test_denials_are_recognised(text: str, denies: bool) -> None:
    facts = replace(FACTS, statements=(replace(DENIAL, text=text),))
    state = only("[attributed](ev:run-stale-cache-cause)", facts).state
    assert state == ("contradicted" if denies else "supported")


def test_a_denial_outside_the_change_s_time_contradicts_nothing() -> None:
    early = replace(DENIAL, at=FACTS.starts)
    facts = replace(FACTS, statements=(early,))
    assert only("[attributed](ev:run-stale-cache-cause)", facts).state == "supported"
