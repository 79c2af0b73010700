"""Editing the taxonomy in a real browser: add, rename, look at a split, merge, take back."""

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from incidents.catalog.models import Symptom
from incidents.core.access import Role
from incidents.tickets.models import TicketSymptom
from tests.factories import make_product, make_ticket, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_taxonomy_is_edited(open_page: Callable[..., Any], screenshot: Callable[..., Any]) -> None:
    product = make_product()
    for number in range(3):
        make_ticket(product, "slow", text=f"stuck in the queue, place {number}")
    make_ticket(product, "slow", text="typing lags")
    page = open_page(user=make_user(Role.SUPPORT, product=product))
    page.goto(reverse("triage-symptoms"))
    page.wait_for_load_state()
    page.get_by_role("button", name="Add a symptom").click()
    page.locator("#add-symptom").get_by_label("Name").fill("Loses files")
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_text("“Loses files” is a symptom now")).to_be_visible()
    screenshot(page, "triage-symptoms")
    page.get_by_role("link", name="Slow", exact=True).click()
    page.get_by_label("Tickets that say").fill("queue")
    page.get_by_role("button", name="Look").click()
    expect(page.get_by_text("of 4 labels would move")).to_be_visible()
    screenshot(page, "triage-symptom")
    page.locator("#split").get_by_label("Name").fill("Queues")
    page.get_by_role("button", name="Split off as a new symptom").click()
    expect(page.get_by_text("3 labels moved to the new symptom")).to_be_visible()
    assert TicketSymptom.objects.filter(symptom__key="queues").count() == 3
    page.get_by_label("Into").select_option(label="Queues")
    page.get_by_role("button", name="Merge", exact=True).click()
    expect(page.get_by_text("1 label moved to “Queues”")).to_be_visible()
    page.get_by_role("button", name="Take back").first.click()
    expect(page.get_by_text("1 label went back")).to_be_visible()
    assert Symptom.objects.get(key="slow").retired_at is None
    # Learning was asked for; the page says so.
    expect(page.get_by_text("Work is under way")).to_be_visible()


def test_narrow_and_dark(open_page: Callable[..., Any], screenshot: Callable[..., Any]) -> None:
    product = make_product()
    make_ticket(product, "slow", text="stuck in the queue")
    page = open_page(user=make_user(Role.SUPPORT, product=product), width=390, colour_scheme="dark")
    for address in (reverse("triage-symptoms"), reverse("triage-symptom", args=[Symptom.objects.get(key="slow").pk])):
        page.goto(f"{address}?words=queue")
        screenshot(page, f"taxonomy-{address.rstrip('/').rsplit('/', 1)[-1]}")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), address
