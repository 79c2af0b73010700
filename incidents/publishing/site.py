"""The public site's mark, and what must happen with its files when it changes.

A file must never outlive what it shows. So a change takes the files away while it holds the mark's row, before it
commits; and files come in place only under a lock of that row, when it still holds the mark they were made under.
Whoever is killed in between leaves no files, and readers are answered from the database.
"""

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.db import connection, transaction

from incidents.jobs import services as jobs
from incidents.publishing.models import PublicSite
from incidents.publishing.site_folder import SiteFolder

WRITE_JOB = "public.write_site"


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteMark:
    """What the public site shows, by a mark that no other state of it has, and since when (whole seconds)."""

    mark: uuid.UUID
    changed_at: dt.datetime


def site_mark() -> SiteMark | None:
    """Return the mark of now: one short statement. None only where the row was cut away with all else."""
    with connection.cursor() as cursor:
        cursor.execute("select mark, changed_at from incidents_publicsite")
        row = cursor.fetchone()
    return SiteMark(mark=row[0], changed_at=row[1]) if row else None


def site_folder() -> SiteFolder:
    """Return the folder that a proxy serves."""
    return SiteFolder(settings.PUBLIC_SITE_ROOT)


def site_changed() -> None:
    """Take the files away and have them written anew; to be called in the changing transaction, after its last change.

    The change itself moved the mark (a trigger does) and holds its row.
    """
    site_folder().hide()
    jobs.enqueue(kind=WRITE_JOB)


def put_in_place(seen: SiteMark, place: Callable[[], None]) -> bool:
    """Let `place` happen where the site is still as seen, while nobody can change it; return whether it did."""
    with transaction.atomic():
        row = PublicSite.objects.select_for_update().filter(mark=seen.mark).first()
        if row is not None:
            place()
    return row is not None
