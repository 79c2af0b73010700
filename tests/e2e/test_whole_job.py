"""The whole job, in a real browser with a real worker, as a newcomer does it: import, see, attribute, decide, draft,
review by another person, publish, read as the public. Once on the demo case, once on a real one where it is at hand.
"""

import re
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from incidents.core.access import Role
from incidents.demo.bundle import write_bundle
from incidents.publishing.models import Publication
from incidents.response.models import Incident
from tests.factories import make_user

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
REAL = Path(__file__).resolve().parents[3] / "shared" / "cases" / "claude-code-2026"
LONG = 90_000  # milliseconds a job may take on a busy machine


def demo_zip(folder: Path) -> Path:
    """Write the demo case and zip it."""
    write_bundle(folder / "demo")
    return zipped(folder / "demo", folder / "demo.zip")


def real_zip(folder: Path) -> Path:
    """Zip a real case, or skip and say so."""
    if not (REAL / "case.json").exists():
        warnings.warn(
            pytest.PytestWarning(f"no real case at {REAL}: the whole job was tried on the demo case alone"),
            stacklevel=1,
        )
        pytest.skip(f"no real case at {REAL}")
    return zipped(REAL, folder / "real.zip")


def zipped(folder: Path, target: Path) -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, file.name)
    return target


def take_in(page: Page, bundle: Path) -> Incident:
    """Import a zip through the form and open the case."""
    page.goto("/")
    page.get_by_role("link", name="Import a case").first.click()
    page.get_by_label("A case bundle as .zip").set_input_files(bundle)
    page.get_by_role("button", name="Import", exact=True).click()
    page.get_by_role("link", name="Open the case").first.click(timeout=LONG)
    return Incident.objects.get()


def attribute_and_decide(page: Page, picture: Callable[[Page, str], object]) -> None:
    """Run the attribution with live progress; make its first change a contributing factor, which only a person can."""
    page.get_by_role("link", name="Attribution").click()
    page.get_by_role("button", name="Run attribution").click()
    expect(page.get_by_role("link", name="Its record")).to_be_visible(timeout=LONG)
    picture(page, "attribution")
    page.locator("main table a[href*='/attribution/']").first.click()
    page.get_by_label("Contributing factor").check()
    page.get_by_label("Why").fill("Seen in the overlay and in the evidence.")
    page.get_by_role("button", name="Note the decision").click()
    expect(page.locator("#decision .pill")).to_have_text("Contributing factor")


def draft(page: Page) -> None:
    """Draft the postmortem and fill in what only people know."""
    page.get_by_role("link", name="Documents", exact=True).last.click()
    page.get_by_role("button", name="Draft postmortem").click()
    body = page.locator("[data-body]")
    body.fill(re.sub(r"\[\[to be written: [^\]]*\]\]", "We are looking into it.", body.input_value()))
    expect(page.locator("[data-save]")).to_be_enabled()  # the desk's module runs
    body.press("Control+s")
    expect(page.locator(".docbar")).to_contain_text("Revision 2")


def review_and_publish(page: Page, colleague: Page) -> Publication:
    """Ask a colleague, who approves this very revision and publishes it."""
    page.reload()
    page.get_by_role("button", name="Request review").click()
    page.get_by_label("colleague").check()
    page.locator("#review-request-dialog .button--primary").click()
    expect(page.locator("main")).to_contain_text("In review: revision 2")
    colleague.goto(page.url)
    colleague.get_by_role("button", name="Decide").click()
    why = colleague.get_by_label("To approve it anyway, say why")
    if why.count():
        why.fill("Read line by line; the rest is ours to answer for.")
    colleague.get_by_role("button", name="Approve").click()
    expect(colleague.locator("main")).to_contain_text("is approved by colleague")
    colleague.get_by_role("link", name="Publish…").click()
    colleague.get_by_role("button", name="Publish").click()
    expect(colleague.locator("main")).to_contain_text("is public since")
    return Publication.objects.get()


@pytest.mark.timeout(400)
@pytest.mark.parametrize("bundle", [demo_zip, real_zip])
def test_from_a_bundle_to_what_the_public_reads(
    open_page: Callable[..., Page],
    start_worker: Callable[..., Any],
    screenshot: Callable[..., object],
    tmp_path: Path,
    bundle: Callable[[Path], Path],
) -> None:
    def picture(shown: Page, what: str) -> object:
        return screenshot(shown, f"whole-job-{bundle.__name__.removesuffix('_zip')}-{what}")

    path = bundle(tmp_path)
    start_worker(concurrency=1)
    page = open_page(user=make_user(is_superuser=True, is_staff=True, username="newcomer"))
    incident = take_in(page, path)

    # See: changes, complaints and metrics on one axis.
    expect(page.locator("h1")).to_have_text(incident.title)
    expect(page.locator("#ov-complaints-plot .main-svg").first).to_be_visible(timeout=LONG)
    expect(page.locator("#ov-complaints-sub")).to_contain_text("in view")
    picture(page, "overlay")

    attribute_and_decide(page, picture)
    draft(page)
    picture(page, "draft")
    reviewer = make_user(Role.COMMS, product=incident.product, username="colleague")
    publication = review_and_publish(page, open_page(user=reviewer))

    # Read it as the public does.
    reader = open_page(javascript=False)
    reader.goto("/p/")
    expect(reader.locator("main")).to_contain_text(incident.product.name)
    reader.goto(reverse("public-postmortems", args=[incident.product.slug]))
    reader.locator("main").get_by_role("link", name=publication.title).click()
    expect(reader.locator("h1")).to_have_text(publication.title)
    assert "ev:" not in reader.content()
    assert "newcomer" not in reader.content()
    picture(reader, "public")
    feed = reader.request.get(reverse("public-feed", args=[incident.product.slug, "atom"]))
    assert publication.title in feed.text()
