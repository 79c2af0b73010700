"""What tickets' words state beyond their fields, stored: segment values with their source, and the onset.

`Ticket.segment` and `Ticket.onset_at` stay what the fields say. What is read goes into `TicketReading` and, counted,
into `Ticket.stated_segment`, `stated_confidence` and `stated_onset_at`. What a person says outlives every new reading.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.db import transaction

from incidents.catalog.models import Product
from incidents.catalog.queries import dimensions_of, require
from incidents.catalog.services import SegmentNumbers
from incidents.core.access import Action
from incidents.core.audit import record_audit
from incidents.core.errors import NotReady
from incidents.jobs import services as jobs
from incidents.jobs.models import Job
from incidents.tickets.enums import ReadingSource
from incidents.tickets.extraction.onset import Onset, read_onset
from incidents.tickets.extraction.rules import RuleBook, RuleError, parse_rules
from incidents.tickets.extraction.segments import SegmentReader
from incidents.tickets.models import SegmentRules, Ticket, TicketReading

if TYPE_CHECKING:
    from django.contrib.auth.models import User

READ_JOB = "tickets.read"
# An onset known no better than this says little more than the report does, and moves no count.
NARROW = dt.timedelta(hours=49)
LEAST_SURE = 0.05
_CHUNK = 1000
Progress = Callable[[int, int | None, str], None]
Releases = Mapping[str, dt.datetime]


def dimension_values(product: Product) -> dict[str, list[str]]:
    """Return {dimension: its values} of a product."""
    return {one.key: [value.key for value in one.values.all()] for one in dimensions_of(product)}


def rules_text(product: Product) -> str:
    """Return the product's own rules as they were last written; empty where there are none."""
    row = SegmentRules.objects.filter(product=product).first()
    return str(row.rules.get("text", "")) if row is not None else ""


def rule_book(product: Product) -> RuleBook:
    """Return the product's own rules and examples; rules for values that are gone since count no more."""
    try:
        return parse_rules(rules_text(product), dimension_values(product))
    except RuleError:
        return RuleBook(rules=(), trials=())


@transaction.atomic
def save_rules(*, actor: "User", product: Product, text: str) -> RuleBook:
    """Store a product's rules and have the tickets read anew; raises NotReady with the line that is wrong."""
    require(actor, Action.TRIAGE, product)
    try:
        book = parse_rules(text, dimension_values(product))
    except RuleError as error:
        raise NotReady(str(error)) from error
    row = SegmentRules.objects.create(product=product, rules={"text": text}, created_by=actor)
    record_audit(
        actor=actor,
        action="segment rules changed",
        subject=row,
        product_id=product.pk,
        detail={"rules": len(book.rules), "examples": len(book.trials)},
    )
    ask_for_reading(actor=actor, product=product)
    return book


def ask_for_reading(*, actor: "User | None", product: Product, on: dt.date | None = None) -> Job:
    """Ask for all tickets' words to be read anew; with a day, once that day."""
    if actor is not None:
        require(actor, Action.TRIAGE, product)
    key = f"{product.pk}:{on.isoformat()}" if on is not None else ""
    return jobs.enqueue(kind=READ_JOB, payload={"product": product.pk}, idempotency_key=key, created_by=actor)


def read_tickets(*, product: Product, releases: Releases, progress: Progress) -> int:
    """Read the words of all tickets of a product; return how many state something that their fields do not.

    `releases` gives the times of versions. Each thousand is one transaction; doing it again changes nothing.
    """
    reader = _Reader(product, releases)
    total = Ticket.objects.filter(product=product).count()
    done = n_stated = 0
    for numbers in _chunks(product):
        progress(done, total, "Reading what the words state")
        with transaction.atomic():
            rows = Ticket.objects.filter(pk__in=numbers).select_related("segment", "reading").order_by("pk")
            n_stated += reader.store(list(rows.select_for_update(of=("self",))))
        done += len(numbers)
    return n_stated


def reading_of(ticket: Ticket, *, releases: Releases) -> TicketReading:
    """Return what is stored of a ticket's words, or what they state where they were not read yet (unsaved)."""
    stored = TicketReading.objects.filter(ticket=ticket).first()
    if stored is not None:
        return stored
    return _Reader(ticket.product, releases).read(ticket, None) or TicketReading(ticket=ticket)


@transaction.atomic
def correct_segment(*, actor: "User", ticket: Ticket, dimension: str, value: str) -> None:
    """Say a ticket's value of a dimension; an empty one says that it is unknown, whatever the words state."""
    require(actor, Action.TRIAGE, ticket.product)
    known = dimension_values(ticket.product).get(dimension)
    if known is None or (value and value not in known):
        raise NotReady("There is no such value: choose one of the list.")
    row = Ticket.objects.select_related("segment").select_for_update(of=("self",)).get(pk=ticket.pk)
    reading, _ = TicketReading.objects.get_or_create(ticket=row)
    before = reading.segment.get(dimension, {}).get("value", row.segment.values.get(dimension, ""))
    reading.segment[dimension] = {"value": value, "words": "", "source": ReadingSource.PERSON, "confidence": 1.0}
    reading.save(update_fields=["segment"])
    _apply(row, reading.segment, SegmentNumbers(row.product))
    row.save(update_fields=["stated_segment", "stated_confidence"])
    record_audit(
        actor=actor,
        action="segment corrected",
        subject=row,
        product_id=row.product_id,
        detail={"dimension": dimension, "before": before, "after": value},
    )


@transaction.atomic
def correct_onset(*, actor: "User", ticket: Ticket, onset_from: dt.datetime, onset_to: dt.datetime) -> None:
    """Say that a ticket's trouble began in [onset_from, onset_to); counts where the fields do not say it."""
    require(actor, Action.TRIAGE, ticket.product)
    if not onset_from < onset_to or onset_from > ticket.reported_at:
        raise NotReady("The onset must end after it starts, and start before the report.")
    row = Ticket.objects.select_for_update().get(pk=ticket.pk)
    reading, _ = TicketReading.objects.get_or_create(ticket=row)
    reading.onset_from, reading.onset_to, reading.onset_words = onset_from, onset_to, ""
    reading.onset_source = ReadingSource.PERSON
    reading.save(update_fields=["onset_from", "onset_to", "onset_words", "onset_source"])
    row.stated_onset_at = counted_onset(row.onset_at, onset_from, onset_to)
    row.save(update_fields=["stated_onset_at"])
    record_audit(
        actor=actor,
        action="onset corrected",
        subject=row,
        product_id=row.product_id,
        detail={"from": onset_from.isoformat(), "to": onset_to.isoformat()},
    )


def counted_onset(
    given: dt.datetime | None, onset_from: dt.datetime | None, onset_to: dt.datetime | None
) -> dt.datetime | None:
    """Return the moment at which a ticket counts by its words: the middle of a narrow interval, else None."""
    if given is not None or onset_from is None or onset_to is None or onset_to - onset_from > NARROW:
        return None
    return onset_from + (onset_to - onset_from) / 2


class _Reader:
    """Reads and stores some tickets of one product at a time."""

    def __init__(self, product: Product, releases: Releases) -> None:
        self.product, self.releases = product, releases
        self.zone = ZoneInfo(product.timezone)
        self.reader = SegmentReader(dimension_values(product), rule_book(product).rules)
        self.numbers = SegmentNumbers(product)

    def store(self, rows: list[Ticket]) -> int:
        """Read these tickets and write what changed; return how many state something."""
        readings: list[TicketReading] = []
        changed: list[Ticket] = []
        gone: list[int] = []
        n_stated = 0
        for row in rows:
            before = getattr(row, "reading", None)
            reading = self.read(row, before)
            n_stated += reading is not None
            if reading is None and before is not None:
                gone.append(row.pk)
            elif reading is not None and (before is None or _content(before) != _content(reading)):
                readings.append(reading)
        stated = {one.ticket_id: one for one in readings}
        kept = {row.pk: row.reading for row in rows if hasattr(row, "reading") and row.pk not in gone} | stated
        self.numbers.learn(_pattern(row, kept[row.pk].segment) for row in rows if row.pk in kept)
        for row in rows:
            was = (row.stated_segment_id, row.stated_confidence, row.stated_onset_at)
            reading = kept.get(row.pk)
            _apply(row, reading.segment if reading else {}, self.numbers)
            row.stated_onset_at = counted_onset(row.onset_at, reading.onset_from, reading.onset_to) if reading else None
            if was != (row.stated_segment_id, row.stated_confidence, row.stated_onset_at):
                changed.append(row)
        TicketReading.objects.filter(ticket__in=gone).delete()
        fields = ["segment", "onset_from", "onset_to", "onset_words", "onset_source"]
        TicketReading.objects.bulk_create(
            readings, update_conflicts=True, unique_fields=["ticket"], update_fields=fields
        )
        Ticket.objects.bulk_update(changed, ["stated_segment", "stated_confidence", "stated_onset_at"])
        return n_stated

    def read(self, row: Ticket, before: TicketReading | None) -> TicketReading | None:
        """Return what the words state together with what people said, or None where that is nothing."""
        said = {name: one for name, one in (before.segment if before else {}).items() if one["source"] == "person"}
        segment: dict[str, Any] = dict(said)
        found = self.reader.read(row.title, row.text, row.segment.values, row.extra)
        for name, one in found.items():
            if name not in said:
                segment[name] = {
                    "value": one.value,
                    "words": one.words,
                    "source": ReadingSource.RULE.value,
                    "confidence": one.confidence,
                }
        reading = TicketReading(ticket=row, segment=segment)
        if before is not None and before.onset_source == ReadingSource.PERSON:
            reading.onset_from, reading.onset_to = before.onset_from, before.onset_to
            reading.onset_source = before.onset_source
        elif row.onset_at is None and (onset := self._onset(row)) is not None:
            reading.onset_from, reading.onset_to, reading.onset_words = onset.earliest, onset.latest, onset.words
            reading.onset_source = ReadingSource.RULE
        return reading if segment or reading.onset_from is not None else None

    def _onset(self, row: Ticket) -> Onset | None:
        return read_onset(
            f"{row.title}\n{row.text}", reported_at=row.reported_at, zone=self.zone, releases=self.releases
        )


def _content(reading: TicketReading) -> tuple[object, ...]:
    return reading.segment, reading.onset_from, reading.onset_to, reading.onset_words, reading.onset_source


def _pattern(row: Ticket, stated: Mapping[str, Any]) -> dict[str, str]:
    """Return the fields' segment together with what is stated; what a person calls unknown is left out."""
    both = {**row.segment.values, **{name: one["value"] for name, one in stated.items()}}
    return {name: value for name, value in both.items() if value}


def _apply(row: Ticket, stated: Mapping[str, Any], numbers: SegmentNumbers) -> None:
    """Set the columns that counts read."""
    pattern = _pattern(row, stated)
    row.stated_segment_id, row.stated_confidence = None, 1.0
    if pattern == row.segment.values:
        return
    sure = 1.0
    for one in stated.values():
        sure *= one["confidence"]
    numbers.learn([pattern])
    row.stated_segment_id = numbers.of(pattern)
    row.stated_confidence = max(LEAST_SURE, sure)


def _chunks(product: Product) -> Iterator[list[int]]:
    last = 0
    while True:
        rows = Ticket.objects.filter(product=product, pk__gt=last).order_by("pk").values_list("pk", flat=True)
        numbers = list(rows[:_CHUNK])
        if not numbers:
            return
        yield numbers
        last = numbers[-1]
