"""A headless browser that opens pages in turns, each in a fresh context, and tells when they stood."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# The overlay says itself when it stands; two frames later the picture is on the screen. `whole` is when the rows out of
# sight, which stood on canvases, are Plotly's too.
OVERLAY = """
    const frames = (act) => requestAnimationFrame(() => requestAnimationFrame(act));
    document.addEventListener('overlay:first-paint', () => requestAnimationFrame(() => setTimeout(
        () => { window.first ??= performance.now(); })));
    document.addEventListener('overlay:drawn', () => frames(() => { window.done = performance.now(); }));
    document.addEventListener('overlay:plotted', () => frames(() => { window.whole ??= performance.now(); }));
"""
# Dash says nothing: the picture stands two frames after its 60th line is in the document.
DASH = """
    const frames = (act) => requestAnimationFrame(() => requestAnimationFrame(act));
    const look = () => {
        const isThere = document.querySelectorAll('.scatterlayer .js-line').length >= 60;
        if (isThere) frames(() => { window.done = performance.now(); });
        else requestAnimationFrame(look);
    };
    document.addEventListener('DOMContentLoaded', look);
"""
DASH_ZOOM = """(range) => new Promise((resolve) => {
    const graph = document.querySelector('.js-plotly-plot');
    const before = graph.data.slice(0, 60).map((trace) => String(trace.x[1]));
    const began = performance.now();
    const look = () => {
        const fresh = graph.data.slice(0, 60).every((trace, i) => String(trace.x[1]) !== before[i]);
        if (fresh) requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - began)));
        else requestAnimationFrame(look);
    };
    Plotly.relayout(graph, {'xaxis.range': range});
    look();
})"""
OVERLAY_ZOOM = """() => new Promise((resolve) => {
    const began = performance.now();
    document.addEventListener('overlay:drawn', () => requestAnimationFrame(() => requestAnimationFrame(
        () => resolve(performance.now() - began))), {once: true});
    document.querySelector('[data-window="168"]').click();
})"""


@contextmanager
def chromium() -> Iterator["Browser"]:
    """Start the browser."""
    from playwright.sync_api import sync_playwright  # a development dependency

    from tests.browser import browser_program

    arguments = ["--disable-gpu", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=browser_program(), args=arguments)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(
    browser: "Browser", address: str, *, script: str = "", cookie: dict[str, str] | None = None
) -> Iterator["Page"]:
    """Open one address in a fresh context and wait until it stands; `window.done` then says when."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    try:
        if cookie:
            context.add_cookies([cookie])  # type: ignore[list-item]
        page = context.new_page()
        if script:
            page.add_init_script(script)
        page.goto(address, wait_until="commit")
        page.wait_for_function("() => window.done > 0", timeout=180_000)
        yield page
    finally:
        context.close()
