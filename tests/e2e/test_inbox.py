"""Triage by keyboard alone, in a real browser."""

from typing import Any

import pytest
from playwright.sync_api import Route, expect

from incidents.catalog.models import Product
from incidents.core.access import Role
from incidents.tickets.models import Ticket
from tests.factories import at, make_product, make_ticket, make_user

TEXT = "Since the update it takes ages to answer, and it lost the thread of what I asked."


@pytest.fixture
def product(transactional_db: None) -> Product:
    """Return a product with six tickets that wait."""
    product = make_product(name="Larch", slug="larch")
    product.symptoms.filter(key="slow").update(terms=["takes ages"])
    for day in range(6, 0, -1):
        make_ticket(product, "slow", title=f"Ticket of day {day}", text=TEXT, reported_at=at(day))
    return product


def answered(page: Any) -> Any:
    """Wait until the server has answered what the block does: the page shows the next ticket before that."""
    return page.expect_response(lambda response: response.url.endswith("/act/"))


def status(title: str) -> str:
    return Ticket.objects.get(title=title).status


def test_a_days_complaints_by_keyboard(open_page: Any, product: Product, screenshot: Any) -> None:
    page = open_page(user=make_user(Role.SUPPORT, product=product, username="sol"))
    page.goto("/triage/")
    card = page.locator("[data-card]")
    expect(card).to_contain_text("Ticket of day 6")
    expect(card.locator("mark").first).to_have_text("takes ages")
    screenshot(page, "inbox")

    # Accept as proposed; the next one opens.
    with answered(page):
        page.keyboard.press("a")
    expect(card).to_contain_text("Ticket of day 5")
    assert status("Ticket of day 6") == "triaged"

    # Correct with a digit, then accept.
    page.keyboard.press("2")
    with answered(page):
        page.keyboard.press("a")
    expect(card).to_contain_text("Ticket of day 4")
    labels = Ticket.objects.get(title="Ticket of day 5").labels.all()
    assert {label.symptom.key for label in labels} == {"slow", "forgetful"}

    # Dismiss, walk back and forth, take.
    with answered(page):
        page.keyboard.press("d")
    expect(card).to_contain_text("Ticket of day 3")
    assert status("Ticket of day 4") == "dismissed"
    with answered(page):
        page.get_by_role("button", name="Undo").click()
    expect(page.locator("[data-row]").nth(2).locator("[data-state]")).to_have_text("")
    assert status("Ticket of day 4") == "new"
    page.keyboard.press("k")
    expect(card).to_contain_text("Ticket of day 4")
    page.keyboard.press("j")
    expect(card).to_contain_text("Ticket of day 3")
    page.keyboard.press("t")
    expect(card).to_contain_text("Give back")
    assert "at=" in page.url

    # Two at once.
    page.keyboard.press("x")
    page.keyboard.press("j")
    expect(card).to_contain_text("Ticket of day 2")
    page.keyboard.press("x")
    expect(page.locator("[data-bulk-count]")).to_have_text("2 chosen")
    with answered(page):
        page.keyboard.press("Shift+D")
    expect(page.locator("[data-bulk]")).to_be_hidden()
    assert {status("Ticket of day 3"), status("Ticket of day 2")} == {"dismissed"}

    # The ready answer, and the sheet of keys.
    page.keyboard.press("r")
    expect(card.get_by_text("Thank you for telling us.")).to_be_visible()
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_contain_text("Next ticket")


def test_on_a_phone(open_page: Any, product: Product, screenshot: Any) -> None:
    page = open_page(user=make_user(Role.SUPPORT, product=product), width=390, colour_scheme="dark")
    page.goto("/triage/")
    card = page.locator("[data-card]")
    page.get_by_role("link", name="Ticket of day 2").click()
    expect(card).to_contain_text("Ticket of day 2")
    with answered(page):
        card.get_by_role("button", name="Accept").click()
    expect(card).to_contain_text("Ticket of day 1")
    assert status("Ticket of day 2") == "triaged"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    screenshot(page, "inbox-phone")


def test_a_key_pressed_twice_acts_once_and_a_refusal_names_its_ticket(open_page: Any, product: Product) -> None:
    page = open_page(user=make_user(Role.SUPPORT, product=product, username="sol"))
    page.goto("/triage/")
    card = page.locator("[data-card]")
    expect(card.locator("[data-ticket] h2")).to_contain_text("Ticket of day 6")
    acts: list[str] = []

    def refuse_the_first(route: Route) -> None:
        acts.append(route.request.url)
        if len(acts) == 1:
            route.fulfill(status=409, content_type="application/json", body='{"text": "Somebody else has it."}')
        else:
            route.continue_()

    page.route("**/act/", refuse_the_first)
    for _ in range(3):
        page.keyboard.press("a")
    expect(page.get_by_text("Ticket of day 6: Somebody else has it.")).to_be_visible()
    expect(card.locator("[data-ticket] h2")).to_contain_text("Ticket of day 5")
    assert len(acts) == 1
    open_page.problems.clear()  # the refusal is an answer of 409, which the browser reports
