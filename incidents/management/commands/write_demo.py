"""Write the demo case as a case bundle, with its truth beside it."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from incidents.demo.bundle import write_bundle
from incidents.demo.truth import truth_path
from incidents.demo.world import SEED


class Command(BaseCommand):
    """`manage.py write_demo FOLDER [--seed N]`: needs no database."""

    help = "Write the demo case as a case bundle into FOLDER, and what really happened into FOLDER.truth.json."
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("folder", type=Path, metavar="FOLDER", help="made if needed; its bundle files are replaced")
        parser.add_argument(
            "--seed", type=int, default=SEED, help="another seed draws other tickets (default: %(default)s)"
        )
        parser.add_argument("--no-truth", action="store_true", help="leave the truth out")

    def handle(self, *_: Any, **options: Any) -> None:
        """Write and say what was written."""
        folder: Path = options["folder"].resolve()
        if options["seed"] < 0:
            raise CommandError("--seed must be 0 or above.")
        try:
            truth = write_bundle(folder, seed=options["seed"])
            if not options["no_truth"]:
                truth_path(folder).write_text(truth.as_json() + "\n", encoding="utf-8", newline="\n")
        except OSError as error:
            raise CommandError(
                f"{folder} cannot be written: {error.strerror}. Name a folder you may write to."
            ) from error
        self.stdout.write(f"{folder}: {truth.n_tickets:,} tickets, {len(truth.changes)} changes.")
        if not options["no_truth"]:
            self.stdout.write(f"{truth_path(folder)}: what really happened; keep it from whoever attributes.")
