"""Attribution in a real browser: run it with a real worker, read the answer, decide, ask what if, small screens."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

import incidents.tasks  # noqa: F401 - registers the handlers, as a worker does
from incidents.attribution import services
from incidents.attribution.sensitivity import request_sensitivity
from incidents.core.access import Role
from incidents.jobs import runner
from incidents.jobs.models import Job
from incidents.response.models import CandidateChange
from tests.attribution.cases import make_case
from tests.factories import make_change, make_user

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
PageOpener = Callable[..., Page]


def overflows(page: Page) -> bool:
    """Say whether the page is wider than its window."""
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth + 1"))


def test_a_run_from_the_first_click_to_a_decision(
    open_page: PageOpener, start_worker: Callable[..., Any], screenshot: Callable[..., object]
) -> None:
    case = make_case(per_day=12)
    page = open_page(user=make_user(Role.ENGINEER, product=case.product))
    start_worker()
    page.goto(f"/cases/{case.incident.pk}/attribution/")
    page.get_by_role("button", name="Run attribution").click()
    row = page.get_by_role("row", name="Shorter answers by default").first
    expect(row).to_contain_text("Attributed", timeout=45_000)
    assert case.incident.runs.count() == 1
    screenshot(page, "attribution")
    assert not overflows(page)

    row.get_by_role("link", name="Shorter answers by default").click()
    expect(page.get_by_text("The run attributes")).to_be_visible()
    expect(page.get_by_role("heading", name="Complaints most likely caused by it")).to_be_visible()
    screenshot(page, "attribution-change")
    page.get_by_label("Contributing factor").check()
    page.get_by_label("Why").fill("Complaints fell with the revert.")
    page.get_by_role("button", name="Note the decision").click()
    expect(page.locator("#decision .pill")).to_have_text("Contributing factor")
    assert CandidateChange.objects.get().note == "Complaints fell with the revert."


def test_a_what_if_asks_for_what_it_needs_and_shows_the_difference(
    open_page: PageOpener, start_worker: Callable[..., Any], screenshot: Callable[..., object]
) -> None:
    case = make_case(per_day=12)
    services.run_attribution(incident=case.incident, actor=None)
    page = open_page(user=make_user(Role.ENGINEER, product=case.product))
    start_worker()
    page.goto(f"/cases/{case.incident.pk}/attribution/what-if/?change={case.harmful.pk}")
    expect(page.get_by_label("Started at")).to_be_hidden()
    page.get_by_label("it started or ended at another time").check()
    expect(page.get_by_label("Started at")).to_be_visible()
    page.get_by_label("it were not in the log").check()
    page.get_by_role("button", name="Fit it").click()
    expect(page.get_by_role("row", name="Shorter answers by default")).to_contain_text(
        "Not in this run", timeout=45_000
    )
    screenshot(page, "attribution-what-if")
    assert case.incident.runs.count() == 1


def test_a_plan_is_asked_for_and_a_what_if_is_kept(open_page: PageOpener, screenshot: Callable[..., object]) -> None:
    case = make_case(per_day=60)
    engineer = make_user(Role.ENGINEER, product=case.product)
    soon = timezone.now() + dt.timedelta(days=2)
    for title in ("Shorter plans", "Another router"):
        make_change(case.product, title=title, started_at=soon)
    page = open_page(user=engineer)
    page.goto("/changes/")
    expect(page.get_by_role("heading", name="Planned and new: could complaints tell them apart?")).to_be_visible()
    page.get_by_role("link", name="Try another plan").click()
    page.get_by_label("If each raised complaints by").select_option("100")
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_text("Complaints could not tell")).to_be_visible()
    expect(page.get_by_text("Start “Another router”")).to_be_visible()
    screenshot(page, "changes-apart")
    assert not overflows(page)

    services.run_attribution(incident=case.incident, actor=None)
    page.goto(f"/cases/{case.incident.pk}/attribution/what-if/?change={case.harmful.pk}")
    page.get_by_role("button", name="Fit it").click()
    page.wait_for_url("**/what-if/*/")
    runner.run(Job.objects.latest("id").pk, background=False)
    page.reload()
    page.get_by_label("Keep it as").fill("Without the short answers")
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.get_by_text("The evidence is still the same.")).to_be_visible()
    expect(page.get_by_text("is no longer among the changes")).to_be_visible()
    screenshot(page, "attribution-scenario")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_fits_a_small_screen(open_page: PageOpener, screenshot: Callable[..., object], scheme: str) -> None:
    case = make_case(per_day=12)
    run = services.run_attribution(incident=case.incident, actor=None)
    engineer = make_user(Role.ENGINEER, product=case.product)
    job = request_sensitivity(incident=case.incident, actor=engineer)
    runner.run(job.pk, background=False)
    page = open_page(user=engineer, width=390, colour_scheme=scheme)
    base = f"/cases/{case.incident.pk}"
    for name, address in {
        "attribution": f"{base}/attribution/",
        "attribution-change": f"{base}/attribution/{case.harmful.pk}/",
        "attribution-runs": f"{base}/runs/",
        "attribution-run": f"{base}/runs/{run.pk}/",
        "attribution-what-if-form": f"{base}/attribution/what-if/",
        "attribution-assumptions": f"{base}/attribution/assumptions/",
        "accuracy": "/accuracy/",
    }.items():
        page.goto(address)
        assert not overflows(page), address
        screenshot(page, f"{name}-{scheme}")
