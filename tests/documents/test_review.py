"""Reviews of one exact revision: who may decide, what blocks, what voids."""

import pytest

from incidents.core.access import Role
from incidents.core.errors import Conflict, InputError, NotPermitted, NotReady
from incidents.core.models import AuditEntry
from incidents.documents.enums import Verdict
from incidents.documents.queries import possible_reviewers, standing_approval
from incidents.documents.review import request_review, review_document
from incidents.documents.services import save_document
from tests.documents.stories import Story
from tests.factories import make_user


def test_another_person_approves_and_the_trail_knows(story: Story) -> None:
    document = story.approved()
    assert document.state == "approved"
    approval = standing_approval(document)
    assert approval is not None
    assert (approval.reviewer, approval.revision_number) == (story.engineer, document.version)
    actions = AuditEntry.objects.filter(object_type="document", object_id=str(document.pk)).values_list(
        "action", flat=True
    )
    assert list(reversed(actions)) == ["document drafted", "document saved", "review requested", "document approved"]


def test_nobody_approves_the_own_text(story: Story) -> None:
    document = story.sound()
    assert story.comms not in possible_reviewers(document)
    with pytest.raises(InputError, match="wrote this revision"):
        request_review(actor=story.comms, document=document, reviewers=[story.comms], seen_version=document.version)
    request_review(actor=story.comms, document=document, reviewers=[story.engineer], seen_version=document.version)
    with pytest.raises(NotPermitted, match="another person must approve"):
        review_document(actor=story.comms, document=document, verdict=Verdict.APPROVED, seen_version=document.version)


def test_even_a_superuser_does_not_approve_the_own_text(story: Story) -> None:
    alone = make_user(username="root", is_superuser=True)
    document = story.drafted()
    document = save_document(actor=alone, document=document, title="x", body="Fine.", seen_version=1)
    request_review(actor=alone, document=document, reviewers=[story.engineer], seen_version=2)
    with pytest.raises(NotPermitted, match="add a colleague under People"):
        review_document(actor=alone, document=document, verdict=Verdict.APPROVED, seen_version=2)


def test_any_save_voids_an_approval(story: Story) -> None:
    document = story.approved()
    saved = save_document(
        actor=story.engineer, document=document, title="x", body="Changed.", seen_version=document.version
    )
    assert saved.state == "draft"
    assert standing_approval(saved) is None


def test_an_approval_meant_for_an_older_revision_is_a_conflict(story: Story) -> None:
    document = story.sound()
    request_review(actor=story.comms, document=document, reviewers=[story.engineer], seen_version=document.version)
    save_document(actor=story.comms, document=document, title="x", body="Sneaky.", seen_version=document.version)
    with pytest.raises(Conflict):
        review_document(
            actor=story.engineer, document=document, verdict=Verdict.APPROVED, seen_version=document.version
        )


def test_gaps_and_loose_claims_block_approval_unless_signed_off_with_a_reason(story: Story) -> None:
    document = story.sound("It was 40 times worse. [[to be written: why]]")
    request_review(actor=story.comms, document=document, reviewers=[story.engineer], seen_version=document.version)
    with pytest.raises(NotReady, match="1 unsupported, 1 gaps"):
        review_document(
            actor=story.engineer, document=document, verdict=Verdict.APPROVED, seen_version=document.version
        )
    review = review_document(
        actor=story.engineer,
        document=document,
        verdict=Verdict.APPROVED,
        seen_version=document.version,
        sign_off="Checked with Finance by telephone.",
    )
    assert review.sign_off == "Checked with Finance by telephone."
    entry = AuditEntry.objects.get(action="document approved")
    assert entry.detail["sign_off"] == review.sign_off


def test_evidence_that_moved_after_the_request_blocks_approval(story: Story) -> None:
    document = story.sound("We count [about 40](ev:run-effort-excess) of them.")
    request_review(actor=story.comms, document=document, reviewers=[story.engineer], seen_version=document.version)
    story.store_run(90.0)
    with pytest.raises(NotReady, match="1 stale"):
        review_document(
            actor=story.engineer, document=document, verdict=Verdict.APPROVED, seen_version=document.version
        )


def test_asking_for_changes_needs_a_note_and_returns_the_text(story: Story) -> None:
    document = story.sound()
    request_review(actor=story.comms, document=document, reviewers=[story.engineer], seen_version=document.version)
    with pytest.raises(InputError, match="what should change"):
        review_document(
            actor=story.engineer, document=document, verdict=Verdict.CHANGES_REQUESTED, seen_version=document.version
        )
    review_document(
        actor=story.engineer,
        document=document,
        verdict=Verdict.CHANGES_REQUESTED,
        seen_version=document.version,
        note="Say it shorter.",
    )
    document.refresh_from_db()
    assert document.state == "draft"


def test_only_who_may_approve_can_be_asked(story: Story) -> None:
    document = story.sound()
    with pytest.raises(InputError, match="may not approve"):
        request_review(actor=story.comms, document=document, reviewers=[story.support], seen_version=document.version)
    with pytest.raises(InputError, match="nobody is named"):
        request_review(actor=story.comms, document=document, reviewers=[], seen_version=document.version)


def test_a_draft_that_nobody_was_asked_about_cannot_be_approved(story: Story) -> None:
    with pytest.raises(NotReady, match="ask for a review first"):
        review_document(actor=story.engineer, document=story.sound(), verdict=Verdict.APPROVED, seen_version=2)


def test_in_a_restricted_case_only_its_people_can_be_asked(story: Story) -> None:
    story.incident.restricted = True
    story.incident.save()
    story.incident.duties.create(user=story.comms, duty="comms")
    document = story.sound()
    with pytest.raises(InputError, match="may not approve"):
        request_review(actor=story.comms, document=document, reviewers=[story.engineer], seen_version=document.version)


@pytest.mark.parametrize(
    ("role", "asks", "approves"),
    [
        (Role.SUPPORT, False, False),
        (Role.ENGINEER, True, True),
        (Role.COMMS, True, True),
        (Role.ADMINISTRATOR, True, True),
    ],
)
def test_roles(story: Story, role: Role, asks: bool, approves: bool) -> None:
    person = make_user(role, product=story.product)
    document = story.sound()
    if asks:
        request_review(actor=person, document=document, reviewers=[story.engineer], seen_version=document.version)
    else:
        with pytest.raises(NotPermitted):
            request_review(actor=person, document=document, reviewers=[story.engineer], seen_version=document.version)
        request_review(actor=story.comms, document=document, reviewers=[story.engineer], seen_version=document.version)
    if approves:
        review_document(actor=person, document=document, verdict=Verdict.APPROVED, seen_version=document.version)
    else:
        with pytest.raises(NotPermitted):
            review_document(actor=person, document=document, verdict=Verdict.APPROVED, seen_version=document.version)
