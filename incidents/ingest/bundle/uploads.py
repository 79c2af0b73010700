"""Bundles that people upload: kept as files until their job is done, then removed."""

import datetime as dt
import os
import time
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from django.conf import settings
from django.db import transaction
from django.utils.text import slugify

from incidents.catalog.models import Product
from incidents.catalog.queries import administers_all, require
from incidents.core.access import Action
from incidents.core.errors import Conflict, InputError, NotPermitted, Problem
from incidents.ingest.bundle import reading
from incidents.ingest.bundle.client import MIB, Limits, open_bundle
from incidents.jobs.models import Job
from incidents.jobs.services import enqueue

if TYPE_CHECKING:
    from django.contrib.auth.models import User

IMPORT_JOB = "case.import"
# An upload whose job failed or was cancelled may be tried again for so long.
KEPT = dt.timedelta(days=7)


class Upload(Protocol):
    """A file that came in with a request."""

    name: str | None
    size: int | None

    def chunks(self) -> Iterable[bytes]:
        """Yield its bytes."""
        ...


def upload_limits() -> Limits:
    """Return how much an uploaded bundle may hold once unpacked: eight times the size that an upload may have."""
    most = settings.BUNDLE_MAX_BYTES * 8
    return Limits(file=most, total=most)


@transaction.atomic
def request_import(
    *,
    actor: "User",
    upload: Upload,
    product: Product | None,
    product_name: str = "",
    all_or_nothing: bool = False,
) -> Job:
    """Keep an uploaded .zip and ask for its import, into a new product where none is given; return the job.

    A new product without a name is called after the case. Raises InputError where the bundle cannot be used at all,
    Conflict where the new product's name is taken, NotPermitted, NotThere. Rows are judged by the job.
    """
    if product is not None:
        require(actor, Action.IMPORT, product)
    elif not administers_all(actor):
        raise NotPermitted("Only an administrator of all products may make a new one.")
    most = settings.BUNDLE_MAX_BYTES
    if upload.size is not None and upload.size > most:
        raise InputError([_refused(upload, f"is larger than {most / MIB:,.0f} MB", "import it on the command line")])
    path = _keep(upload)
    try:
        title = _look_into(path, upload)
        slug = product.slug if product is not None else _new_slug(product_name or title)
    except (InputError, Conflict):
        path.unlink()
        raise
    payload: dict[str, Any] = {
        "upload": path.name,
        "file": (upload.name or "bundle.zip")[:200],
        "title": title,
        "product": slug,
        "product_name": product_name or title,
        "all_or_nothing": all_or_nothing,
    }
    return enqueue(kind=IMPORT_JOB, payload=payload, created_by=actor)


def _new_slug(name: str) -> str:
    slug = slugify(name)[:80] or "product"
    if Product.objects.filter(slug=slug).exists():
        raise Conflict(f"There is a product called “{name}” already: choose it from the list, or give another name.")
    return slug


def _refused(upload: Upload, message: str, remedy: str) -> Problem:
    return Problem(file=(upload.name or "upload")[:200], line=None, field="", message=message, remedy=remedy)


def _folder() -> Path:
    folder = Path(settings.MEDIA_ROOT) / "bundles"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _keep(upload: Upload) -> Path:
    """Write the upload under a name of ours, wholly or not at all."""
    forget_old_uploads()
    path = _folder() / f"{uuid.uuid4()}.zip"
    part = path.with_suffix(".part")
    try:
        with part.open("wb") as stream:
            for chunk in upload.chunks():
                stream.write(chunk)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    except OSError as error:
        remedy = "try again later, or tell whoever runs the workbench that its disk may be full"
        raise InputError([_refused(upload, f"could not be stored ({error.strerror})", remedy)]) from error
    finally:
        part.unlink(missing_ok=True)
    return path


def _look_into(path: Path, upload: Upload) -> str:
    """Return the title of the case; raise InputError, in the upload's own name, where no job could do anything."""
    try:
        with open_bundle(path, upload_limits()) as bundle:
            return reading.read_case(bundle).incident.title
    except InputError as error:
        name = (upload.name or "upload")[:200]
        raise InputError(
            [
                Problem(
                    file=name if problem.file == path.name else problem.file,
                    line=problem.line,
                    field=problem.field,
                    message=problem.message,
                    remedy=problem.remedy,
                )
                for problem in error.problems
            ]
        ) from None


def upload_path(name: str) -> Path:
    """Return where the upload of a job is kept; raise InputError where it is gone."""
    path = _folder() / Path(name).name
    if not path.is_file():
        problem = Problem(
            file=path.name,
            line=None,
            field="",
            message="the uploaded file is no longer kept",
            remedy="upload the bundle again",
        )
        raise InputError([problem])
    return path


def forget_upload(name: str) -> None:
    """Remove the upload of a job that is done."""
    (_folder() / Path(name).name).unlink(missing_ok=True)


def forget_old_uploads() -> None:
    """Remove what nobody tried again in time, and what a crash left half-written."""
    oldest = time.time() - KEPT.total_seconds()
    for path in _folder().iterdir():
        if path.is_file() and path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)
