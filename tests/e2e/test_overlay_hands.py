"""The overlay's finer work: comparing, scratch scenarios, pins, edges, overlaid metrics, the live tail."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from incidents.catalog.models import Symptom
from incidents.changes.models import Change
from incidents.core.access import Role
from incidents.jobs.models import Job
from incidents.response.models import Evidence, Incident
from incidents.tickets.models import Ticket, TicketSymptom
from tests.e2e.test_overlay import drag, settled
from tests.factories import (
    at,
    make_change,
    make_incident,
    make_points,
    make_segment,
    make_source,
    make_ticket,
    make_user,
)

pytestmark = pytest.mark.django_db(transaction=True)
Opener = Callable[..., Page]


@pytest.fixture
def incident() -> Incident:
    """A month in which one change makes a surface complain six times as much for ten days."""
    case = make_incident(title="Answers got shallower")
    product = case.product
    make_change(
        product,
        title="Shorter",
        scope={"surface": ["cli"]},
        started_at=at(10, 0),
        ended_at=at(20, 0),
        end_kind="revert",
    )
    cli, web = (make_segment(product, surface=surface) for surface in ("cli", "web"))
    amounts = [(cli, day, i) for day in range(1, 31) for i in range(12 if 10 <= day < 20 else 2)]
    amounts += [(web, day, i) for day in range(1, 31) for i in range(2 + day % 3)]
    source, symptom = make_source(product), Symptom.objects.get(product=product, key="slow")
    tickets = Ticket.objects.bulk_create(
        Ticket(
            product=product, source=source, segment=segment, external_id=str(n), reported_at=at(day, i), text="Slow."
        )
        for n, (segment, day, i) in enumerate(amounts)
    )
    TicketSymptom.objects.bulk_create(
        TicketSymptom(ticket=ticket, symptom=symptom, confidence=1.0, source="bundle") for ticket in tickets
    )
    for key in ("success", "speed"):
        make_points(product, key, {at(day, hour): 0.7 for day in range(1, 31) for hour in (0, 12)})
    return case


@pytest.fixture
def opened(incident: Incident, open_page: Opener) -> Callable[..., Page]:
    user = make_user(Role.ENGINEER, product=incident.product)

    def open_(query: str = "", **options: Any) -> Page:
        page = open_page(user=user, **options)
        page.goto(reverse("case", args=[incident.pk]) + query)
        settled(page)
        return page

    return open_


def test_two_segments_are_compared_and_left_again(opened: Callable[..., Page]) -> None:
    page = opened("?seg.surface=cli")
    page.get_by_role("button", name="Segments").click()
    page.get_by_role("button", name="Compare with").click()
    page.locator('#ov-filter input[name="vs.surface"][value="web"]').check()
    page.wait_for_url("**vs.surface=web*")
    settled(page)
    page.keyboard.press("Escape")
    legend = page.locator("#ov-legend")
    expect(legend).to_contain_text("Surface web")
    expect(legend).to_contain_text("over the view: ")
    expect(page.locator("#ov-chips")).to_contain_text("against")
    page.get_by_role("button", name="Stop comparing").click()
    expect(legend).to_contain_text("Slow")
    page.get_by_role("button", name="View").click()
    expect(page.get_by_label("Per 1,000 uses")).to_be_disabled()
    expect(page.locator("#ov-rate-note")).to_contain_text("Use is not counted over time")


def test_an_edge_is_dragged_and_the_attribution_follows(opened: Callable[..., Page]) -> None:
    change = Change.objects.get(title="Shorter")
    page = opened(f"?change={change.pk}")
    page.get_by_role("button", name="What if…").click()
    answer = page.locator("#ov-try-answer")
    expect(answer).to_contain_text("Nothing is moved yet", timeout=30_000)  # the full fit comes first
    grip = page.locator('.ov-handle[data-edge="try_start"]')
    box = grip.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y, steps=3)
    page.mouse.up()
    expect(answer).to_contain_text("What that would change")
    expect(answer).to_contain_text("Shorter")
    page.wait_for_url("**try_start=2026-03-1*")
    assert "from=" not in page.url
    before = grip.get_attribute("aria-valuetext")
    grip.focus()
    page.keyboard.press("Shift+ArrowLeft")
    expect(grip).not_to_have_attribute("aria-valuetext", before or "")
    page.get_by_label("It raised no complaints").check()
    page.wait_for_url("**try_out=1*")
    expect(page.locator(".ov-handle")).to_have_count(0)
    page.get_by_role("button", name="As it was").click()
    expect(answer).to_contain_text("Nothing is moved yet")
    page.get_by_role("textbox", name="Ended").fill("2026-03-15T00:00")
    page.get_by_role("textbox", name="Ended").blur()
    page.wait_for_url("**try_end=2026-03-15*")
    change.refresh_from_db()
    assert (change.ended_at, Job.objects.count()) == (at(20, 0), 0)
    page.get_by_role("button", name="Save as a scenario").click()
    page.wait_for_url("**/what-if/**")
    assert Job.objects.get().payload["scenario"]["ended_at"] == "2026-03-15T00:00:00+00:00"


def test_a_pin_is_listed_marked_and_taken_back(opened: Callable[..., Page]) -> None:
    page = opened()
    drag(page, 0.35, 0.55, shift=True)
    panel = page.locator("#ov-panel")
    expect(panel.get_by_role("heading", name="Words used more often than elsewhere")).to_be_visible()
    expect(panel).not_to_contain_text("Reading…")
    panel.locator("textarea").fill("Here it rises.")
    panel.get_by_role("button", name="Pin", exact=True).click()
    expect(page.locator(".ov-pinned")).to_have_count(1)
    panel.get_by_role("link", name="All pins").click()
    expect(panel).to_contain_text("Here it rises.")
    page.wait_for_url("**pins=1*")
    panel.get_by_role("button", name="Take back").click()
    expect(panel).to_contain_text("Nothing is pinned yet")
    expect(page.locator(".ov-pinned")).to_have_count(0)
    assert not Evidence.objects.exists()


def test_edges_overlaid_metrics_and_tables(opened: Callable[..., Page]) -> None:
    change = Change.objects.get(title="Shorter")
    page = opened(f"?change={change.pk}")
    page.get_by_role("button", name="Next edge").click()
    page.wait_for_url("**from=2026-03-07*")
    expect(page.locator("#ov-live")).to_contain_text("Start: ")
    expect(page.locator("#ov-when")).to_contain_text("10 Mar 2026, 00:00")
    settled(page)
    page.keyboard.press("n")
    page.wait_for_url("**from=2026-03-17*")
    settled(page)
    page.get_by_role("button", name="Overlay Success with others").click()
    page.get_by_role("button", name="Overlay Speed with others").click()
    page.wait_for_url("**together=success%2Cspeed*")
    over = page.locator(".ov-together")
    expect(over.locator(".ov-reading-line")).to_have_count(2)
    over.get_by_role("button", name="Apart again").click()
    expect(over).to_have_count(0)
    page.get_by_text("Changes, metrics and evaluation runs as tables").click()
    tables = page.locator("#ov-more-tables")
    expect(tables.get_by_role("table", name="Success")).to_contain_text("0.7")
    expect(tables).to_contain_text("Shorter")
    page.locator("#ov-stage").focus()
    page.keyboard.press("z")
    page.wait_for_function("document.fullscreenElement?.id === 'overlay'")


def test_the_tail_is_live_while_the_window_reaches_now(open_page: Opener) -> None:
    now = timezone.now()
    case = make_incident(starts_at=now - dt.timedelta(days=6), ends_at=now + dt.timedelta(days=2))
    make_ticket(case.product, "slow", reported_at=now - dt.timedelta(days=2))
    page = open_page(user=make_user(Role.ENGINEER, product=case.product))
    page.clock.install(time=now)
    page.goto(reverse("case", args=[case.pk]))
    settled(page)
    expect(page.locator("#ov-complaints-sub")).to_contain_text("1 in view")
    expect(page.locator("#ov-back .ov-now")).to_have_count(1)
    tail = page.get_by_role("button", name="Live")
    expect(tail).to_have_attribute("aria-pressed", "true")
    make_ticket(case.product, "slow", reported_at=now - dt.timedelta(days=1))
    page.clock.fast_forward(31_000)
    expect(page.locator("#ov-complaints-sub")).to_contain_text("2 in view")
    tail.click()
    page.wait_for_url("**live=0*")
    make_ticket(case.product, "slow", reported_at=now - dt.timedelta(days=1))
    page.clock.fast_forward(31_000)
    expect(page.locator("#ov-complaints-sub")).to_contain_text("2 in view")
