"""`manage.py write_public_site`: write the public pages as files, for a proxy to serve."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from incidents.web.public.written import check_site


class Command(BaseCommand):
    """Brings the files in line with what is published; a worker does the same by itself within seconds."""

    help = "Write the public pages as files for a proxy; files that are up to date are left alone."

    def handle(self, *_: Any, **__: Any) -> None:
        """Write, and say where."""
        n_addresses = check_site()
        said = f"{n_addresses} addresses written" if n_addresses else "up to date"
        self.stdout.write(f"{settings.PUBLIC_SITE_ROOT}: {said}")
