"""What must not leave is found in the text as the public would get it, and stops it until a person decides."""

import pytest

from incidents.core.access import Role
from incidents.core.errors import InputError, NotPermitted, NotReady
from incidents.core.models import AuditEntry
from incidents.documents.enums import LeakKind, NameKind, Verdict
from incidents.documents.leaks import add_name, leaks_of, mask_leak, names_for, remove_name, sign_off_leak
from incidents.documents.redaction import Guard, Guarded, find_leaks, public_markdown
from incidents.documents.review import request_review, review_document
from incidents.publishing.services import publish, withdraw
from tests.documents.stories import Story
from tests.factories import at, make_change, make_user

GUARD = Guard(
    names=[
        Guarded(words="db-7", kind=NameKind.HOST),
        Guarded(words="Project Heron", kind=NameKind.CODE_NAME, replacement="a trial"),
        Guarded(words="IT", kind=NameKind.CODE_NAME),
        Guarded(words="wiki.example.org", kind=NameKind.HOST),
        Guarded(words="no rate limit on exports", kind=NameKind.WEAKNESS),
    ],
    hidden_titles=["Queue trial two"],
    own_hosts=["workbench.example.org"],
)


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("Ask jo@example.org.", LeakKind.PERSONAL, "jo@example.org"),
        ("The key was sk-live-0123456789abcdefghij.", LeakKind.SECRET, "sk-live-0123456789abcdefghij"),
        ("On DB-7 it failed.", LeakKind.NAME, "DB-7"),
        ("The project-heron team.", LeakKind.NAME, "project-heron"),
        ("Owned by IT.", LeakKind.NAME, "IT"),
        ("There is no rate limit on exports yet.", LeakKind.WEAKNESS, "no rate limit on exports"),
        ("It was queue trial two.", LeakKind.NAME, "queue trial two"),
        ("See [the case](/cases/4/).", LeakKind.LINK, "/cases/4/"),
        (
            "See https://workbench.example.org/documents/4/.",
            LeakKind.LINK,
            "https://workbench.example.org/documents/4/",
        ),
        ("See <http://10.2.3.4/x>", LeakKind.LINK, "http://10.2.3.4/x"),
        ("See [x](https://grafana/d/1).", LeakKind.LINK, "https://grafana/d/1"),
        ("See [x](https://a.wiki.example.org/1).", LeakKind.LINK, "https://a.wiki.example.org/1"),
        ("See [x](https://acme.slack.com/archives/1).", LeakKind.LINK, "https://acme.slack.com/archives/1"),
    ],
)
def test_each_kind_is_found(text: str, kind: LeakKind, words: str) -> None:
    assert (kind, words) in [(one.kind, one.words) for one in find_leaks("T", text, GUARD)]


@pytest.mark.parametrize(
    "text",
    [
        "It was db-70, and it is fine.",
        "[About 400 (between 350 and 480)](ev:run-db-7-excess) on 4 Mar 2026, 10:05 PST in 3.46.0.",
        "[[internal: db-7]]\n\n::: internal\njo@example.org\n:::",
        "See [this](https://example.com/p/x) and [that](/p/larch/) and [here](#section-a).",
        "See https://workbench.example.org/p/larch/.",
    ],
)
def test_what_may_leave_is_left_alone(text: str) -> None:
    assert find_leaks("T", text, GUARD) == []


def test_the_public_markdown_holds_no_keys_and_no_questions() -> None:
    text = "A [4](ev:secret-key) [[to be written: CANARY]] [[internal: CANARY]] end.\n"
    assert public_markdown(text) == "A 4 *not yet known* end.\n"


def test_nothing_is_approved_before_each_find_is_dealt_with(story: Story) -> None:
    add_name(actor=story.comms, product=story.product, kind=NameKind.HOST, words="db-7")
    document = story.sound("It failed on db-7 and [here](/cases/1/). Ask jo@example.org.\n")
    seen = document.version
    request_review(actor=story.comms, document=document, reviewers=[story.engineer], seen_version=seen)
    with pytest.raises(NotReady, match="redaction check found “db-7”"):
        review_document(actor=story.engineer, document=document, verdict=Verdict.APPROVED, seen_version=seen)
    for kind, words, how in (
        ("name", "db-7", "mask"), ("link", "/cases/1/", "remove"), ("personal", "jo@example.org", "internal"),
    ):  # fmt: skip
        document = mask_leak(
            actor=story.comms, document=document, seen_version=document.version, kind=kind, words=words, how=how
        )
    assert document.body == "It failed on one of our servers and here. Ask [[internal: jo@example.org]].\n"
    assert leaks_of(document) == []
    publication = publish(actor=story.comms, document=story.approved(document), seen_version=document.version)
    assert publication.body == "It failed on one of our servers and here. Ask.\n"


def test_a_sign_off_needs_a_reason_and_stands_for_those_words_alone(story: Story) -> None:
    document = story.sound("Ask jo@example.org.\n")
    parts = {"document": document, "kind": "personal", "words": "jo@example.org"}
    with pytest.raises(InputError, match="not said why"):
        sign_off_leak(actor=story.engineer, reason=" ", **parts)
    with pytest.raises(NotPermitted):
        sign_off_leak(actor=story.support, reason="Fine", **parts)
    sign_off_leak(actor=story.engineer, reason="A public address", **parts)
    entry = AuditEntry.objects.get(action="redaction signed off")
    assert "jo@" not in str(entry.detail)
    [found] = leaks_of(document)
    assert found.sign_off is not None
    assert found.sign_off.reason == "A public address"
    story.approved(document)
    # A word that is put into the dictionary after the approval still stops the publication.
    add_name(actor=story.comms, product=story.product, kind=NameKind.CODE_NAME, words="Ask")
    with pytest.raises(NotReady, match="“Ask”"):
        publish(actor=story.comms, document=document, seen_version=document.version)


def test_what_is_said_beside_the_text_is_checked_too(story: Story) -> None:
    document = story.approved()
    publish(actor=story.comms, document=document, seen_version=document.version)
    with pytest.raises(NotReady, match="e-mail"):
        withdraw(actor=story.comms, document=document, reason="Ask jo@example.org")


def test_internal_titles_and_peoples_names_need_no_listing(story: Story) -> None:
    make_change(story.product, external_id="q", title="Heron queue trial", visibility="internal", started_at=at(5))
    story.engineer.first_name, story.engineer.last_name = "Edda", "Larsen"
    story.engineer.save()
    document = story.sound("The heron queue trial of Edda Larsen.\n")
    assert {one.leak.words for one in leaks_of(document)} == {"heron queue trial", "Edda Larsen"}


def test_the_dictionary_is_kept_by_those_who_publish(story: Story) -> None:
    with pytest.raises(NotPermitted):
        add_name(actor=story.engineer, product=story.product, kind=NameKind.HOST, words="db-7")
    with pytest.raises(NotPermitted):
        add_name(actor=story.comms, product=None, kind=NameKind.HOST, words="db-7")
    administrator = make_user(Role.ADMINISTRATOR)
    add_name(actor=administrator, product=None, kind=NameKind.HOST, words="db-7")
    row = add_name(actor=story.comms, product=story.product, kind=NameKind.HOST, words="DB-7")
    with pytest.raises(InputError, match="already"):
        add_name(actor=story.comms, product=story.product, kind=NameKind.STAFF, words="db-7")
    remove_name(actor=story.comms, product=story.product, name_id=row.pk)
    assert [one.product for one in names_for(story.product)] == [None]
