"""The pages beside the tickets in a real browser: a topic becomes a symptom, a pair is merged, rules are tried."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from incidents.core.access import Role
from incidents.tickets import duplicates, topics
from incidents.tickets.models import Ticket
from tests.factories import at, make_incident, make_product, make_ticket, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def quiet(*_: object) -> None:
    """Hear no progress."""


def test_topics_duplicates_and_rules(open_page: Callable[..., Any], screenshot: Callable[..., Any]) -> None:
    product = make_product()
    incident = make_incident(product, ends_at=at(1, 0, month=5))
    for day in range(40):
        make_ticket(product, "slow", text="It is slow", reported_at=at(1) + dt.timedelta(days=day))
    for number in range(8):
        text = f"The microphone icon stays red after unplugging the headphones on floor {number}"
        make_ticket(product, text=text, channel="mail", reported_at=at(9, month=4), onset_at=at(8, month=4))
    topics.update_topics(product=product, progress=quiet)
    duplicates.find_duplicates(product=product, progress=quiet)
    page = open_page(user=make_user(Role.ADMINISTRATOR, product=product))
    page.goto(reverse("triage-topics"))
    expect(page.get_by_text("New symptom?")).to_be_visible()
    screenshot(page, "triage-topics")
    page.get_by_role("link", name="Show on the overlay").click()
    expect(page.get_by_text("New topic: ").first).to_be_visible()
    screenshot(page, "overlay-topic")
    page.goto(reverse("triage-topics"))
    page.get_by_label("Name of the symptom").fill("Red microphone")
    page.get_by_role("button", name="Make it a symptom").click()
    expect(page.get_by_text("“Red microphone” is a symptom now")).to_be_visible()
    page.get_by_role("link", name="Duplicates").click()
    screenshot(page, "triage-duplicates")
    page.get_by_role("button", name="Merge", exact=True).first.click()
    expect(page.get_by_text("Merged: the older ticket counts for both.")).to_be_visible()
    assert Ticket.objects.exclude(merged_into=None).count() == 1
    page.get_by_role("link", name="Segment rules").click()
    page.get_by_label("Rules and examples").fill("surface: web = portal\n? In the portal -> surface: web")
    page.get_by_role("button", name="Try the examples").click()
    expect(page.get_by_role("row", name=re.compile("In the portal")).get_by_text("Yes")).to_be_visible()
    screenshot(page, "triage-rules")
    for name in ("triage-delays", "triage-texts", "triage-quality"):
        page.goto(reverse(name))
        screenshot(page, name)
    page.goto(reverse("case-publicity", args=[incident.pk]))
    screenshot(page, "case-publicity")


def test_narrow_and_dark(open_page: Callable[..., Any], screenshot: Callable[..., Any]) -> None:
    product = make_product()
    for _ in range(2):
        make_ticket(product, "slow", text="After the coffee break the session forgets which migration we were writing")
    duplicates.find_duplicates(product=product, progress=quiet)
    page = open_page(user=make_user(Role.ADMINISTRATOR, product=product), width=390, colour_scheme="dark")
    for name in ("triage-duplicates", "triage-rules", "triage-texts"):
        page.goto(reverse(name))
        screenshot(page, name)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
