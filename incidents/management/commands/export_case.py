"""Write a case out as a bundle from the command line."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from incidents.core.errors import WorkbenchError
from incidents.ingest.bundle.export import export_case
from incidents.response.models import Incident


class Command(BaseCommand):
    """The case is told by its number, or as product/case by short names."""

    help = "Export a case as a bundle: to a folder, or to a .zip where the path ends in .zip."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("case", metavar="CASE", help="the case's number, or PRODUCT/CASE by short names")
        parser.add_argument("path", type=Path, metavar="PATH", help="a folder, or a file that ends in .zip")

    def handle(self, *args: Any, **options: Any) -> None:
        """Export."""
        incident = _case(options["case"])
        try:
            path = export_case(incident=incident, path=options["path"])
        except WorkbenchError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{incident.title}: written to {path}")


def _case(name: str) -> Incident:
    product, _, case = name.partition("/")
    found = Incident.objects.filter(pk=int(name)) if name.isdecimal() else Incident.objects.none()
    if case:
        found = Incident.objects.filter(product__slug=product, slug=case)
    incident = found.select_related("product").first()
    if incident is None:
        places = [f"{row.product.slug}/{row.slug}" for row in Incident.objects.select_related("product")[:10]]
        raise CommandError(f"There is no case {name!r}; there are: {', '.join(places) or 'none'}.")
    return incident
