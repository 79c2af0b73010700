"""Pages of documents: what each role sees and does, and that nothing typed is lost."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from incidents.documents.models import Document, Revision
from incidents.documents.services import save_document
from tests.documents.stories import Story


@pytest.fixture
def story(db: None) -> Story:
    """Return a case with a run."""
    return Story()


def signed(person: Any) -> Client:
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def url(name: str, **arguments: Any) -> str:
    return reverse(name, kwargs=arguments)


def test_from_a_case_to_a_draft(story: Story) -> None:
    client = signed(story.comms)
    page = client.get(url("case-documents", case_id=story.incident.pk))
    assert b"Draft postmortem" in page.content
    assert b"Changes that contributed" in page.content
    answer = client.post(url("postmortem-draft", case_id=story.incident.pk), follow=True)
    assert answer.redirect_chain == [(url("document", document_id=Document.objects.get().pk), 302)]
    text = answer.content.decode()
    assert "Shallow answers" in text
    assert 'class="claim claim-supported" data-claim="run-effort-excess"' in text
    assert 'class="prompt"' in text
    assert "no-store" in answer.headers["Cache-Control"]


def test_without_a_run_the_button_rests_and_says_why(story: Story) -> None:
    story.run.delete()
    client = signed(story.comms)
    page = client.get(url("case-documents", case_id=story.incident.pk)).content.decode()
    assert "A postmortem needs an attribution first" in page
    assert 'disabled aria-describedby="no-run"' in page
    answer = client.post(url("postmortem-draft", case_id=story.incident.pk), follow=True)
    assert b"nothing to cite" in answer.content
    assert not Document.objects.exists()


def test_a_notice_from_the_change(story: Story) -> None:
    client = signed(story.comms)
    client.post(url("notice-draft", case_id=story.incident.pk, change_id=story.change.pk))
    assert Document.objects.get().title == "Reverted: Lower effort"


def test_saving_and_the_second_writer_s_page(story: Story) -> None:
    document = story.drafted()
    first = save_document(
        actor=story.engineer, document=document, title="Theirs", body="Top.\n\nMiddle.\n\nEnd.", seen_version=1
    )
    save_document(
        actor=story.engineer, document=first, title="Theirs", body="Top, said they.\n\nMiddle.\n\nEnd.", seen_version=2
    )
    client = signed(story.comms)
    answer = client.post(
        url("document", document_id=document.pk),
        {"title": "Mine", "body": "Top.\r\n\r\nMiddle.\r\n\r\nEnd, said I.", "version": "2"},
    )
    assert answer.status_code == 409
    assert answer.context["merged"].text == "Top, said they.\n\nMiddle.\n\nEnd, said I.\n"
    assert answer.context["merged"].clashes == 0
    assert b"ed saved this document meanwhile" in answer.content
    document.refresh_from_db()
    assert document.version == 3
    saved = client.post(
        url("document", document_id=document.pk),
        {"title": "Mine", "body": answer.context["merged"].text, "version": "3"},
    )
    assert saved.status_code == 302
    assert Revision.objects.get(document=document, number=4).author == story.comms


def test_a_refused_text_comes_back_as_it_was_typed(story: Story) -> None:
    document = story.drafted()
    answer = signed(story.comms).post(
        url("document", document_id=document.pk), {"title": "T", "body": "[" * 5000, "version": "1"}
    )
    assert answer.status_code == 422
    assert "[" * 5000 in answer.content.decode()
    assert b"Not saved" in answer.content


def test_the_preview_judges_what_is_typed_and_stores_nothing(story: Story) -> None:
    document = story.drafted()
    answer = signed(story.comms).post(
        url("document-preview", document_id=document.pk),
        {"body": "It hit 912 people <script>alert(1)</script> and [about 99](ev:run-effort-excess)."},
    )
    text = answer.content.decode()
    assert "&lt;script&gt;" in text
    assert "<script>" not in text
    assert 'id="claims"' in text
    assert 'hx-swap-oob="true"' in text
    assert "claim-contradicted" in text
    assert "“912”" in text
    assert Revision.objects.filter(document=document).count() == 1


def test_stale_claims_are_updated_by_one_press(story: Story) -> None:
    document = story.drafted()
    story.store_run(70.0)
    client = signed(story.comms)
    assert b"Update all stale claims" in client.get(url("document", document_id=document.pk)).content
    answer = client.post(url("document-claims", document_id=document.pk), {"version": "1"}, follow=True)
    assert b"Updated to the evidence: revision 2" in answer.content
    assert b"about 70 (between 62 and 78)" in answer.content.lower()


def test_evidence_is_found_by_words(story: Story) -> None:
    document = story.drafted()
    answer = signed(story.comms).get(url("document-evidence", document_id=document.pk), {"q": "effort ended"})
    assert b'data-cite="change-effort-ended"' in answer.content
    assert b"run-effort-cleared" not in answer.content


def test_review_to_approval_through_the_pages(story: Story) -> None:
    document = story.sound()
    comms, engineer = signed(story.comms), signed(story.engineer)
    page = url("document", document_id=document.pk)
    assert b"Request review" in comms.get(page).content
    comms.post(
        url("document-review-request", document_id=document.pk), {"version": "2", "reviewers": [story.engineer.pk]}
    )
    assert b"In review: revision 2" in comms.get(page).content
    assert b'data-opens="review-dialog"' not in comms.get(page).content
    assert b'data-opens="review-dialog"' in engineer.get(page).content
    engineer.post(
        url("document-review", document_id=document.pk), {"version": "2", "verdict": "changes_requested", "note": "No."}
    )
    assert b"asked for changes of revision 2" in comms.get(page).content
    comms.post(
        url("document-review-request", document_id=document.pk), {"version": "2", "reviewers": [story.engineer.pk]}
    )
    engineer.post(url("document-review", document_id=document.pk), {"version": "2", "verdict": "approved"})
    assert b"is approved by ed" in comms.get(page).content
    document.refresh_from_db()
    assert document.state == "approved"


def test_alone_on_a_fresh_install_one_is_told_to_add_a_colleague(story: Story, admin_user: Any) -> None:
    document = story.sound()
    for person in (story.engineer, story.comms):
        person.is_active = False
        person.save()
    save_document(actor=admin_user, document=document, title="x", body="Mine.", seen_version=2)
    page = signed(admin_user).get(url("document", document_id=document.pk)).content.decode()
    assert "Nobody else can approve this yet." in page
    assert f'href="{reverse("people")}"' in page


def test_history_shows_differences_and_restores(story: Story) -> None:
    document = story.sound()
    client = signed(story.comms)
    assert b"Drafted from the evidence" in client.get(url("document-revisions", document_id=document.pk)).content
    difference = client.get(url("document-revision", document_id=document.pk, number=2)).content
    assert b"diff__line--removed" in difference
    client.post(url("document-restore", document_id=document.pk, number=1), {"version": "2"})
    document.refresh_from_db()
    assert document.body == Revision.objects.get(document=document, number=1).body
    assert client.get(url("document-revision", document_id=document.pk, number=99)).status_code == 404


ACTIONS = [
    ("postmortem-draft", "case"),
    ("document", "document"),
    ("document-claims", "document"),
    ("document-vouch", "document"),
    ("document-review", "document"),
    ("document-review-request", "document"),
    ("document-publish", "document"),
    ("document-withdraw", "document"),
]


@pytest.mark.parametrize(("name", "what"), ACTIONS)
def test_support_may_do_none_of_it_and_a_stranger_cannot_tell_it_exists(story: Story, name: str, what: str) -> None:
    document = story.drafted()
    here = url(name, case_id=story.incident.pk) if what == "case" else url(name, document_id=document.pk)
    before = (Document.objects.count(), Revision.objects.count())
    assert signed(story.support).post(here, {"version": "1", "title": "x", "body": "x"}).status_code == 403
    stranger = signed(story.stranger).post(here, {"version": "1", "title": "x", "body": "x"})
    assert stranger.status_code == 404
    anonymous = Client().post(here, {"version": "1"})
    assert anonymous.status_code == 302
    assert anonymous.headers["Location"].startswith(reverse("sign-in"))
    assert (Document.objects.count(), Revision.objects.count()) == before


def test_support_reads_the_text_and_its_claims(story: Story) -> None:
    document = story.drafted()
    page = signed(story.support).get(url("document", document_id=document.pk)).content.decode()
    assert 'class="claim claim-supported"' in page
    assert 'name="body"' not in page


def test_lists_do_not_ask_the_database_more_for_more_documents(story: Story, django_assert_num_queries: Any) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = signed(story.comms)
    counts = []
    for _ in range(2):
        story.drafted()
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert client.get(url("documents")).status_code == 200
        counts.append(len(captured))
        for _ in range(2):
            story.drafted()
    assert counts[0] == counts[1]
    assert counts[0] <= 8
