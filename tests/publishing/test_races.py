"""Two people at once, on real connections."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from incidents.core.errors import Conflict, WorkbenchError
from incidents.core.models import AuditEntry
from incidents.documents.models import Document, Revision
from incidents.documents.services import save_document
from incidents.publishing.models import Publication
from incidents.publishing.services import publish
from tests.documents.stories import Story


def at_once(*actions: Callable[[], Any]) -> list[Any]:
    """Run the actions in threads that start together; return results or errors in order."""
    barrier = threading.Barrier(len(actions))
    results: list[Any] = [None] * len(actions)

    def run(place: int, action: Callable[[], Any]) -> None:
        try:
            barrier.wait(timeout=20)
            results[place] = action()
        except WorkbenchError as error:
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place, action)) for place, action in enumerate(actions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


@pytest.mark.django_db(transaction=True)
def test_publishing_at_once_makes_one_snapshot_that_all_get() -> None:
    story = Story()
    document = story.approved()
    version = document.version
    results = at_once(*[lambda: publish(actor=story.comms, document=document, seen_version=version)] * 6)
    assert {result.pk for result in results} == {Publication.objects.get().pk}
    assert AuditEntry.objects.filter(action="document published").count() == 1


@pytest.mark.django_db(transaction=True)
def test_publishing_against_an_edit_never_shows_what_nobody_approved() -> None:
    story = Story()

    def race(text: str) -> None:
        document = story.approved(story.sound(text))
        version = document.version
        at_once(
            lambda: publish(actor=story.comms, document=document, seen_version=version),
            lambda: save_document(
                actor=story.engineer, document=document, title="Sneaky", body="Sneaky.", seen_version=version
            ),
        )
        for publication in Publication.objects.filter(document=document):
            assert publication.revision_number == version
            assert "Sneaky" not in publication.html

    for text in ("One round.", "Another round.", "Yet another round.", "A last round."):
        race(text)


@pytest.mark.django_db(transaction=True)
def test_of_many_saves_at_once_one_wins_and_the_others_are_told() -> None:
    story = Story()
    document = story.sound()
    version = document.version

    def save(number: int) -> Callable[[], Document]:
        return lambda: save_document(
            actor=story.comms, document=document, title=f"By {number}", body=f"By {number}.", seen_version=version
        )

    results = at_once(*[save(number) for number in range(8)])
    assert sum(isinstance(result, Document) for result in results) == 1
    assert sum(isinstance(result, Conflict) for result in results) == 7
    assert Revision.objects.filter(document=document).count() == version + 1
