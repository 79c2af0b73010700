"""Snapshots: frozen once, corrected in the open, withdrawn with a reason."""

import pytest
from django.db import IntegrityError, connection, transaction

from incidents.core.access import Role
from incidents.core.errors import InputError, NotPermitted, NotReady, NotThere
from incidents.core.models import AuditEntry
from incidents.documents.enums import DocumentKind
from incidents.documents.models import Document
from incidents.documents.services import draft_notice, save_document
from incidents.publishing.models import Publication
from incidents.publishing.queries import (
    Gone,
    notice_coverage,
    public_changelog,
    public_history,
    public_page,
    public_postmortems,
    public_product,
    public_products,
)
from incidents.publishing.services import content_hash, publish, summary_of, withdraw
from tests.documents.stories import Story
from tests.factories import at, make_change, make_user


def published(story: Story, document: Document | None = None) -> Publication:
    document = story.approved(document)
    return publish(actor=story.comms, document=document, seen_version=document.version)


def test_what_was_approved_is_what_is_frozen(story: Story) -> None:
    document = story.approved()
    publication = publish(actor=story.comms, document=document, seen_version=document.version)
    assert publication.html == (
        '<h2 id="section-summary">Summary<a class="heading-link" href="#section-summary" title="Link to this section" '
        'rel="noopener noreferrer nofollow">#</a></h2>\n<p>The assistant answered worse for a while.</p>'
    )
    assert publication.summary == "The assistant answered worse for a while."
    assert publication.revision_number == document.version
    assert publication.content_hash == content_hash(
        title=publication.title, body=publication.body, html=publication.html, correction=""
    )
    document.refresh_from_db()
    assert document.state == "published"
    entry = AuditEntry.objects.get(action="document published")
    assert (entry.detail["approved_by"], entry.detail["hash"]) == ("ed", publication.content_hash)


def test_pressing_twice_publishes_once(story: Story) -> None:
    document = story.approved()
    first = publish(actor=story.comms, document=document, seen_version=document.version)
    assert publish(actor=story.comms, document=document, seen_version=document.version) == first
    assert Publication.objects.count() == 1
    assert AuditEntry.objects.filter(action="document published").count() == 1


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.ENGINEER])
def test_only_comms_and_administrators_publish(story: Story, role: Role) -> None:
    document = story.approved()
    person = make_user(role, product=story.product)
    with pytest.raises(NotPermitted):
        publish(actor=person, document=document, seen_version=document.version)
    with pytest.raises(NotThere):
        publish(actor=story.stranger, document=document, seen_version=document.version)
    assert not Publication.objects.exists()
    administrator = make_user(Role.ADMINISTRATOR, product=story.product)
    assert publish(actor=administrator, document=document, seen_version=document.version)


def test_a_draft_an_unapproved_edit_and_an_old_revision_cannot_go_out(story: Story) -> None:
    document = story.sound()
    with pytest.raises(NotReady, match="only an approved revision"):
        publish(actor=story.comms, document=document, seen_version=document.version)
    document = story.approved(document)
    approved_version = document.version
    save_document(actor=story.engineer, document=document, title="x", body="Sneaky.", seen_version=approved_version)
    for version in (approved_version, approved_version + 1):
        with pytest.raises(NotReady):
            publish(actor=story.comms, document=document, seen_version=version)
    assert not Publication.objects.exists()


def test_claims_are_plain_text_in_the_snapshot(story: Story) -> None:
    publication = published(story, story.sound("We count [about 40](ev:run-effort-excess) of them."))
    assert publication.html == "<p>We count about 40 of them.</p>"


def test_a_correction_says_what_was_corrected_and_keeps_the_address(story: Story) -> None:
    first = published(story)
    document = save_document(
        actor=story.comms, document=first.document, title="Another title", body="Better words.", seen_version=2
    )
    assert public_page("larch", DocumentKind.POSTMORTEM, first.slug) == first
    document = story.approved(document)
    with pytest.raises(InputError, match="say in a sentence what was corrected"):
        publish(actor=story.comms, document=document, seen_version=3)
    second = publish(actor=story.comms, document=document, seen_version=3, correction="The dates were wrong.")
    assert (second.number, second.slug, second.correction) == (2, first.slug, "The dates were wrong.")
    assert public_page("larch", DocumentKind.POSTMORTEM, first.slug) == second
    assert [row.number for row in public_history(second)] == [2, 1]
    assert AuditEntry.objects.filter(action="document corrected").count() == 1


def test_a_snapshot_cannot_be_rewritten_in_the_database(story: Story) -> None:
    publication = published(story)
    with pytest.raises(IntegrityError, match="never rewritten"), transaction.atomic():
        Publication.objects.filter(pk=publication.pk).update(html="<p>Other</p>")


def test_withdrawing_needs_a_reason_and_leaves_a_word(story: Story) -> None:
    publication = published(story)
    with pytest.raises(InputError, match="give the reason"):
        withdraw(actor=story.comms, document=publication.document, reason=" ")
    with pytest.raises(NotPermitted):
        withdraw(actor=story.engineer, document=publication.document, reason="No.")
    withdraw(actor=story.comms, document=publication.document, reason="It named a customer.")
    with pytest.raises(Gone) as gone:
        public_page("larch", DocumentKind.POSTMORTEM, publication.slug)
    assert gone.value.publication.withdrawn_reason == "It named a customer."
    assert not public_products().exists()
    with pytest.raises(NotReady, match="Nothing of this document is public"):
        withdraw(actor=story.comms, document=publication.document, reason="Again.")


def test_a_withdrawn_document_may_come_back_as_a_correction(story: Story) -> None:
    publication = published(story)
    withdraw(actor=story.comms, document=publication.document, reason="Wrong.")
    document = save_document(
        actor=story.comms, document=publication.document, title="Back", body="Right.", seen_version=2
    )
    document = story.approved(document)
    again = publish(actor=story.comms, document=document, seen_version=3, correction="Rewritten after a check.")
    assert public_page("larch", DocumentKind.POSTMORTEM, publication.slug) == again
    assert [row.number for row in public_history(again)] == [2]


def test_two_documents_of_one_name_get_two_addresses(story: Story) -> None:
    assert published(story).slug == "what-happened"
    assert published(story).slug == "what-happened-2"


def test_the_working_title_of_a_case_is_not_in_the_address(story: Story) -> None:
    document = story.sound()
    assert "shallow" in document.slug
    assert "shallow" not in published(story, document).slug


def test_the_public_finds_nothing_before_something_is_published(story: Story) -> None:
    document = story.approved()
    with pytest.raises(NotThere):
        public_product("larch")
    with pytest.raises(NotThere):
        public_page("larch", DocumentKind.POSTMORTEM, document.slug)
    publish(actor=story.comms, document=document, seen_version=document.version)
    assert public_product("larch") == story.product
    assert [row.title for row in public_postmortems(story.product)] == ["What happened"]


def test_the_changelog_groups_notices_by_month_and_heading(story: Story) -> None:
    early = make_change(story.product, title="Faster search", started_at=at(2), user_facing=True)
    for change, month in ((early, 3), (story.change, 3)):
        document = draft_notice(actor=story.comms, incident=story.incident, change=change)
        document = save_document(
            actor=story.comms, document=document, title=change.title, body=f"About {change.title}.", seen_version=1
        )
        publication = published(story, document)
        assert publication.effective_at is not None
        assert publication.effective_at.month == month
    months = public_changelog(story.product)
    assert [
        (month.first.isoformat(), [(label, [p.title for p in rows]) for label, rows in month.groups])
        for month in months
    ] == [("2026-03-01", [("Changed", ["Faster search"]), ("Fixed", ["Lower effort"])])]


def test_coverage_tells_which_changes_users_were_told_of_and_how_late(story: Story) -> None:
    told = make_change(story.product, title="Told", started_at=at(5), announced_at=at(7), user_facing=True)
    make_change(story.product, title="Silent internals", user_facing=False)
    story.change.user_facing = False  # what a run names as contributing counts all the same
    story.change.save()
    rows = {row.change.title: row for row in notice_coverage(story.comms)}
    assert set(rows) == {"Lower effort", "Told"}
    assert rows["Lower effort"].delay is None
    assert (rows["Told"].delay.days, rows["Told"].told_at) == (2, told.announced_at)  # type: ignore[union-attr]
    document = draft_notice(actor=story.comms, incident=story.incident, change=story.change)
    document = save_document(actor=story.comms, document=document, title="x", body="Words.", seen_version=1)
    published(story, document)
    row = {row.change.title: row for row in notice_coverage(story.comms)}["Lower effort"]
    assert row.notice is not None
    assert row.told_at == row.notice.published_at
    assert notice_coverage(story.stranger) == []


def test_a_summary_is_plain_text_cut_at_a_word() -> None:
    assert summary_of("<h2>x</h2>\n<p>One &amp; <strong>two</strong>.</p><p>b</p>") == "One & two."
    assert summary_of("<h2>x</h2>") == ""
    assert len(summary_of(f"<p>{'word ' * 200}</p>")) <= 401


def test_the_gap_s_question_is_not_in_the_snapshot(story: Story) -> None:
    from incidents.documents.enums import Verdict
    from incidents.documents.review import request_review, review_document

    document = story.sound("Owner: [[to be written: CANARY-question]]")
    request_review(actor=story.comms, document=document, reviewers=[story.engineer], seen_version=2)
    review_document(
        actor=story.engineer, document=document, verdict=Verdict.APPROVED, seen_version=2, sign_off="Will follow."
    )
    publication = publish(actor=story.comms, document=document, seen_version=2)
    assert "CANARY" not in publication.html
    assert "not yet known" in publication.html


def test_queries_to_read_a_page_do_not_grow(story: Story) -> None:
    published(story)
    with connection.execute_wrapper(_count := _Counter()):
        list(public_postmortems(story.product))
    assert _count.n == 1


class _Counter:
    """Counts statements."""

    def __init__(self) -> None:
        self.n = 0

    def __call__(self, execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        self.n += 1
        return execute(sql, params, many, context)
