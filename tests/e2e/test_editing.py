"""Writing together, in a real browser: comments, suggestions, what was typed and not saved, redaction, a set time."""

import re
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from incidents.documents.comments.services import add_comment
from incidents.documents.enums import NameKind
from incidents.documents.leaks import add_name
from incidents.documents.models import Comment, Document
from tests.documents.assistant_server import assistant_server
from tests.documents.stories import Story

TEXT = "## Summary\n\nThe assistant was slow for days.\n\nWe are sorry.\n"


@pytest.fixture
def story(transactional_db: None) -> Story:
    """Return a case with a run, seen by the browser's server."""
    return Story()


def choose(page: Any, words: str) -> None:
    """Select words in the text, once the desk's modules run."""
    page.wait_for_load_state()
    page.locator("[data-body]").evaluate(
        "(element, words) => { element.focus(); const at = element.value.indexOf(words);"
        " element.setSelectionRange(at, at + words.length); }",
        words,
    )


def test_what_is_typed_before_the_desk_is_ready_can_be_saved(open_page: Any, story: Story) -> None:
    document = story.sound(TEXT)
    page = open_page(user=story.comms)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(re.compile(r"/editor\.[^/]*js$"), hold)
    page.goto(f"/documents/{document.pk}/", wait_until="commit")
    page.locator("[data-body]").fill(TEXT + "\nTyped early.\n")
    page.wait_for_function("document.readyState === 'interactive'")
    assert held, "the desk's module was to be held back"
    held[0].continue_()
    expect(page.locator("[data-save]")).to_be_enabled()
    expect(page.locator("#preview")).to_contain_text("Typed early.")
    page.locator("[data-body]").press("Control+s")
    expect(page.locator(".docbar")).to_contain_text("Revision 3")


def test_a_comment_and_a_suggestion_that_is_accepted(open_page: Any, story: Story, screenshot: Any) -> None:
    document = story.sound(TEXT)
    engineer = open_page(user=story.engineer)
    engineer.goto(f"/documents/{document.pk}/")
    choose(engineer, "slow for days")
    engineer.keyboard.press("Escape")
    engineer.get_by_role("button", name="Comment", exact=True).click()
    engineer.locator("#comment-text").fill("Which days?")
    engineer.locator("#comment-dialog .button--primary").click()
    expect(engineer.locator("#comments")).to_contain_text("Which days?")
    expect(engineer.locator("#comments")).to_contain_text("line 3")
    choose(engineer, "We are sorry.")
    engineer.get_by_role("button", name="Comment", exact=True).click()
    engineer.get_by_label("Suggest other words").check()
    engineer.locator("#comment-suggestion").fill("We are very sorry.")
    engineer.locator("#comment-dialog .button--primary").click()
    expect(engineer.locator("#comments ins")).to_have_text("We are very sorry.")
    screenshot(engineer, "document-comments")

    comms = open_page(user=story.comms)
    comms.goto(f"/documents/{document.pk}/")
    comms.locator("[data-panels] [data-panel=comments]").click()
    comms.get_by_role("button", name="Accept").click()
    expect(comms.locator(".docbar")).to_contain_text("Revision 3")
    expect(comms.locator("[data-body]")).to_have_value(TEXT.replace("We are sorry.", "We are very sorry."))
    comms.locator("[data-panels] [data-panel=comments]").click()
    comms.get_by_role("button", name="Resolve").click()
    expect(comms.locator("#comments")).to_contain_text("Closed (2)")


def test_a_reader_comments_on_what_they_select_in_the_preview(open_page: Any, story: Story) -> None:
    document = story.sound("## Summary\n\nThe **assistant** was slow.\n")
    page = open_page(user=story.support)
    page.goto(f"/documents/{document.pk}/")
    page.locator("#preview p").first.evaluate("element => getSelection().selectAllChildren(element)")
    page.locator("[data-panels] [data-panel=comments]").click()
    page.get_by_role("button", name="Comment on the selection").click()
    expect(page.locator("[data-comment-quote]")).to_have_text("The assistant was slow.")
    page.locator("#comment-text").fill("Since when?")
    page.locator("#comment-dialog .button--primary").click()
    expect(page.locator("#comments")).to_contain_text("line 3")


def test_open_comments_are_marked_in_the_preview_and_lead_to_their_text(
    open_page: Any, story: Story, screenshot: Any
) -> None:
    document = story.sound("## Summary\n\nThe assistant was slow. The assistant was **very\nslow** twice.\n")
    for text, quote, near in (("Which one?", "The assistant was", 36), ("How slow?", "**very\nslow**", 0)):
        add_comment(actor=story.support, document=document, text=text, quote=quote, near=near)
    add_comment(actor=story.support, document=document, text="About all of it.")
    first, second, _ = Comment.objects.order_by("pk")
    page = open_page(user=story.comms)
    page.goto(f"/documents/{document.pk}/")
    marks = page.locator("#preview mark.commented")
    expect(marks).to_have_count(2)
    assert "".join(marks.all_inner_texts()).split() == ["The", "assistant", "wasvery", "slow"]
    assert page.locator("#preview p").first.inner_text().split() == (
        ["The", "assistant", "was", "slow.", "The", "assistant", "was", "very", "slow", "twice."]
    )
    # The second of the two places, as it was quoted.
    assert marks.first.evaluate("mark => mark.previousSibling.textContent") == "The assistant was slow. "
    screenshot(page, "document-commented")
    expect(page.locator(f"#comment-{first.pk}")).to_be_hidden()
    marks.first.click()
    expect(page.locator(f"#comment-{first.pk}.is-shown")).to_be_visible()
    page.locator(f"#comment-{second.pk} [data-line]").click()
    expect(page.locator("#preview .commented.is-shown")).to_have_attribute("data-comment-id", f"comment-{second.pk}")
    page.locator("[data-body]").fill("## Summary\n\nThe assistant was slow.\n")
    expect(page.locator(f"#comment-{second.pk} [data-lost]")).to_be_visible()
    expect(page.locator(f"#comment-{first.pk} [data-lost]")).to_be_hidden()
    expect(marks).to_have_count(1)
    page.locator("[data-body]").press("Control+s")
    expect(page.locator(".docbar")).to_contain_text("Revision 3")
    page.locator("[data-panels] [data-panel=comments]").click()
    expect(page.locator("#comments")).to_contain_text("Their words are gone from the text")


def test_what_was_typed_on_an_older_text_is_merged(open_page: Any, story: Story) -> None:
    document = story.sound("First.\n\nSecond.\n\nThird.\n")
    page = open_page(user=story.comms)
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(f"/documents/{document.pk}/")
    page.locator("[data-body]").fill("First, mine.\n\nSecond.\n\nThird.\n")
    expect(page.locator("[data-kept]")).to_contain_text("not saved")
    other = open_page(user=story.engineer)
    other.goto(f"/documents/{document.pk}/")
    expect(other.locator("[data-unsaved]")).to_have_count(0)
    other.locator("[data-body]").fill("First.\n\nSecond.\n\nThird, theirs.\n")
    other.locator("[data-save]").click()
    expect(other.locator(".docbar")).to_contain_text("Revision 3")
    page.reload()
    expect(page.locator("[data-unsaved]")).to_contain_text("Revision 3 was saved since")
    page.get_by_role("button", name="Bring it back").click()
    expect(page.locator("textarea[name=body]")).to_have_value("First, mine.\n\nSecond.\n\nThird, theirs.\n")
    open_page.problems[:] = [one for one in open_page.problems if "409" not in one]


def test_a_find_of_the_redaction_check_is_masked_and_the_text_goes_out_later(
    open_page: Any, story: Story, screenshot: Any
) -> None:
    add_name(actor=story.comms, product=story.product, kind=NameKind.HOST, words="db-7")
    document = story.sound("It was slow on db-7.\n")
    page = open_page(user=story.comms)
    page.goto(f"/documents/{document.pk}/")
    expect(page.locator(".leaks")).to_contain_text("a host of ours")
    page.get_by_role("button", name="Mask").click()
    expect(page.locator("[data-body]")).to_have_value("It was slow on one of our servers.\n")
    expect(page.locator("#claims")).to_contain_text("Nothing internal found")

    story.approved(Document.objects.get(pk=document.pk))
    page.goto(f"/documents/{document.pk}/publish/")
    page.get_by_text("Or at a set time").click()
    page.locator("#id_publish_at").fill("2027-01-04T09:00")
    page.get_by_role("button", name="Schedule").click()
    expect(page.locator("main")).to_contain_text("goes out 4 Jan 2027, 09:00")
    screenshot(page, "document-scheduled")
    page.get_by_role("button", name="Call it off").click()
    expect(page.locator("main")).to_contain_text("is approved by ed")


def test_a_template_is_edited_beside_its_preview(open_page: Any, story: Story, screenshot: Any) -> None:
    page = open_page(user=story.comms)
    page.goto("/documents/templates/")
    page.get_by_label("Name of the copy").first.fill("House")
    page.get_by_role("button", name="Copy and edit").first.click()
    expect(page.locator("#template-preview")).to_contain_text("Lower effort")
    page.locator("#template-source").fill("## In short\n\n{{ trigger }}\n")
    expect(page.locator("#template-preview")).to_contain_text("In short")
    page.locator("#template-source").fill("## In short\n\n{{ triger }}\n")
    expect(page.locator("#template-preview")).to_contain_text("there is no slot “triger”")
    screenshot(page, "document-template")
    page.locator("#template-source").fill("## In short\n\n{{ trigger }}\n")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("main")).to_contain_text("version 2")


def test_other_words_are_accepted_as_typing_and_a_moved_number_is_refused(
    open_page: Any, story: Story, settings: Any, screenshot: Any
) -> None:
    document = story.sound("## Summary\n\nIt was really very slow.\n\n## Rest\n\nText.\n")
    page = open_page(user=story.comms)
    page.goto(f"/documents/{document.pk}/")
    expect(page.get_by_role("button", name="Polish")).to_have_count(0)
    with assistant_server() as server:
        settings.ASSISTANT_URL, settings.ASSISTANT_MODEL = server.url, "good"
        server.answer = lambda text: text.replace("really very slow", "slow")
        page.reload()
        choose(page, "was really")
        page.locator("[data-body]").evaluate("element => element.setSelectionRange(20, 20)")
        page.get_by_role("button", name="Polish").click()
        expect(page.locator("#assistant-result")).to_contain_text("It was slow.")
        screenshot(page, "document-assistant")
        page.get_by_role("button", name="Accept", exact=True).click()
        expect(page.locator("[data-body]")).to_have_value("## Summary\n\nIt was slow.\n\n## Rest\n\nText.\n")
        expect(page.locator("[data-save]")).to_be_enabled()
        server.answer = lambda text: text + " It hit 40 people."
        page.get_by_role("button", name="Shorten").click()
        expect(page.locator("#assistant-result")).to_contain_text("It adds a number: “40”")
        expect(page.get_by_role("button", name="Accept", exact=True)).to_have_count(0)
