"""Taking in a bundle in a real browser, with a real worker: upload, progress, result, and the case out again."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from incidents.core.access import Role
from incidents.ingest.bundle.services import import_bundle
from incidents.response.models import Incident
from incidents.tickets.models import Ticket
from tests.factories import make_user
from tests.ingest.bundles import case, make_folder, make_zip, ticket

pytestmark = pytest.mark.django_db(transaction=True)
PageOpener = Callable[..., Page]


def overflows(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth + 1"))


@pytest.mark.slow
def test_a_bundle_goes_in_and_comes_out(
    open_page: PageOpener, start_worker: Callable[..., Any], screenshot: Callable[..., object], tmp_path: Path
) -> None:
    start_worker()
    rows = [ticket(id=f"t{number}") for number in range(3000)] + [ticket(id="bad", segment={"planet": "mars"})]
    page = open_page(user=make_user(Role.ADMINISTRATOR))
    page.goto("/sources/import/")
    page.get_by_label("A case bundle as .zip").set_input_files(make_zip(tmp_path, tickets=rows))
    expect(page.get_by_text("bundle.zip, ")).to_be_visible()
    page.get_by_label("Name of the new product").fill("Spring")
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("1 problem found", exact=False)).to_be_visible(timeout=30_000)
    expect(page.get_by_text("“planet” is no dimension of this case")).to_be_visible()
    assert Ticket.objects.count() == 3000
    screenshot(page, "import-result")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as CSV").click()
    assert b"tickets.jsonl,3001,segment" in Path(download.value.path()).read_bytes()
    page.goto("/sources/")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export").click()
    archive = zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert len(archive.read(f"{Incident.objects.get().slug}/tickets.jsonl").splitlines()) == 3000


@pytest.mark.parametrize("width", [1440, 390])
def test_what_cannot_be_used_comes_back_in_place(
    open_page: PageOpener, screenshot: Callable[..., object], tmp_path: Path, width: int
) -> None:
    page = open_page(user=make_user(Role.ADMINISTRATOR), width=width)
    page.goto("/sources/import/")
    page.get_by_label("Name of the new product").fill("Kept")
    page.get_by_label("A case bundle as .zip").set_input_files(make_zip(tmp_path, case=case(timezone=None)))
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("Write one such as Europe/Berlin")).to_be_visible()
    expect(page.get_by_label("Name of the new product")).to_have_value("Kept")
    assert not overflows(page)
    screenshot(page, "import-refused")
    # The form lives on: what it says is answered again.
    page.get_by_label("A case bundle as .zip").set_input_files(make_zip(tmp_path, case=b"{"))
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("Is no JSON", exact=False)).to_be_visible()
    # The browser tells of the two refusals in its console.
    open_page.problems[:] = [one for one in open_page.problems if "422" not in one]  # type: ignore[attr-defined]


def test_without_scripts_the_form_works_as_well(open_page: PageOpener, tmp_path: Path) -> None:
    page = open_page(user=make_user(Role.ADMINISTRATOR), javascript=False)
    page.goto("/sources/import/")
    page.get_by_label("A case bundle as .zip").set_input_files(make_zip(tmp_path))
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("Importing bundle.zip").first).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_list_fits_a_small_screen(
    open_page: PageOpener, screenshot: Callable[..., object], tmp_path: Path, scheme: str
) -> None:
    tickets = [ticket(id=f"t{day}", created_at=f"2026-03-{day:02}") for day in (*range(1, 11), *range(20, 31))]
    import_bundle(path=make_folder(tmp_path, tickets=tickets), product_slug="assistant")
    page = open_page(user=make_user(Role.ADMINISTRATOR), width=390, colour_scheme=scheme)
    page.goto("/sources/")
    expect(page.get_by_text("Silent stretches")).to_be_visible()
    assert not overflows(page)
    screenshot(page, f"sources-{scheme}")
