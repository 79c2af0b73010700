"""Uploads become jobs, and jobs become reports."""

import io
import os
import time
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command

import incidents.tasks  # noqa: F401 - registers the handlers
from incidents.catalog.models import Product
from incidents.core.access import Role
from incidents.core.errors import Conflict, InputError, NotPermitted
from incidents.ingest.bundle.report import report_of
from incidents.ingest.bundle.services import import_bundle
from incidents.ingest.bundle.uploads import request_import, upload_path
from incidents.jobs import runner, services
from incidents.jobs.enums import JobState
from incidents.jobs.models import Job
from incidents.tickets.models import Ticket
from tests.factories import make_product, make_user
from tests.ingest.bundles import make_zip, ticket

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_uploads(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def kept() -> list[str]:
    """Return the names of the uploads that are kept."""
    return sorted(path.name for path in (Path(settings.MEDIA_ROOT) / "bundles").iterdir())


def upload(place: Path, **files: object) -> SimpleUploadedFile:
    """Return a bundle as an uploaded file."""
    return SimpleUploadedFile("spring.zip", make_zip(place, **files).read_bytes(), "application/zip")


def test_an_upload_is_imported_once_and_then_removed(tmp_path: Path) -> None:
    head = make_user(Role.ADMINISTRATOR)
    job = request_import(actor=head, upload=upload(tmp_path), product=None)
    assert (job.payload["product"], job.payload["title"]) == ("answers-got-shallower", "Answers got shallower")
    assert kept() == [job.payload["upload"]]
    assert runner.run(job.pk, background=False)
    job.refresh_from_db()
    assert (job.state, kept()) == (JobState.SUCCEEDED, [])
    report = report_of(job.result or {})
    assert (report.created > 0, report.n_problems, Ticket.objects.count()) == (True, 0, 3)
    assert Product.objects.get().name == "Answers got shallower"


def asked() -> list[str]:
    """Return the kinds of the jobs of triage that wait, in order."""
    return sorted(Job.objects.filter(state=JobState.QUEUED, kind__startswith="tickets.").values_list("kind", flat=True))


def test_each_way_in_asks_for_the_same_reading(tmp_path: Path) -> None:
    wanted = ["tickets.classify", "tickets.duplicates", "tickets.read"]
    head = make_user(Role.ADMINISTRATOR)
    job = request_import(actor=head, upload=upload(tmp_path), product=None)
    runner.run(job.pk, background=False)
    assert asked() == wanted
    # A second arrival is served by the jobs that wait; the same rows again ask for nothing.
    call_command("import_case", str(make_zip(tmp_path)), product="answers-got-shallower", stdout=io.StringIO())
    assert asked() == wanted
    Job.objects.all().delete()
    call_command("import_case", str(make_zip(tmp_path)), product="answers-got-shallower", stdout=io.StringIO())
    assert asked() == []
    # A second attempt cannot know whether the first one came to ask.
    import_bundle(path=make_zip(tmp_path), product_slug="answers-got-shallower", is_repeated=True)
    assert asked() == wanted
    Job.objects.all().delete()
    call_command("import_case", str(make_zip(tmp_path)), product="other", stdout=io.StringIO())
    assert asked() == wanted
    for number in Job.objects.filter(kind="tickets.classify").values_list("pk", flat=True):
        runner.run(number, background=False)
    assert asked() == ["tickets.duplicates", "tickets.read", "tickets.topics"]


def test_a_cancelled_import_keeps_its_upload_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    head = make_user(Role.ADMINISTRATOR)
    rows = [ticket(id=f"t{number}") for number in range(1500)]
    job = request_import(actor=head, upload=upload(tmp_path, tickets=rows), product=None)
    claimed = services.renew

    def asked(**fields: Any) -> bool:
        claimed(**fields)
        return True

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(services, "renew", asked)
        assert not runner.run(job.pk, background=False)
    job.refresh_from_db()
    assert (job.state, Ticket.objects.count(), len(kept())) == (JobState.CANCELLED, 0, 1)
    assert services.run_again(job_id=job.pk)
    assert runner.run(job.pk, background=False)
    assert (Ticket.objects.count(), kept()) == (1500, [])


def test_the_job_asks_again_whether_its_person_may(tmp_path: Path) -> None:
    product = make_product()
    engineer = make_user(Role.ENGINEER, product=product)
    job = request_import(actor=engineer, upload=upload(tmp_path), product=product)
    engineer.memberships.all().delete()
    runner.run(job.pk, background=False)
    job.refresh_from_db()
    assert (job.state, Ticket.objects.count()) == (JobState.FAILED, 0)


def test_what_cannot_be_used_is_told_at_once_and_not_kept(tmp_path: Path) -> None:
    head = make_user(Role.ADMINISTRATOR)
    with pytest.raises(InputError, match=r"spring\.zip: is neither a folder nor a zip"):
        request_import(actor=head, upload=SimpleUploadedFile("spring.zip", b"no zip"), product=None)
    with pytest.raises(InputError, match="timezone"):
        request_import(actor=head, upload=upload(tmp_path, case={"format": "incident-case/1"}), product=None)
    assert (kept(), Job.objects.count()) == ([], 0)


def test_a_new_product_is_for_administrators_of_all_and_needs_a_free_name(tmp_path: Path) -> None:
    product = make_product(slug="answers-got-shallower")
    engineer, head = make_user(Role.ENGINEER, product=product), make_user(Role.ADMINISTRATOR)
    with pytest.raises(NotPermitted):
        request_import(actor=engineer, upload=upload(tmp_path), product=None)
    with pytest.raises(Conflict, match="already"):
        request_import(actor=head, upload=upload(tmp_path), product=None)
    job = request_import(actor=head, upload=upload(tmp_path), product=None, product_name="Spring!")
    assert (job.payload["product"], job.payload["product_name"]) == ("spring", "Spring!")


def test_an_upload_that_is_too_large_is_refused(tmp_path: Path, settings: Any) -> None:
    settings.BUNDLE_MAX_BYTES = 100
    with pytest.raises(InputError, match="larger than"):
        request_import(actor=make_user(Role.ADMINISTRATOR), upload=upload(tmp_path), product=None)


def test_forgotten_uploads_are_removed_after_a_week(tmp_path: Path) -> None:
    head = make_user(Role.ADMINISTRATOR)
    old = request_import(actor=head, upload=upload(tmp_path), product=None).payload["upload"]
    week = time.time() - 8 * 24 * 3600
    os.utime(upload_path(old), (week, week))
    new = request_import(actor=head, upload=upload(tmp_path), product=None).payload["upload"]
    assert kept() == [new]
    with pytest.raises(InputError, match="no longer kept"):
        upload_path(old)
    with pytest.raises(InputError, match="no longer kept"):
        upload_path("../../etc/passwd")
