"""Attribute the complaints of case bundles to their changes; needs no database and no broker."""

import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import BaseCommand

from incidents.attribution.bundles.evidence import BundleCase, read_bundle
from incidents.attribution.bundles.source import BundleError
from incidents.attribution.result import result_object
from incidents.attribution.table import readable_table
from incidents.stats.attribution import EvidenceError, attribute

ROWS_LEFT_OUT = 1
BAD_BUNDLE = 2


class Command(BaseCommand):
    """`manage.py attribute BUNDLE … [--json] [--tickets]`."""

    help = "Attribute the complaints of case bundles (folders or zips) to the changes of their logs."
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("bundles", nargs="+", type=Path, metavar="BUNDLE", help="a folder or a zip")
        parser.add_argument("--json", action="store_true", help="one JSON object a bundle, one a line")
        parser.add_argument("--tickets", action="store_true", help="with --json: the probabilities of every ticket")

    def handle(self, *_: Any, **options: Any) -> None:
        """Work through the bundles; what is wrong is told on standard error and the good rows and bundles go through.

        Exit status: 0 where all was read, 1 where rows were left out, 2 where a bundle could not be used.
        """
        bad = n_left_out = 0
        for path in options["bundles"]:
            started = time.perf_counter()
            try:
                bundle = read_bundle(path)
                found = attribute(bundle.evidence)
            except (BundleError, EvidenceError) as error:
                bad += 1
                self.stderr.write(f"{path}: {error}")
                continue
            seconds = time.perf_counter() - started
            n_left_out += bundle.n_left_out
            self._tell_left_out(path, bundle)
            if not options["json"]:
                self.stdout.write(readable_table(case=str(path), bundle=bundle, found=found, seconds=seconds))
                continue
            answer = result_object(
                case=str(path), seconds=seconds, bundle=bundle, found=found, tickets=options["tickets"]
            )
            self.stdout.write(orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY).decode())
        self.stdout.flush()
        if bad or n_left_out:
            sys.exit(BAD_BUNDLE if bad else ROWS_LEFT_OUT)

    def _tell_left_out(self, path: Path, bundle: BundleCase) -> None:
        for problem in bundle.left_out:
            self.stderr.write(f"{path}: {problem}")
        if bundle.n_left_out > len(bundle.left_out):
            self.stderr.write(f"{path}: and {bundle.n_left_out - len(bundle.left_out):,} rows more")
