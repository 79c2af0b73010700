"""Load the demo case: a finished incident with changes, complaints, metrics and statements, all of it invented."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from incidents.core.errors import InputError, WorkbenchError
from incidents.demo.services import load_demo
from incidents.management.bars import Bar


class Command(BaseCommand):
    """`manage.py load_demo`: safe to repeat."""

    help = "Load the demo case. Once it is there, loading it again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Nothing to choose: the demo case is always the same."""

    def handle(self, *_: Any, **__: Any) -> None:
        """Load and say what became of it."""
        bar = Bar(self.stderr)
        try:
            report = load_demo(progress=bar)
        except InputError as error:
            listed = "\n".join(f"  {problem}" for problem in error.problems)
            raise CommandError(f"The demo case cannot be loaded.\n{listed}") from error
        except WorkbenchError as error:
            raise CommandError(f"The demo case cannot be loaded: {error}") from error
        finally:
            bar.close()
        if report.n_problems:
            first = report.problems[0] if report.problems else "see the log"
            raise CommandError(f"{report.n_problems} rows of the demo case were refused, the first: {first}")
        if report.changed_nothing:
            self.stdout.write(f"The demo case is there already: {report.title}.")
            return
        self.stdout.write(f"Demo case loaded: {report.title}, {report.created:,} rows in {report.seconds:.1f} s.")
