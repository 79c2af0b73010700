"""Comments follow their words through edits; a suggestion becomes a revision; working copies stay one's own."""

import threading
from typing import Any

import pytest
from django.db import connection

from incidents.core.errors import Conflict, InputError, NotPermitted, NotReady
from incidents.documents.comments.anchors import anchor_at, carried, find
from incidents.documents.comments.queries import threads_of
from incidents.documents.comments.services import add_comment, answer_comment, decide_suggestion, resolve_comment
from incidents.documents.copies import keep_copy, working_copy
from incidents.documents.models import Comment, Document, Revision
from incidents.documents.services import restore_revision, save_document
from tests.documents.stories import Story

TEXT = "## Summary\n\nThe assistant was slow. It was slow for days.\n\nWe are sorry.\n"


def carried_words(old: str, new: str, quote: str, near: int = 0) -> str | None:
    anchor = find(old, quote, near=near)
    assert anchor is not None
    moved = carried(old, new, anchor)
    return None if moved is None else moved.quote


@pytest.mark.parametrize(
    ("new", "words"),
    [
        ("Before.\n\n" + TEXT, "was slow for days"),
        (TEXT.replace("was slow for days", "was very slow for days"), "was very slow for days"),
        (TEXT.replace("It was slow for days.", "It was slow."), "was slow"),
        (TEXT.replace(" It was slow for days.", ""), None),
        (TEXT.replace(" It was slow for days.", "") + "\nIt was slow for days.\n", "was slow for days"),
        ("", None),
    ],
)
def test_words_are_followed_through_an_edit(new: str, words: str | None) -> None:
    assert carried_words(TEXT, new, "was slow for days") == words


def test_equal_words_are_told_apart_by_their_surroundings() -> None:
    second = TEXT.index("was slow for")
    anchor = anchor_at(TEXT, second, second + 8)
    again = find("Intro was slow.\n" + TEXT, anchor.quote, anchor.before, anchor.after)
    assert again is not None
    assert again.after.startswith(" for days")


def test_what_a_reader_selects_in_the_preview_is_found_in_the_source() -> None:
    body = "- **Lower effort**, in force [34\ndays](ev:change-x-duration) long.\n"
    found = find(body, "Lower effort, in force 34 days")
    assert found is not None
    assert found.quote.startswith("Lower effort**")
    assert found.quote.endswith("[34\ndays")


def test_a_long_document_is_followed_in_good_time() -> None:
    old = "".join(f"Line {number} of the text, with some words in it.\n" for number in range(3000))
    new = old.replace("Line 1500 of", "Row 1500 of").replace("Line 7 of", "")
    assert carried_words(old, new, "Line 1500 of the text") == "1500 of the text"


def test_comments_move_with_saves_are_orphaned_and_come_back(story: Story) -> None:
    document = story.sound(TEXT)
    comment = add_comment(actor=story.support, document=document, text="Which days?", quote="slow for days")
    document = save_document(
        actor=story.comms, document=document, title="T", body="New first line.\n\n" + TEXT, seen_version=2
    )
    [thread] = threads_of(document).placed
    assert (thread.line, thread.is_changed) == (5, False)
    document = save_document(actor=story.comms, document=document, title="T", body="Other.\n", seen_version=3)
    assert [one.comment for one in threads_of(document).orphaned] == [comment]
    document = restore_revision(actor=story.comms, document=document, number=2, seen_version=4)
    assert [one.comment for one in threads_of(document).placed] == [comment]


def test_answers_resolving_and_who_may(story: Story) -> None:
    document = story.sound(TEXT)
    comment = add_comment(actor=story.support, document=document, text="All fine?")
    answer_comment(actor=story.comms, comment=comment, text="Yes.")
    [thread] = threads_of(document).general
    assert [one.text for one in thread.answers] == ["Yes."]
    other = add_comment(actor=story.comms, document=document, text="Mine")
    with pytest.raises(NotPermitted):
        resolve_comment(actor=story.support, comment=other)
    resolve_comment(actor=story.support, comment=comment)
    assert [one.comment for one in threads_of(document).closed] == [comment]
    resolve_comment(actor=story.comms, comment=comment, resolved=False)
    assert threads_of(document).n_open == 2
    with pytest.raises(InputError, match="not in the saved text"):
        add_comment(actor=story.support, document=document, text="x", quote="nowhere to be found")


def test_an_accepted_suggestion_is_a_revision_and_voids_an_approval(story: Story) -> None:
    document = story.approved(story.sound(TEXT))
    made = add_comment(
        actor=story.engineer, document=document, text="", quote="We are sorry.", suggestion="We are very sorry."
    )
    with pytest.raises(NotPermitted):
        decide_suggestion(actor=story.support, comment=made, accept=True, seen_version=2)
    saved = decide_suggestion(actor=story.comms, comment=made, accept=True, seen_version=2)
    assert saved.body == TEXT.replace("We are sorry.", "We are very sorry.")
    assert saved.state == "draft"
    assert Revision.objects.get(document=saved, number=3).note == "Accepted a suggestion of ed"
    with pytest.raises(NotReady, match="decided already"):
        decide_suggestion(actor=story.comms, comment=made, accept=False, seen_version=3)


def test_a_suggestion_for_words_that_changed_is_not_put_over_them(story: Story) -> None:
    document = story.sound(TEXT)
    made = add_comment(actor=story.engineer, document=document, text="", quote="We are sorry.", suggestion="Sorry.")
    body = TEXT.replace("We are sorry.", "We are truly sorry.")
    document = save_document(actor=story.comms, document=document, title="T", body=body, seen_version=2)
    with pytest.raises(Conflict, match="were edited since"):
        decide_suggestion(actor=story.comms, comment=made, accept=True, seen_version=3)
    with pytest.raises(Conflict, match="saved this document meanwhile"):
        decide_suggestion(actor=story.comms, comment=made, accept=True, seen_version=2)
    decide_suggestion(actor=story.comms, comment=made, accept=False, seen_version=3)
    document.refresh_from_db()
    assert document.body == body


def test_a_working_copy_is_ones_own_and_touches_no_revision(story: Story) -> None:
    document = story.sound(TEXT)
    parts: dict[str, Any] = {"document": document, "title": "T", "base_version": 2}
    keep_copy(actor=story.comms, body="Mine.", **parts)
    keep_copy(actor=story.engineer, body="Hers.", **parts)
    for person, body in ((story.comms, "Mine."), (story.engineer, "Hers.")):
        found = working_copy(person, document)
        assert found is not None
        assert found.body == body
    assert working_copy(story.support, document) is None
    assert Revision.objects.filter(document=document).count() == 2
    with pytest.raises(NotPermitted):
        keep_copy(actor=story.support, body="x", **parts)
    keep_copy(actor=story.comms, document=document, title=document.title, body=document.body, base_version=2)
    assert working_copy(story.comms, document) is None


@pytest.mark.django_db(transaction=True)
def test_two_people_who_accept_at_once_make_one_revision(transactional_db: None) -> None:
    story = Story()
    document = story.sound(TEXT)
    made = add_comment(actor=story.engineer, document=document, text="", quote="We are sorry.", suggestion="Sorry.")
    barrier = threading.Barrier(2)
    outcomes: list[str] = []

    def accept(person: Any) -> None:
        try:
            barrier.wait()
            decide_suggestion(actor=person, comment=Comment.objects.get(pk=made.pk), accept=True, seen_version=2)
            outcomes.append("done")
        except (Conflict, NotReady):
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=accept, args=(person,)) for person in (story.comms, story.engineer)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["done", "refused"]
    assert Document.objects.get(pk=document.pk).version == 3
