"""Drafting, saving, binding and restoring, against a real database."""

from typing import Any

import pytest

from incidents.changes.models import Change
from incidents.core.errors import Conflict, InputError, NotPermitted, NotReady, NotThere
from incidents.core.models import AuditEntry
from incidents.documents.models import Claim, Document, Revision
from incidents.documents.queries import current_facts, judged, visible_documents
from incidents.documents.services import (
    draft_notice,
    draft_postmortem,
    restore_revision,
    save_document,
    update_stale_claims,
    vouch,
)
from tests.documents.stories import Story
from tests.factories import at, make_change, make_statement


def test_a_draft_from_rows_is_carried_by_them(story: Story) -> None:
    document = story.drafted()
    assert document.title == "Shallow answers"
    assert document.run == story.run
    assert "[About 40 (between 32 and 48)](ev:run-effort-excess)" in document.body
    result = judged(document)
    assert [claim for claim in result.claims if claim.state != "supported"] == []
    assert set(Claim.objects.filter(document=document).values_list("key", flat=True)) >= {
        "run-effort-cause",
        "said-post",
    }
    assert Revision.objects.get(document=document).body == document.body
    assert AuditEntry.objects.filter(action="document drafted", object_id=str(document.pk)).exists()


def test_notes_that_people_made_for_themselves_never_reach_a_draft(story: Story) -> None:
    from incidents.response.models import CandidateChange, Evidence, TimelineEntry

    story.incident.summary = "CANARY-summary"
    story.incident.save()
    CandidateChange.objects.create(
        incident=story.incident, change=story.change, status="contributing", note="CANARY-note"
    )
    TimelineEntry.objects.create(incident=story.incident, at=at(11), text="CANARY-timeline")
    Evidence.objects.create(incident=story.incident, kind="change", note="CANARY-evidence")
    document = story.drafted()
    assert "We hold [one](ev:case-factors) change" in document.body
    assert "CANARY" not in document.body


def test_without_a_run_a_postmortem_cannot_be_drafted_but_a_notice_can(story: Story) -> None:
    story.run.delete()
    with pytest.raises(NotReady, match="Run it on the case's Attribution page"):
        draft_postmortem(actor=story.comms, incident=story.incident)
    notice = draft_notice(actor=story.comms, incident=story.incident, change=story.change)
    assert (notice.heading, notice.change, notice.run) == ("fixed", story.change, None)


def test_two_drafts_get_two_names(story: Story) -> None:
    assert [story.drafted().slug, story.drafted().slug] == [
        "shallow-answers",
        "shallow-answers-2",
    ]


def test_a_notice_is_refused_for_what_never_reached_users_or_the_case(story: Story) -> None:
    internal = make_change(story.product, visibility="internal")
    with pytest.raises(NotReady, match="never reached users"):
        draft_notice(actor=story.comms, incident=story.incident, change=internal)
    later = make_change(
        story.product,
        started_at=at(1, month=9),
        source=story.incident.product.sources.create(kind="manual", key="elsewhere", name="Elsewhere"),
    )
    with pytest.raises(NotThere):
        draft_notice(actor=story.comms, incident=story.incident, change=later)


def test_saving_makes_a_revision_with_its_author_and_saving_the_same_makes_none(story: Story) -> None:
    document = story.drafted()
    saved = save_document(
        actor=story.engineer, document=document, title="New", body="Text.\r\n", seen_version=1, note="shorter"
    )
    assert (saved.version, saved.title, saved.body) == (2, "New", "Text.\n")
    revision = Revision.objects.get(document=document, number=2)
    assert (revision.author, revision.note) == (story.engineer, "shorter")
    again = save_document(actor=story.engineer, document=saved, title="New", body="Text.", seen_version=2)
    assert again.version == 2


def test_the_second_writer_gets_a_conflict_and_changes_nothing(story: Story) -> None:
    document = story.drafted()
    save_document(actor=story.comms, document=document, title="First", body="First.", seen_version=1)
    with pytest.raises(Conflict, match="cora saved this document meanwhile"):
        save_document(actor=story.engineer, document=document, title="Second", body="Second.", seen_version=1)
    document.refresh_from_db()
    assert (document.title, document.version) == ("First", 2)


def test_a_text_made_to_stall_the_renderer_is_not_stored(story: Story) -> None:
    document = story.drafted()
    with pytest.raises(InputError, match="repeated"):
        save_document(actor=story.comms, document=document, title="x", body="[" * 5000, seen_version=1)
    with pytest.raises(InputError, match="1 to 300"):
        save_document(actor=story.comms, document=document, title=" ", body="x", seen_version=1)
    document.refresh_from_db()
    assert document.version == 1


def test_a_key_written_by_hand_is_bound_when_saved(story: Story) -> None:
    document = story.drafted()
    body = "It ended on [20 March](ev:change-effort-ended)."
    saved = save_document(actor=story.comms, document=document, title="x", body=body, seen_version=1)
    assert judged(saved).claims[0].state == "supported"
    assert Claim.objects.get(document=saved, key="change-effort-ended").value["text"] == "20 Mar 2026, 12:00 UTC"


def test_evidence_that_moved_makes_claims_stale_and_one_press_updates_them(story: Story) -> None:
    document = story.drafted()
    story.store_run(60.0)
    Change.objects.filter(pk=story.change.pk).update(ended_at=at(22))
    stale = {claim.key: (claim.old, claim.new) for claim in judged(document).of("stale")}  # type: ignore[arg-type]
    assert stale["run-effort-excess"] == ("about 40 (between 32 and 48)", "about 60 (between 52 and 68)")
    assert "change-effort-ended" in stale
    once = update_stale_claims(actor=story.comms, document=document, seen_version=1, key="run-effort-excess")
    assert "[About 60 (between 52 and 68)](ev:run-effort-excess)" in once.body
    assert "run-effort-excess" not in {claim.key for claim in judged(once).of("stale")}  # type: ignore[arg-type]
    every = update_stale_claims(actor=story.comms, document=once, seen_version=2)
    assert judged(every).of("stale") == []  # type: ignore[arg-type]
    assert every.version == 3


def test_a_run_that_changes_its_mind_contradicts_the_draft(story: Story) -> None:
    document = story.drafted()
    story.store_run(1.0, verdict="not supported")
    contradicted = {claim.key for claim in judged(document).of("contradicted")}  # type: ignore[arg-type]
    assert "run-effort-cause" in contradicted


def test_a_person_may_vouch_for_a_number_and_is_named(story: Story) -> None:
    document = story.drafted()
    body = "We hired 3 testers."
    saved = save_document(actor=story.comms, document=document, title="x", body=body, seen_version=1)
    loose = judged(saved).claims[0]
    assert loose.evidence is not None
    done = vouch(
        actor=story.comms,
        document=saved,
        seen_version=2,
        start=loose.evidence["start"],
        end=loose.evidence["end"],
        words=loose.words,
        note="staffing plan of May",
    )
    assert done.body == "We hired [3](ev:vouch-1) testers.\n"
    claim = judged(done).claims[0]
    assert (claim.state, claim.label) == ("supported", "Vouched for by cora: staffing plan of May")
    with pytest.raises(Conflict, match="moved"):
        vouch(actor=story.comms, document=done, seen_version=3, start=0, end=2, words="xx", note="n")


def test_an_earlier_revision_comes_back_as_a_new_one(story: Story) -> None:
    document = story.drafted()
    first = document.body
    save_document(actor=story.comms, document=document, title="x", body="Gone.", seen_version=1)
    restored = restore_revision(actor=story.engineer, document=document, number=1, seen_version=2)
    assert (restored.version, restored.body) == (3, first)
    assert Revision.objects.get(document=document, number=3).note == "Restored revision 1"


def test_support_reads_and_does_not_write_and_a_stranger_sees_nothing(story: Story) -> None:
    document = story.drafted()
    with pytest.raises(NotPermitted):
        save_document(actor=story.support, document=document, title="x", body="x", seen_version=1)
    with pytest.raises(NotPermitted):
        draft_postmortem(actor=story.support, incident=story.incident)
    with pytest.raises(NotThere):
        draft_postmortem(actor=story.stranger, incident=story.incident)
    assert visible_documents(story.support).count() == 1
    assert not visible_documents(story.stranger).exists()


def test_facts_read_rollout_links_and_silences(story: Story) -> None:
    from tests.factories import make_points

    mask = make_change(story.product, external_id="Some Very Long Identifier Of A Change", visibility="internal")
    mask.links.create(other=story.change, kind="masks")
    story.change.rollout_steps.create(at=at(10), share=0.5)
    hours = {at(day): 1.0 for day in [*range(2, 14), *range(20, 28)]}
    make_points(story.product, "cache", hours)
    facts = current_facts(story.incident)
    other = facts.change("Some Very Long Identifier Of A Change")
    assert other is not None
    assert other.masks == ("effort",)
    assert len(other.ref) <= 20
    assert facts.change("effort").steps == ((at(10), 0.5),)  # type: ignore[union-attr]
    assert [(one.name, one.start, one.end) for one in facts.silences] == [("Cache", at(13), at(20))]
    assert facts.n_tickets == 3
    assert {symptom.key: symptom.n_tickets for symptom in facts.symptoms}["slow"] == 3


def test_keys_fit_their_column(story: Story) -> None:
    from incidents.documents.queries import evidence_catalogue

    story.change.external_id = "x" * 200
    story.change.save()
    make_change(story.product, external_id="x" * 199 + "y", ended_at=at(15), end_kind="revert")
    keys = evidence_catalogue(current_facts(story.incident)).by_key
    assert max(map(len, keys)) <= 60


def test_a_document_counts_its_saves_under_fifty_writers_at_once(story: Story) -> None:
    # One after the other here; the race itself is in tests/publishing, on real connections.
    document = story.drafted()
    won = 0
    for number in range(5):
        try:
            save_document(actor=story.comms, document=document, title=f"t{number}", body="x", seen_version=1)
            won += 1
        except Conflict:
            continue
    assert won == 1
    assert Document.objects.get(pk=document.pk).version == 2


def test_shown_facts_are_read_again_when_the_evidence_moves(story: Story, django_assert_max_num_queries: Any) -> None:
    from incidents.documents.queries import recent_facts

    before = recent_facts(story.incident)
    with django_assert_max_num_queries(1):
        assert recent_facts(story.incident) == before
    story.store_run(90.0)
    assert recent_facts(story.incident).run != before.run
    story.change.title = "Another title"
    story.change.save()
    assert recent_facts(story.incident).changes[0].title == "Another title"
    make_statement(story.incident, "Something else.")
    assert len(recent_facts(story.incident).statements) == 2
