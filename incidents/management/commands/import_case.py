"""Take in a case bundle from the command line."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from incidents.core.errors import InputError, Problem, WorkbenchError
from incidents.ingest.bundle.report import ImportReport
from incidents.ingest.bundle.services import check_bundle, import_bundle
from incidents.management.bars import Bar

SHOWN = 50


class Command(BaseCommand):
    """Exit status: 0: all rows are in; 1: bad rows were left out; 2: the bundle cannot be used; 130: stopped."""

    help = "Import a case bundle (a folder or a .zip of one). The same bundle twice changes nothing."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("path", type=Path, metavar="PATH", help="the bundle: a folder or a .zip")
        parser.add_argument("--product", metavar="SLUG", help="short name of the product; made if there is none")
        parser.add_argument("--product-name", metavar="NAME", help="what a new product is called")
        parser.add_argument("--case", metavar="SLUG", help="short name of the case (default: from its title)")
        parser.add_argument("--title", help="another title than the one in case.json")
        parser.add_argument("--all-or-nothing", action="store_true", help="leave out, whole, each file with a bad row")
        parser.add_argument("--demo", action="store_true", help="mark a new product as a demonstration")
        parser.add_argument("--check", action="store_true", help="only check the bundle, import nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import and report."""
        bar = Bar(self.stderr)
        try:
            report = (
                check_bundle(path=options["path"], progress=bar)
                if options["check"]
                else import_bundle(
                    path=options["path"],
                    product_slug=options["product"],
                    product_name=options["product_name"],
                    case_slug=options["case"],
                    title=options["title"],
                    is_demo=options["demo"],
                    all_or_nothing=options["all_or_nothing"],
                    progress=bar,
                )
            )
        except WorkbenchError as error:
            bar.close()
            for problem in error.problems if isinstance(error, InputError) else []:
                self.stderr.write(f"  {problem}")
            self.stderr.write(self.style.ERROR(f"{options['path']} cannot be used."))
            if not isinstance(error, InputError):
                self.stderr.write(f"  {error}")
            sys.exit(2)
        except KeyboardInterrupt:
            bar.close()
            self.stderr.write("Stopped. The files before this one are in; the same command again adds the rest.")
            sys.exit(130)
        bar.close()
        self._print(report, checked=options["check"])
        if report.n_problems:
            sys.exit(1)

    def _print(self, report: ImportReport, *, checked: bool) -> None:
        place = report.title if checked else f"{report.title} ({report.product_slug}/{report.case_slug})"
        self.stdout.write(f"{place}: {'checked' if checked else 'imported'} in {report.seconds:.1f} s")
        width = max(len(file.file) for file in report.files)
        for file in report.files:
            counts = (
                f"{file.accepted:>9,} good"
                if checked
                else f"{file.created:>9,} new {file.updated:>9,} changed {file.unchanged:>9,} unchanged"
            )
            bad = f" {file.problems:>7,} bad" if file.problems else ""
            refused = "  left out whole" if file.refused else ""
            self.stdout.write(f"  {file.file:<{width}} {counts}{bad}{refused}")
        if report.changed_nothing and not checked:
            self.stdout.write("  Nothing changed: all of it was here already.")
        self._list("Note", report.notes, len(report.notes))
        self._list("Problem", report.problems, report.n_problems)

    def _list(self, word: str, problems: tuple[Problem, ...], n: int) -> None:
        for problem in problems[:SHOWN]:
            self.stdout.write(f"  {word}: {problem}")
        if n > SHOWN:
            self.stdout.write(f"  … and {n - min(SHOWN, len(problems)):,} more")
