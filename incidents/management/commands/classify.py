"""Say which symptoms the tickets of a bundle show; needs no database and no broker."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import BaseCommand

from incidents.core.errors import InputError
from incidents.ingest.bundle.client import open_bundle
from incidents.ingest.bundle.triage import TicketWords, TriageBundle, read_labels, read_triage_bundle
from incidents.tickets.classifier.engine import ASSERTED, Classifier, Example, Judgement
from incidents.tickets.classifier.text import words_of
from incidents.tickets.extraction.onset import read_onset
from incidents.tickets.extraction.segments import SegmentReader

BAD_INPUT = 2
CORPUS = 5000


class Command(BaseCommand):
    """`manage.py classify BUNDLE [--json] [--train LABELS.jsonl]`."""

    help = "Say which symptoms of its case.json the tickets of a bundle show, and what their words say about segments."
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("bundle", type=Path, metavar="BUNDLE", help="a folder or a zip")
        parser.add_argument("--json", action="store_true", help="one JSON object a ticket, one a line")
        parser.add_argument(
            "--train", type=Path, metavar="LABELS", help='labels to learn from, one a line: {"id", "symptoms": [keys]}'
        )

    def handle(self, *_: Any, **options: Any) -> None:
        """Classify the tickets in the order of the file; what is wrong goes to standard error."""
        try:
            with open_bundle(options["bundle"]) as opened:
                bundle = read_triage_bundle(opened)
            labels = read_labels(options["train"], bundle) if options["train"] is not None else {}
        except InputError as error:
            for problem in error.problems:
                self.stderr.write(str(problem))
            sys.exit(BAD_INPUT)
        for problem in bundle.problems:
            self.stderr.write(str(problem))
        judged = _classifier(bundle, labels).judge_many((row.title, row.text) for row in bundle.tickets)
        if options["json"]:
            self._write_lines(bundle, judged)
        else:
            self._write_table(bundle, judged)
        self.stdout.flush()

    def _write_lines(self, bundle: TriageBundle, judged: Iterable[Judgement]) -> None:
        reader = SegmentReader(bundle.dimensions)
        for row, judgement in zip(bundle.tickets, judged, strict=True):
            stated = reader.read(row.title, row.text, row.segment)
            answer = {
                "id": row.id,
                "symptoms": [{"key": key, "confidence": confidence} for key, confidence in judgement.symptoms],
                "segment": {**row.segment, **{name: one.value for name, one in stated.items()}},
                "segment_from_text": {name: one.words for name, one in stated.items()},
                "onset": _onset(bundle, row),
                "abstained": judgement.abstained,
                "abstained_because": judgement.silence,
            }
            self.stdout.write(orjson.dumps(answer).decode())

    def _write_table(self, bundle: TriageBundle, judged: Iterable[Judgement]) -> None:
        counts = dict.fromkeys(bundle.names, 0)
        n_abstained = 0
        for judgement in judged:
            n_abstained += judgement.abstained
            for key in _asserted(judgement):
                counts[key] += 1
        width = max(map(len, bundle.names.values()), default=0)
        for key, n in sorted(counts.items(), key=lambda one: -one[1]):
            self.stdout.write(f"{bundle.names[key]:<{width}}  {n:>7,}")
        self.stdout.write(f"{'Not judged':<{width}}  {n_abstained:>7,}   of {len(bundle.tickets):,} tickets")


def _onset(bundle: TriageBundle, row: TicketWords) -> dict[str, str] | None:
    """Return when it began, where only the text says so."""
    if row.has_onset:
        return None
    found = read_onset(
        f"{row.title}\n{row.text}", reported_at=row.reported_at, zone=bundle.zone, releases=bundle.releases
    )
    if found is None:
        return None
    return {"earliest": found.earliest.isoformat(), "latest": found.latest.isoformat(), "words": found.words}


def _asserted(judgement: Judgement) -> list[str]:
    return [key for key, confidence in judgement.symptoms if confidence >= ASSERTED]


def _classifier(bundle: TriageBundle, labels: dict[str, frozenset[str]]) -> Classifier:
    examples = [
        Example(title=row.title, text=row.text, symptoms=labels[row.id]) for row in bundle.tickets if row.id in labels
    ]
    # Which words are common, and which go together, is learned from a part of the tickets: it settles after thousands.
    rest = (row for row in bundle.tickets[:CORPUS] if row.id not in labels and (row.title or row.text))
    corpus = [words_of(row.title, row.text) for row in rest]
    return Classifier.train(bundle.taxonomy, examples, corpus=corpus)
