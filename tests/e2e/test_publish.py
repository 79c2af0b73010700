"""From a run to what the public reads, in a real browser, by two people."""

import re
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from incidents.documents.models import Document
from incidents.documents.services import save_document
from incidents.publishing.models import Publication
from tests.documents.stories import SOUND, Story


@pytest.fixture
def story(transactional_db: None) -> Story:
    """Return a case with a run, seen by the browser's server."""
    return Story()


def desk(page: Page) -> Document:
    found = re.search(r"/documents/(\d+)/", page.url)
    assert found is not None
    return Document.objects.get(pk=int(found.group(1)))


def test_two_people_take_a_draft_to_the_public(open_page: Any, story: Story, screenshot: Any) -> None:
    writer = open_page(user=story.comms)
    writer.goto(f"/cases/{story.incident.pk}/documents/")
    writer.get_by_role("button", name="Draft postmortem").click()
    body = writer.locator("[data-body]")
    expect(writer.locator("#claims")).to_contain_text("supported")
    screenshot(writer, "document-draft")

    # What is typed is judged while it is typed.
    text = re.sub(r" ?\[\[to be written: [^\]]*\]\]", " soon", body.input_value())
    body.fill(text + "\nIt hit 912 people.\n")
    expect(writer.locator("#claims")).to_contain_text("“912”")
    expect(writer.locator("#preview")).to_contain_text("It hit 912 people.")
    body.fill(text)
    expect(writer.locator("#claims")).not_to_contain_text("“912”")

    # Evidence is cited from a list.
    body.evaluate("element => element.setSelectionRange(element.value.length, element.value.length)")
    writer.get_by_role("button", name="Cite evidence").click()
    writer.get_by_label("Find evidence").fill("lower effort ended")
    writer.locator('[data-cite="change-effort-ended"]').click()
    expect(body).to_have_value(re.compile(r"\[20 Mar 2026, 12:00 UTC\]\(ev:change-effort-ended\)$"))
    expect(writer.locator("[data-save]")).to_be_enabled()
    body.press("Control+s")
    expect(writer.locator(".docbar")).to_contain_text("Revision 2")
    expect(writer.locator("#claims")).not_to_contain_text("unsupported")

    writer.get_by_role("button", name="Request review").click()
    writer.get_by_role("checkbox", name="ed").check()
    writer.locator("#review-request-dialog .button--primary").click()
    expect(writer.locator("main")).to_contain_text("In review: revision 2")

    reviewer = open_page(user=story.engineer)
    reviewer.goto(writer.url)
    reviewer.get_by_role("button", name="Decide").click()
    screenshot(reviewer, "document-review")
    reviewer.get_by_role("button", name="Approve").click()
    expect(reviewer.locator("main")).to_contain_text("is approved by ed")

    writer.reload()
    writer.get_by_role("link", name="Publish…").click()
    expect(writer.locator(".publish-page__paper")).not_to_contain_text("ev:")
    screenshot(writer, "document-publish")
    writer.get_by_role("button", name="Publish").click()
    expect(writer.locator("main")).to_contain_text("is public since")

    publication = Publication.objects.get()
    for width, scheme in ((1440, "light"), (390, "dark")):
        reader = open_page(width=width, colour_scheme=scheme, javascript=False)
        reader.goto("/p/larch/")
        reader.get_by_role("link", name=publication.title).click()
        expect(reader.locator("h1")).to_have_text(publication.title)
        expect(reader.locator("main")).to_contain_text("About 40 (between 32 and 48) complaints are attributed to it.")
        assert reader.evaluate("document.documentElement.scrollWidth") <= width
        screenshot(reader, f"public-postmortem-{scheme}")


def test_two_writers_and_nothing_lost(open_page: Any, story: Story) -> None:
    document = story.sound("First.\n\nSecond.\n\nThird.\n")
    one, two = open_page(user=story.comms), open_page(user=story.engineer)
    for page in (one, two):
        page.goto(f"/documents/{document.pk}/")
    one.locator("[data-body]").fill("First, by one.\n\nSecond.\n\nThird.\n")
    one.locator("[data-save]").click()
    expect(one.locator(".docbar")).to_contain_text("Revision 3")
    two.locator("[data-body]").fill("First.\n\nSecond.\n\nThird, by two.\n")
    two.locator("[data-save]").click()
    expect(two.locator("main")).to_contain_text("Somebody saved before you")
    expect(two.locator("textarea")).to_have_value("First, by one.\n\nSecond.\n\nThird, by two.\n")
    two.get_by_role("button", name="Save the merged text").click()
    expect(two.locator(".docbar")).to_contain_text("Revision 4")
    # The browser reports the answer 409, which is what this test is about.
    open_page.problems[:] = [one for one in open_page.problems if "409" not in one]


def test_what_was_typed_survives_a_reload(open_page: Any, story: Story) -> None:
    document = story.sound()
    page = open_page(user=story.comms)
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(f"/documents/{document.pk}/")
    page.locator("[data-body]").fill("Typed and never saved.")
    expect(page.locator("#preview")).to_contain_text("Typed and never saved.")
    expect(page.locator("[data-kept]")).to_contain_text("not saved")
    page.reload()
    page.get_by_role("button", name="Bring it back").click()
    expect(page.locator("[data-body]")).to_have_value("Typed and never saved.")
    expect(page.locator("#preview")).to_contain_text("Typed and never saved.")


def test_reviewing_on_a_small_screen(open_page: Any, story: Story, screenshot: Any) -> None:
    from incidents.documents.review import request_review

    document = story.sound("It was 40 times worse.")
    request_review(actor=story.comms, document=document, reviewers=[story.engineer], seen_version=2)
    page = open_page(user=story.engineer, width=390)
    page.goto(f"/documents/{document.pk}/")
    page.get_by_role("button", name="Claims").first.click()
    expect(page.locator("#claims")).to_be_visible()
    expect(page.locator("[data-body]")).to_be_hidden()
    screenshot(page, "document-claims")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="Decide").click()
    page.get_by_role("button", name="Approve").click()
    expect(page.locator(".toast")).to_contain_text("does not carry all of it (1 unsupported)")


def test_no_page_of_documents_scrolls_sideways_on_a_small_screen(open_page: Any, story: Story) -> None:
    long = "What happened to people who left a session for an hour, and what was done about it"
    document = story.sound()
    document = save_document(actor=story.comms, document=document, title=long, body=SOUND, seen_version=2)
    page = open_page(user=story.comms, width=390)
    places = [
        reverse("documents"), reverse("templates"), reverse("dictionary"), reverse("publish"), reverse("radar"),
        reverse("case-documents", args=[story.incident.pk]),
        *(reverse(name, args=[document.pk]) for name in ("document", "document-editions", "document-revisions",
                                                         "document-publish")),
    ]  # fmt: skip
    wide = []
    for place in places:
        page.goto(place)
        if page.evaluate("document.documentElement.scrollWidth") > 390:
            wide.append(place)
    assert wide == []
    page.goto(places[5])
    tab = page.get_by_role("link", name="Documents", exact=True).first
    expect(tab).to_be_in_viewport(ratio=1)
