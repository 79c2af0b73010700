"""Publishing for staff: the last look, the board, people."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from incidents.core.access import Role
from incidents.publishing.models import Publication
from tests.documents.stories import Story
from tests.factories import make_product, make_user


@pytest.fixture
def story(db: None) -> Story:
    """Return a case with a run."""
    return Story()


def signed(person: Any) -> Client:
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_the_last_look_shows_what_the_public_will_read_and_publishes_it(story: Story) -> None:
    document = story.approved(story.sound("We count [about 40](ev:run-effort-excess) of them."))
    client = signed(story.comms)
    here = reverse("document-publish", kwargs={"document_id": document.pk})
    page = client.get(here).content.decode()
    assert "<p>We count about 40 of them.</p>" in page
    assert "Approved by" in page
    answer = client.post(here, {"version": "2"}, follow=True)
    assert b"Published. The page, the lists and the feed have it." in answer.content
    assert Publication.objects.get().published_by == story.comms
    assert client.post(here, {"version": "2"}).status_code == 302
    assert Publication.objects.count() == 1


def test_a_correction_without_a_word_is_refused_and_says_so(story: Story) -> None:
    from incidents.documents.services import save_document
    from incidents.publishing.services import publish

    document = story.approved()
    publish(actor=story.comms, document=document, seen_version=2)
    document = save_document(actor=story.comms, document=document, title="x", body="Better.", seen_version=2)
    document = story.approved(document)
    client = signed(story.comms)
    here = reverse("document-publish", kwargs={"document_id": document.pk})
    assert b"What was corrected" in client.get(here).content
    refused = client.post(here, {"version": "3", "correction": " "})
    assert refused.status_code == 422
    assert b"Say in a sentence what was corrected." in refused.content
    client.post(here, {"version": "3", "correction": "Dates."})
    assert Publication.objects.get(is_current=True).correction == "Dates."


def test_an_unapproved_text_has_no_button(story: Story) -> None:
    document = story.sound()
    page = signed(story.comms).get(reverse("document-publish", kwargs={"document_id": document.pk})).content.decode()
    assert "only an approved revision can be published" in page
    assert (
        'type="submit"><svg class="icon" aria-hidden="true"><use href="/static/vendor/lucide/sprite.svg#globe"'
        not in page
    )


def test_withdrawing_through_the_page(story: Story) -> None:
    from incidents.publishing.services import publish

    document = story.approved()
    publish(actor=story.comms, document=document, seen_version=2)
    client = signed(story.comms)
    here = reverse("document-withdraw", kwargs={"document_id": document.pk})
    assert b"Readers are not told why" in client.post(here, {"reason": ""}, follow=True).content
    assert b"Retracted. Its address says so" in client.post(here, {"reason": "Too early."}, follow=True).content
    page = client.get(reverse("document", kwargs={"document_id": document.pk})).content
    assert b"Readers see this reason" in page


def test_the_board_shows_what_waits_and_who_was_not_told(story: Story) -> None:
    story.approved()
    client = signed(story.comms)
    page = client.get(reverse("publish")).content.decode()
    assert re.search(r"Approved, to be published.*What happened", page, re.DOTALL)
    assert "Lower effort" in page
    assert "Not told" in page
    assert b"Lower effort" not in signed(story.stranger).get(reverse("publish")).content


# --- People ------------------------------------------------------------------------------------------------------


def test_an_administrator_adds_a_colleague_who_can_then_sign_in(story: Story, admin_user: Any) -> None:
    client = signed(admin_user)
    answer = client.post(
        reverse("people"), {"username": "nora", "name": "Nora N", "role": "engineer", "product": "larch", "email": ""}
    )
    assert answer.status_code == 200
    found = re.search(r"First password: <code>([^<]+)</code>", answer.content.decode())
    assert found is not None
    fresh = Client()
    fresh.post(reverse("sign-in"), {"username": "nora", "password": found.group(1)})
    assert fresh.get(reverse("documents")).status_code == 200
    assert fresh.get(reverse("people")).status_code == 404
    assert found.group(1) not in client.get(reverse("people")).content.decode()


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.ENGINEER, Role.COMMS])
def test_others_cannot_tell_that_the_page_exists(story: Story, role: Role) -> None:
    person = make_user(role, product=story.product)
    client = signed(person)
    assert client.get(reverse("people")).status_code == 404
    assert client.post(reverse("people"), {"username": "x", "role": "administrator", "product": "*"}).status_code == 404
    who = reverse("person", kwargs={"person_id": story.comms.pk})
    assert client.post(who, {"do": "close"}).status_code == 404


def test_the_administrator_of_one_product_rules_only_there(story: Story) -> None:
    other = make_product(name="Elm", slug="elm")
    outsider = make_user(Role.COMMS, product=other, username="outsider")
    boss = make_user(Role.ADMINISTRATOR, product=story.product, username="boss")
    client = signed(boss)
    page = client.get(reverse("people")).content.decode()
    assert "cora" in page
    assert "outsider" not in page
    for product in ("elm", "*"):
        answer = client.post(
            reverse("people"), {"username": "y", "role": "comms", "product": product, "name": "", "email": ""}
        )
        assert answer.status_code == 422
    person = reverse("person", kwargs={"person_id": outsider.pk})
    assert client.post(person, {"do": "role", "role": "comms", "product": "larch"}).status_code == 404
    cora = reverse("person", kwargs={"person_id": story.comms.pk})
    for do in ("close", "password"):
        client.post(cora, {"do": do})
    story.comms.refresh_from_db()
    assert story.comms.is_active
    assert story.comms.check_password("a-long-enough-phrase")
    client.post(cora, {"do": "role", "role": "engineer", "product": "larch"})
    assert story.comms.memberships.count() == 2
    held = outsider.memberships.get()
    client.post(reverse("role-end", kwargs={"membership_id": held.pk}))
    assert outsider.memberships.count() == 1


def test_closing_an_account_ends_what_it_can_do_and_nobody_locks_themselves_out(story: Story, admin_user: Any) -> None:
    client = signed(admin_user)
    cora = signed(story.comms)
    assert cora.get(reverse("documents")).status_code == 200
    client.post(reverse("person", kwargs={"person_id": story.comms.pk}), {"do": "close"})
    assert cora.get(reverse("documents")).status_code == 302
    client.post(reverse("person", kwargs={"person_id": admin_user.pk}), {"do": "close"})
    admin_user.refresh_from_db()
    assert admin_user.is_active
    client.post(reverse("person", kwargs={"person_id": story.comms.pk}), {"do": "open"})
    story.comms.refresh_from_db()
    assert story.comms.is_active


def test_only_a_superuser_touches_a_superuser(story: Story, admin_user: Any) -> None:
    boss = make_user(Role.ADMINISTRATOR, username="global")
    client = signed(boss)
    for do in ("close", "password"):
        client.post(reverse("person", kwargs={"person_id": admin_user.pk}), {"do": do})
    admin_user.refresh_from_db()
    assert admin_user.is_active
    assert admin_user.check_password("password")


def test_the_board_asks_the_database_no_more_for_more_rows(story: Story) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from tests.factories import make_change

    client = signed(story.comms)
    counts = []
    for _ in range(2):
        story.sound()
        make_change(story.product, user_facing=True)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse("publish"), {"coverage": "all"}).status_code == 200
        counts.append(len(captured))
        for _ in range(2):
            story.sound()
            make_change(story.product, user_facing=True)
    assert counts[0] == counts[1]
    assert counts[0] <= 30
