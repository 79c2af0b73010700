"""The frame in a real browser: themes, keyboard, palette, small screens, figures under the strict policy."""

import re
from collections.abc import Callable
from typing import Literal

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.django_db(transaction=True)
PageOpener = Callable[..., Page]


@pytest.fixture
def staff() -> User:
    return User.objects.create_user("robin", password="four unrelated words stand here", is_staff=True)


def overflows(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth + 1"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_every_component_fits_and_breaks_no_policy(
    open_page: PageOpener,
    staff: User,
    screenshot: Callable[..., object],
    width: int,
    scheme: Literal["light", "dark"],
) -> None:
    page = open_page(user=staff, width=width, colour_scheme=scheme)
    page.goto(f"/styleguide/?side={scheme}")
    expect(page.get_by_role("heading", name="Style guide")).to_be_visible()
    assert not overflows(page)
    assert page.evaluate("document.fonts.check('13px Inter') && document.fonts.size > 0")
    background = page.evaluate("getComputedStyle(document.querySelector('.topbar')).backgroundColor")
    assert background == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(23, 25, 29)")
    screenshot(page, f"styleguide-{scheme}")


def test_the_theme_is_switched_at_once_and_kept(open_page: PageOpener, staff: User) -> None:
    page = open_page(user=staff)
    page.goto("/preferences/")
    page.get_by_role("button", name="Your menu").click()
    with page.expect_response(lambda response: response.url.endswith("/preferences/")) as answer:
        page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert answer.value.status == 204
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.evaluate("getComputedStyle(document.querySelector('.topbar')).backgroundColor") == "rgb(23, 25, 29)"


def test_the_palette_is_worked_by_keyboard_alone(open_page: PageOpener, staff: User) -> None:
    page = open_page(user=staff)
    page.goto("/preferences/")
    page.keyboard.press("Control+k")
    box = page.get_by_role("combobox", name="Search commands and pages")
    expect(box).to_be_focused()
    box.fill("zzzz")
    expect(page.get_by_text("Nothing matches")).to_be_visible()
    box.fill("stg")
    expect(page.get_by_role("option", name="Style guide")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    page.wait_for_url("**/styleguide/")
    page.keyboard.press("Control+k")
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()


def test_keys_open_the_sheet_go_to_the_search_and_follow_sequences(open_page: PageOpener, staff: User) -> None:
    page = open_page(user=staff)
    page.goto("/styleguide/?side=light")
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keyboard")
    expect(sheet).to_contain_text("Go to cases")
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Search tickets")).to_be_focused()
    page.keyboard.type("g c?")
    expect(page.get_by_role("searchbox", name="Search tickets")).to_have_value("g c?")
    page.keyboard.press("Escape")
    page.locator("body").click(position={"x": 700, "y": 5})
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url(re.compile(r"/cases/$"))


def test_the_first_tab_offers_to_skip_the_rail(open_page: PageOpener, staff: User) -> None:
    page = open_page(user=staff)
    page.goto("/preferences/")
    page.keyboard.press("Tab")
    link = page.get_by_role("link", name="Skip to the content")
    expect(link).to_be_focused()
    assert link.bounding_box()["y"] >= 0  # type: ignore[index]
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_signing_in_and_out_on_a_small_screen(open_page: PageOpener, staff: User) -> None:
    page = open_page(width=390)
    page.goto("/sign-in/?next=/preferences/")
    assert not overflows(page)
    page.get_by_label("Name").fill("robin")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("do not belong together")
    page.get_by_label("Password").fill("four unrelated words stand here")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/preferences/")
    page.get_by_role("button", name="Your menu").click()
    expect(page.locator("#user-menu").get_by_role("link", name="Changes")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(lambda address: "/preferences/" not in address)
    page.goto("/password/")
    assert "/sign-in/" in page.url


def test_pages_work_without_javascript(open_page: PageOpener, staff: User) -> None:
    page = open_page(user=staff, javascript=False)
    page.goto("/preferences/")
    page.get_by_label("Dark").check()
    page.get_by_role("button", name="Keep").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.get_by_text("Your preferences are kept")).to_be_visible()
