"""Drafts from a case written by hand: what they say, what they leave to a person, and that every claim holds."""

from dataclasses import replace

from incidents.documents.catalogue import catalogue_of
from incidents.documents.citations import gaps
from incidents.documents.drafting import build_notice, build_postmortem
from incidents.documents.facts import CaseFacts
from incidents.documents.judging import judge
from tests.documents.handmade import CACHE, EFFORT, FACTS, FLAG, QUEUE, with_status


def judged(body: str, facts: CaseFacts):  # type: ignore[no-untyped-def]
    stored = {key: finding.value() for key, finding in catalogue_of(facts).by_key.items()}
    return judge(body, facts, stored)


def section(body: str, heading: str) -> str:
    return body.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]


def test_every_claim_of_a_fresh_postmortem_is_supported() -> None:
    result = judged(build_postmortem(FACTS), FACTS)
    assert [claim for claim in result.claims if claim.state != "supported"] == []
    assert len(result.claims) > 50


def test_every_claim_of_fresh_notices_is_supported() -> None:
    for change in FACTS.changes:
        result = judged(build_notice(FACTS, change).body, FACTS)
        assert [claim for claim in result.claims if claim.state != "supported"] == [], change.key


def test_nothing_is_invented_what_is_not_known_is_asked() -> None:
    questions = [gap.question for gap in gaps(build_postmortem(FACTS))]
    assert questions.count("owner") == questions.count("due date") >= 5
    assert questions.count("why we made this change, where the words before do not say it") == 2


def test_the_sections_stand_in_their_order() -> None:
    body = build_postmortem(FACTS)
    assert [line[3:] for line in body.splitlines() if line.startswith("## ")] == [
        "Summary",
        "Impact",
        "Timeline",
        "Contributing factors",
        "What we tested and rejected",
        "What cannot be told apart",
        "Why it took so long to see",
        "What we said, and when",
        "What we are doing about it",
        "About the numbers",
    ]


def test_while_nobody_decided_the_machine_only_attributes() -> None:
    body = build_postmortem(FACTS)
    assert "The complaints are attributed to [two](ev:case-factors) changes" in body
    assert "contributing factor" not in section(body, "Summary")


def test_a_promotion_does_not_make_what_the_run_attributes_elsewhere_go_away() -> None:
    body = build_postmortem(with_status(stale_cache="contributing"))
    factors = section(body, "Contributing factors")
    assert "Old thinking cleared" in factors
    assert "Default effort lowered" in factors
    assert "The complaints are attributed to" in body
    assert "We hold “Old thinking cleared” to be a contributing factor." in section(body, "Summary")
    alone = build_postmortem(with_status(stale_cache="contributing", effort_lowered="rejected"))
    assert "We hold [one](ev:case-factors) change to be a contributing factor" in alone
    assert "Default effort lowered" not in section(alone, "Contributing factors")


def test_a_rejected_change_is_named_as_rejected_even_if_the_run_names_it() -> None:
    facts = with_status(effort_lowered="rejected")
    body = build_postmortem(facts)
    assert "Default effort lowered" not in section(body, "Contributing factors")
    assert "**Default effort lowered**" in section(body, "What we tested and rejected")


def test_evidence_against_a_change_is_told_too() -> None:
    assert "Against it: [Task success did not move (0.3 standard errors).]" in build_postmortem(FACTS)


def test_two_changes_that_cannot_be_told_apart_are_named_once_and_not_split() -> None:
    told = section(build_postmortem(FACTS), "What cannot be told apart")
    assert told.count("cannot be told apart") == 1
    assert "from “Fast mode”" in told


def test_slow_detection_names_power_masks_builds_overlap_state_and_silence() -> None:
    told = section(build_postmortem(FACTS), "Why it took so long to see")
    assert (
        "could only have found a drop of [10.5 points](ev:eval-weekly-power) or more; it measured [1.0 points]" in told
    )
    assert "builds that only staff used" in told
    assert "in force together for [12 days]" in told
    assert "in a count of all sessions such an effect is small" in told
    assert "sent nothing [from 25 Mar 2031 to 2 Apr 2031]" in told


def test_the_title_of_an_internal_change_never_reaches_the_draft() -> None:
    body = build_postmortem(FACTS)
    assert QUEUE.title not in body
    assert "An internal-only change (experiment)" in body


def test_a_statement_that_denied_is_set_against_what_is_known() -> None:
    told = section(build_postmortem(FACTS), "What we said, and when")
    assert "“We have not changed the model and see no degradation.”" in told
    assert "This does not agree with it: “Default effort lowered” and “Old thinking cleared” were in force" in told
    assert "Elevated errors" not in told


def test_without_a_run_the_draft_says_so_and_claims_nothing() -> None:
    body = build_postmortem(replace(FACTS, run=None))
    assert "names no change behind them" in body
    assert "No attribution has been run" in body
    assert judged(body, replace(FACTS, run=None)).of("unsupported") == []  # type: ignore[arg-type]


def test_a_gap_between_changes_is_offered_as_a_control_period() -> None:
    facts = with_status(effort_lowered="contributing", prompt_short="contributing", stale_cache="rejected")
    body = build_postmortem(facts)
    assert "[From 8 Apr 2031 to 16 Apr 2031](ev:clean-1), none of them was in force." in body


def test_hostile_titles_and_texts_stay_words() -> None:
    evil = replace(EFFORT, title="x](ev:run-level) [[to be written: y]] | `z`", description="a\n\n## Fake\n\n| b |")
    facts = replace(FACTS, changes=(evil, *FACTS.changes[1:]))
    body = build_postmortem(facts)
    assert "\n## Fake" not in body
    assert [gap.question for gap in gaps(body)].count("y") == 0
    assert [claim for claim in judged(body, facts).claims if claim.state == "contradicted"] == []


def test_the_notice_of_a_revert_stands_under_fixed_with_its_time() -> None:
    notice = build_notice(FACTS, EFFORT)
    assert (notice.title, notice.heading) == ("Reverted: Default effort lowered", "fixed")
    assert EFFORT.ended is not None
    assert notice.effective_at == EFFORT.ended.at
    assert "Nothing: it was reverted for everyone." in notice.body


def test_the_notice_of_a_fix_says_which_version_to_take() -> None:
    assert "Update to version [3.1.101](ev:change-stale-cache-fixed) or a later one." in build_notice(FACTS, CACHE).body


def test_the_notice_of_a_change_in_force_asks_what_is_not_known() -> None:
    notice = build_notice(FACTS, FLAG)
    assert (notice.title, notice.heading) == ("Fast mode", "changed")
    assert len(gaps(notice.body)) == 4
