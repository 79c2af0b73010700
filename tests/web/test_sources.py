"""Pages of sources: what came in, taking in a bundle, its result, taking a case out."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

import incidents.tasks  # noqa: F401 - registers the handlers
from incidents.catalog.models import Product
from incidents.core.access import Role
from incidents.core.models import AuditEntry
from incidents.ingest.bundle.services import import_bundle
from incidents.jobs import runner
from incidents.jobs.models import Job
from incidents.response.models import Incident
from incidents.tickets.models import Ticket
from tests.factories import make_incident, make_product, make_source, make_ticket, make_user
from tests.ingest.bundles import make_folder, make_zip, ticket

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_uploads(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def upload(place: Path, **files: object) -> SimpleUploadedFile:
    """Return a bundle as an uploaded file."""
    return SimpleUploadedFile("spring.zip", make_zip(place, **files).read_bytes(), "application/zip")


def sent(client: Client, **fields: Any) -> Any:
    """Send the form."""
    return client.post(reverse("import"), fields)


def imported(client: Client, place: Path, **files: object) -> Job:
    """Upload a bundle into a new product as an administrator, do its job, and return the job."""
    client.force_login(make_user(Role.ADMINISTRATOR))
    response = sent(client, bundle=upload(place, **files), product="-new-", product_name="Spring")
    job = Job.objects.get()
    assert response.headers["Location"] == reverse("import-result", args=[job.pk])
    runner.run(job.pk, background=False)
    return Job.objects.get(pk=job.pk)


def page(client: Client, address: str, status: int = 200) -> str:
    """Return a page's text."""
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


def test_a_newcomer_is_told_what_to_do(client: Client) -> None:
    client.force_login(make_user(Role.ADMINISTRATOR))
    assert "No product is yours to see yet" in page(client, reverse("sources"))
    product = make_product()
    assert "Nothing has come in yet" in page(client, reverse("sources"))
    assert f'href="{reverse("import")}"' in page(client, reverse("sources"))
    client.force_login(make_user(Role.SUPPORT, product=product))
    assert "An engineer or an administrator of this product imports its cases" in page(client, reverse("sources"))


def test_sources_show_what_they_sent_and_where_they_fell_silent(client: Client, tmp_path: Path) -> None:
    tickets = [ticket(id=f"t{day}", created_at=f"2026-03-{day:02}") for day in (*range(1, 11), *range(20, 31))]
    import_bundle(path=make_folder(tmp_path, tickets=tickets), product_slug="assistant")
    client.force_login(make_user(Role.SUPPORT, product=Product.objects.get()))
    shown = page(client, reverse("sources"))
    assert "1 silent stretch, the longest 9 days" in shown
    assert "11 Mar 2026 to 19 Mar 2026 (9 days)" in shown
    assert reverse("case-export", args=[Incident.objects.get().pk]) in shown


def test_the_list_costs_the_same_for_three_as_for_one(client: Client, django_assert_max_num_queries: Any) -> None:
    product = make_product()
    client.force_login(make_user(Role.SUPPORT, product=product))
    counts = []
    for number in (1, 3):
        for one in range(number):
            source = make_source(product, f"source-{number}-{one}")
            make_incident(product, source=source)
            make_ticket(product, source=source)
        with django_assert_max_num_queries(16) as seen:
            page(client, reverse("sources"))
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_a_restricted_case_hides_its_source_and_its_export(client: Client) -> None:
    product = make_product()
    source = make_source(product, "secret-source")
    incident = make_incident(product, source=source, restricted=True)
    client.force_login(make_user(Role.ENGINEER, product=product))
    assert "secret-source" not in page(client, reverse("sources"))
    page(client, reverse("case-export", args=[incident.pk]), 404)


def test_an_upload_becomes_a_job_and_the_job_a_case(client: Client, tmp_path: Path) -> None:
    job = imported(client, tmp_path)
    shown = page(client, reverse("import-result", args=[job.pk]))
    incident = Incident.objects.get()
    assert "All rows are in" in shown
    assert reverse("case", args=[incident.pk]) in shown
    assert Product.objects.get().slug == "spring"
    assert "Answers got shallower" in page(client, reverse("sources"))


def test_while_it_waits_the_page_asks_how_far_it_is(client: Client, tmp_path: Path) -> None:
    client.force_login(make_user(Role.ADMINISTRATOR))
    address = sent(client, bundle=upload(tmp_path), product="-new-").headers["Location"]
    shown = page(client, address)
    assert f'hx-get="{reverse("job", args=[Job.objects.get().pk])}?' in shown
    assert reverse("job-cancel", args=[Job.objects.get().pk]) in shown
    page(client, reverse("import-problems", args=[Job.objects.get().pk]), 404)


def test_bad_rows_are_listed_with_place_and_remedy_and_can_be_downloaded(client: Client, tmp_path: Path) -> None:
    rows = [ticket(id=f"t{number}", segment={"=cmd()": "x"}) for number in range(150)]
    job = imported(client, tmp_path, tickets=[*rows, ticket()])
    shown = page(client, reverse("import-result", args=[job.pk]))
    assert "150 problems found" in shown
    assert "150 rows: lines 1, 2, 3, 4, 5, …" in shown
    assert shown.count("“=cmd()” is no dimension of this case") == 1
    response = client.get(reverse("import-problems", args=[job.pk]))
    lines = response.content.decode().splitlines()
    assert response.headers["Content-Type"].startswith("text/csv")
    assert len(lines) == 151
    assert lines[1].startswith("problem,tickets.jsonl,1,segment,")
    assert Ticket.objects.count() == 1


def test_a_cell_of_the_download_is_no_formula(client: Client, tmp_path: Path) -> None:
    bad = make_zip(tmp_path)
    with zipfile.ZipFile(bad, "a") as archive:
        archive.writestr("=HYPERLINK(1)", b"")
    client.force_login(make_user(Role.ADMINISTRATOR))
    sent(client, bundle=SimpleUploadedFile("spring.zip", bad.read_bytes()), product="-new-")
    job = Job.objects.get()
    runner.run(job.pk, background=False)
    raw = client.get(reverse("import-problems", args=[job.pk])).content.decode()
    assert "note,'=HYPERLINK(1)," in raw


def test_all_or_nothing_is_passed_on(client: Client, tmp_path: Path) -> None:
    client.force_login(make_user(Role.ADMINISTRATOR))
    bundle = upload(tmp_path, tickets=[ticket(), ticket(id=None)])
    address = sent(client, bundle=bundle, product="-new-", all_or_nothing="on").headers["Location"]
    runner.run(Job.objects.get().pk, background=False)
    assert "Left out whole" in page(client, address)
    assert not Ticket.objects.exists()


def test_what_cannot_be_used_comes_back_with_the_form(client: Client, tmp_path: Path) -> None:
    client.force_login(make_user(Role.ADMINISTRATOR))
    response = sent(client, bundle=SimpleUploadedFile("notes.zip", b"no zip"), product="-new-", product_name="Kept")
    shown = response.content.decode()
    assert response.status_code == 422
    assert "neither a folder nor a zip" in shown
    assert "Pack the bundle as a .zip" in shown
    assert 'value="Kept"' in shown
    response = sent(client, bundle=upload(tmp_path, case={"format": "incident-case/1"}), product="-new-")
    assert "Is missing" in response.content.decode()
    assert sent(client, product="-new-").status_code == 422
    make_product(slug="answers-got-shallower")
    response = sent(client, bundle=upload(tmp_path), product="-new-")
    assert "There is a product called" in response.content.decode()
    assert not Job.objects.exists()


def test_an_upload_over_the_limit_is_refused_before_it_is_read(client: Client, tmp_path: Path, settings: Any) -> None:
    settings.BUNDLE_MAX_BYTES = 1000
    client.force_login(make_user(Role.ADMINISTRATOR))
    response = sent(client, bundle=SimpleUploadedFile("big.zip", b"x" * 200_000), product="-new-")
    assert response.status_code == 413
    assert "The file is larger than" in response.content.decode()
    assert not Job.objects.exists()


def test_the_form_needs_its_token(tmp_path: Path) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(make_user(Role.ADMINISTRATOR))
    assert sent(strict, bundle=upload(tmp_path), product="-new-").status_code == 403
    assert not Job.objects.exists()


def test_who_may_import_is_offered_what(client: Client, tmp_path: Path) -> None:
    product, other = make_product(), make_product()
    client.force_login(make_user(Role.SUPPORT, product=product))
    assert "You may not import" in page(client, reverse("import"))
    engineer = make_user(Role.ENGINEER, product=product)
    client.force_login(engineer)
    shown = page(client, reverse("import"))
    assert product.slug in shown
    assert other.slug not in shown
    assert "A new product" not in shown
    for wanted in (other.slug, "-new-"):
        assert sent(client, bundle=upload(tmp_path), product=wanted).status_code == 422
    assert sent(client, bundle=upload(tmp_path), product=product.slug).status_code == 302
    client.logout()
    assert client.get(reverse("import")).status_code == 302


def test_imports_of_others_are_theirs(client: Client, tmp_path: Path) -> None:
    job = imported(client, tmp_path, tickets=[ticket(id=None)])
    address = reverse("import-result", args=[job.pk])
    client.force_login(make_user(Role.ENGINEER, product=make_product()))
    page(client, address, 404)
    page(client, reverse("import-problems", args=[job.pk]), 404)
    colleague = make_user(Role.ENGINEER, product=Product.objects.get(slug="spring"))
    client.force_login(colleague)
    assert "1 problem found" in page(client, address)
    Incident.objects.update(restricted=True)
    page(client, address, 404)
    page(client, reverse("import-result", args=[10_000]), 404)


def test_a_case_goes_out_as_it_came_in(client: Client, tmp_path: Path) -> None:
    imported(client, tmp_path)
    incident = Incident.objects.get()
    response = client.get(reverse("case-export", args=[incident.pk]))
    raw = b"".join(response.streaming_content)  # type: ignore[arg-type]
    assert response.headers["Content-Disposition"] == f'attachment; filename="{incident.slug}.zip"'
    assert "no-store" in response.headers["Cache-Control"]
    archive = zipfile.ZipFile(io.BytesIO(raw))
    assert f"{incident.slug}/tickets.jsonl" in archive.namelist()
    assert AuditEntry.objects.filter(action="case exported").count() == 1
    client.logout()
    assert client.get(reverse("case-export", args=[incident.pk])).status_code == 302


def test_words_of_a_bundle_are_shown_as_text(client: Client, tmp_path: Path) -> None:
    from tests.ingest.bundles import case

    evil = "<img src=x onerror=alert(1)>"
    job = imported(client, tmp_path, case=case(title=evil), tickets=[ticket(symptoms=[evil])])
    for address in (reverse("sources"), reverse("import-result", args=[job.pk])):
        shown = page(client, address)
        assert "<img src=x" not in shown
        assert "&lt;img src=x onerror=alert(1)&gt;" in shown
