"""The main pages under axe-core: no serious fault, light and dark."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Page, expect

from incidents.attribution.services import run_attribution
from incidents.changes.models import Change
from incidents.core.access import Role
from incidents.documents.services import draft_postmortem
from incidents.response.models import Incident
from tests.e2e.test_overlay import incident as incident  # noqa: PLC0414 - the fixture
from tests.e2e.test_overlay import settled
from tests.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)
Opener = Callable[..., Page]
GRAVE = {"serious", "critical"}


def faults(page: Page, open_page: Opener) -> list[str]:
    """Return the grave faults of a page as it stands, each with the elements that have it.

    The checker itself sets styles and asks for style sheets anew: what the browser reports of that is no fault of ours.
    """
    problems: list[str] = open_page.problems  # type: ignore[attr-defined]
    before = len(problems)
    found = Axe().run(page, options={"preload": False}).response["violations"]
    del problems[before:]
    return [
        f"{fault['id']} ({fault['help']}): " + "; ".join(str(node["target"][0]) for node in fault["nodes"][:5])
        for fault in found
        if fault["impact"] in GRAVE
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_overlay_has_no_serious_fault(incident: Incident, open_page: Opener, scheme: str) -> None:
    page = open_page(user=make_user(Role.ENGINEER, product=incident.product), colour_scheme=scheme)
    change = Change.objects.get(title="Shorter answers")
    page.goto(f"{reverse('case', args=[incident.pk])}?change={change.pk}&together=success&view=multiples")
    settled(page)
    expect(page.locator("#ov-panel h2")).to_be_visible()
    page.get_by_text("Complaints as a table").click()
    page.get_by_text("Changes, metrics and evaluation runs as tables").click()
    assert faults(page, open_page) == []
    page.get_by_role("button", name="What if…").click()
    expect(page.locator(".ov-handle")).to_have_count(2)
    page.get_by_role("button", name="Segments").click()
    expect(page.locator("#ov-filter-form fieldset")).to_have_count(2)
    assert faults(page, open_page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="View").click()
    expect(page.locator("#ov-view")).to_be_visible()
    assert faults(page, open_page) == []


def test_the_main_pages_have_no_serious_fault(incident: Incident, open_page: Opener) -> None:
    user = make_user(Role.ENGINEER, Role.COMMS, Role.ADMINISTRATOR, product=incident.product)
    run_attribution(incident=incident, actor=user)
    document = draft_postmortem(incident=incident, actor=user)
    change = Change.objects.get(title="Shorter answers")
    case = [incident.pk]
    addresses: list[tuple[str, list[Any]]] = [
        ("cases", []), ("tickets", []), ("attribution", case), ("attribution-change", [incident.pk, change.pk]),
        ("change", [change.pk]), ("document", [document.pk]),
    ]  # fmt: skip
    page = open_page(user=user)
    found = {}
    for name, arguments in addresses:
        page.goto(reverse(name, args=arguments))
        found[name] = faults(page, open_page)
    anonymous = open_page()
    for name in ("public-home", "sign-in"):
        anonymous.goto(reverse(name))
        found[name] = faults(anonymous, open_page)
    assert {name: told for name, told in found.items() if told} == {}
