"""A notice to one segment goes the way of every notice, and says in public whom it is for."""

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from incidents.documents.models import Document
from incidents.documents.segment_notices import write_segment_notice
from incidents.publishing.models import Publication
from incidents.publishing.services import publish
from incidents.publishing.subscribers.hooks import _event
from incidents.publishing.subscribers.models import Subscriber
from tests.documents.stories import SOUND, Story


def in_page(person: object) -> Client:
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")  # type: ignore[arg-type]
    return client


@pytest.fixture
def source(story: Story) -> Document:
    """Return a text about a change that reached people on the web alone."""
    story.change.scope = {"surface": ["web"]}
    story.change.save()
    return story.sound()


@pytest.fixture
def notice(story: Story, source: Document) -> Document:
    """Return an approved notice for people on the web."""
    return story.approved(write_segment_notice(actor=story.comms, document=source, segment={"surface": "web"}))


def test_the_public_is_told_whom_it_is_for(story: Story, notice: Document) -> None:
    publication = publish(actor=story.comms, document=notice, seen_version=notice.version)
    assert publication.readers == "surface web"
    client = Client()
    for name, arguments in (
        ("public-changelog", {}),
        ("public-notice", {"slug": publication.slug}),
    ):
        page = client.get(reverse(name, kwargs={"product_slug": "larch", **arguments})).content.decode()
        assert "For people with surface web" in page
        assert ">–<" not in page
    subscriber = Subscriber(product=story.product)
    assert _event(subscriber, publication)["data"]["readers"] == "surface web"


def test_it_is_frozen_with_the_rest(story: Story, notice: Document) -> None:
    publication = publish(actor=story.comms, document=notice, seen_version=notice.version)
    with pytest.raises(IntegrityError), transaction.atomic():
        Publication.objects.filter(pk=publication.pk).update(readers="everybody")


def test_from_the_audiences_to_the_draft_and_anew(story: Story, source: Document) -> None:
    client = in_page(story.comms)
    audiences = reverse("document-editions", kwargs={"document_id": source.pk})
    assert "Choose a segment to write a notice" in client.get(audiences, {"for": "segment"}).content.decode()
    assert "Write a notice for them" in client.get(audiences, {"for": "segment", "seg.surface": "web"}).content.decode()
    assert "Write a notice" not in client.get(audiences, {"for": "segment", "seg.surface": "cli"}).content.decode()
    draft = reverse("segment-notice-draft", kwargs={"document_id": source.pk})
    refused = client.post(draft, {"seg.surface": "cli"}, follow=True).content.decode()
    assert "nothing to tell them" in refused
    page = client.post(draft, {"seg.surface": "web"}, follow=True).content.decode()
    assert "For people with surface web" in page
    assert "Cut it anew" not in page
    notice = Document.objects.get(made_from=source)
    client.post(
        reverse("document", kwargs={"document_id": source.pk}),
        {"title": "What happened", "body": f"{SOUND}\nIt is over.\n", "version": source.version},
    )
    page = client.get(reverse("document", kwargs={"document_id": notice.pk})).content.decode()
    assert "Cut it anew" in page
    assert "That text is at revision" in page
    renew = reverse("segment-notice-renew", kwargs={"document_id": notice.pk})
    page = client.post(renew, {"version": notice.version}, follow=True).content.decode()
    assert "Cut anew: revision 2" in page
    assert "It is over." in page


def test_who_may_only_read_is_not_offered_it(story: Story, source: Document) -> None:
    client = in_page(story.support)
    audiences = reverse("document-editions", kwargs={"document_id": source.pk})
    page = client.get(audiences, {"for": "segment", "seg.surface": "web"}).content.decode()
    assert "Write a notice" not in page
    draft = reverse("segment-notice-draft", kwargs={"document_id": source.pk})
    assert client.post(draft, {"seg.surface": "web"}).status_code == 403
    assert not Document.objects.filter(made_from=source).exists()
