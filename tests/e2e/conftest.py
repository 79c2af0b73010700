"""A real browser on a real server. What each fixture gives is told in tests/README.md."""

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, expect, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from tests.browser import browser_program

# Playwright's loop lives in this thread, which Django takes for asynchronous code; nothing here runs in that loop.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

SCREENSHOTS = Path(__file__).resolve().parents[2] / "test-results"
WIDTHS = (1440, 390)
_HEIGHTS = {1440: 900, 390: 844}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what lies in this folder."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Run Playwright's driver for the session."""
    # Playwright waits five seconds by itself, which a loaded machine of two cores does not always keep.
    expect.set_options(timeout=20_000)
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Run one browser for the session; skip loudly where none can be had."""
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    try:
        browser = playwright.chromium.launch(executable_path=browser_program(), args=arguments)
    except PlaywrightError as error:
        if os.environ.get("WORKBENCH_REQUIRE_BROWSER"):
            raise
        pytest.skip(f"NO BROWSER: install chromium or run `playwright install chromium` ({error.message[:200]})")
    yield browser
    browser.close()


PageOpener = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, live_server: Any) -> Iterator[PageOpener]:
    """Give a function that opens a page at a width and in a colour scheme, signed in as `user` where one is given.

    Any script error, failed request for a part of the page or breach of the Content-Security-Policy fails the test.
    """
    problems: list[str] = []
    contexts = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            problems.append(f"{message.text} ({message.location.get('url', '')})")

    def open_(
        *,
        user: Any = None,
        width: int = 1440,
        height: int | None = None,
        colour_scheme: Literal["light", "dark"] = "light",
        zone: str = "UTC",
        javascript: bool = True,
    ) -> Page:
        context = browser.new_context(
            base_url=live_server.url,
            viewport={"width": width, "height": height or _HEIGHTS.get(width, 900)},
            color_scheme=colour_scheme,
            timezone_id=zone,
            locale="en-GB",
            reduced_motion="reduce",
            java_script_enabled=javascript,
        )
        context.set_default_timeout(15_000)
        contexts.append(context)
        if user is not None:
            client = Client()
            client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
            cookie = client.cookies[settings.SESSION_COOKIE_NAME]
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie.value, "url": live_server.url}])
        page = context.new_page()
        page.on("console", note)
        page.on("pageerror", lambda error: problems.append(str(error)))
        return page

    open_.problems = problems  # type: ignore[attr-defined]
    yield open_
    for context in contexts:
        context.close()
    # What a page asked for and gave up is still being answered: it must not meet the emptying of the tables.
    for thread in threading.enumerate():
        if "process_request_thread" in thread.name:
            thread.join(timeout=3)
    assert not problems, "the browser reported:\n" + "\n".join(problems)


@pytest.fixture
def page(open_page: PageOpener) -> Page:
    """Give an anonymous page, 1440 px wide, light."""
    return open_page()


@pytest.fixture
def screenshot(request: pytest.FixtureRequest) -> Callable[..., Path]:
    """Give a function that saves a picture of a page below test-results/ and returns its path."""

    def save(page: Page, name: str, *, full_page: bool = True) -> Path:
        SCREENSHOTS.mkdir(exist_ok=True)
        width = (page.viewport_size or {"width": 0})["width"]
        path = SCREENSHOTS / f"{name}-{width}.png"
        page.screenshot(path=path, full_page=full_page, animations="disabled")
        return path

    return save
