"""What belongs to an exported case, and how its values are written.

A case holds the rows of its own source and, of the product's other sources, what falls into its window. Rows of other
sources keep their id with their source's short name before it, since two sources may use the same id.
"""

import datetime as dt
import json
from collections.abc import Iterator
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from django.db import connection

from incidents.catalog.models import Dimension, Symptom
from incidents.core.times import format_end, format_time
from incidents.ingest.bundle.mapping.fields import guarded
from incidents.response.models import Incident

BATCH = 2_000


class ExportScope:
    """The case, its vocabulary and its way of writing times."""

    def __init__(self, incident: Incident, *, as_written: bool = True) -> None:
        """Export this case; unless `as_written`, the private parts of tickets are masked."""
        self.incident = incident
        self.as_written = as_written
        self.zone = ZoneInfo(incident.timezone)
        # No row has source 0: a case that was opened by hand has no source of its own.
        self.source_id = incident.source_id or 0
        self.parameters: dict[str, Any] = {
            "product": incident.product_id,
            "source": self.source_id,
            "incident": incident.pk,
            "starts_at": incident.starts_at,
            "ends_at": incident.ends_at,
        }

    @cached_property
    def dimensions(self) -> list[Dimension]:
        """The product's dimensions, in order."""
        return list(Dimension.objects.filter(product=self.incident.product).prefetch_related("values"))

    @cached_property
    def symptoms(self) -> list[Symptom]:
        """The product's symptoms, in order, also those that are no longer in use: old labels name them."""
        return list(Symptom.objects.filter(product=self.incident.product))

    def rows(self, sql: str) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a query with the case's parameters, from the server in batches."""
        with connection.chunked_cursor() as cursor:
            cursor.execute(sql, self.parameters)
            while batch := cursor.fetchmany(BATCH):
                yield from batch

    def time(self, at: dt.datetime, *, day_only: bool) -> str:
        """Return a time as bundles hold it; a bare date only where it is the start of a day in the case's zone."""
        local = at.astimezone(self.zone)
        whole = day_only and local.time() == dt.time()
        return format_time(at, self.zone, day_only=whole)

    def end(self, at: dt.datetime, *, day_only: bool) -> str:
        """Return the end of an interval; a bare date, which includes its day, only where a day ends in the zone."""
        local = at.astimezone(self.zone)
        whole = day_only and local.time() == dt.time()
        return format_end(at, self.zone, day_only=whole)


# The id under which row `t` of source `o` goes out, and in which order ids stand, whatever the database's language.
IDENTITY = "right(CASE WHEN t.source_id = %(source)s THEN '' ELSE o.key || ':' END || t.external_id, 200)"
BY_IDENTITY = f'{IDENTITY} COLLATE "C"'


def within(column: str) -> str:
    """Return the condition that row `t` belongs to the case: of its own source, or of another and in the window."""
    return (
        f"(t.source_id = %(source)s OR (t.{column} >= %(starts_at)s AND t.{column} < %(ends_at)s))"
        " AND t.product_id = %(product)s"
    )


def stored(text: str) -> Any:
    """Return a jsonb value from its text: numbers beyond 64 bits as they came in, as floats."""
    return orjson.loads(text)


def number(value: float) -> float | int:
    """Return a whole number without its fraction."""
    return int(value) if value.is_integer() and abs(value) < 1e15 else value


def line(row: dict[str, Any], option: int = orjson.OPT_APPEND_NEWLINE) -> bytes:
    """Return one line of a .jsonl file."""
    try:
        return orjson.dumps(row, option=option)
    except TypeError:
        # A number beyond 64 bits, which Django reads as an integer, goes out as it came in, as a float.
        return orjson.dumps(orjson.loads(json.dumps(row)), option=option)


def cell(value: object) -> str:
    """Return a cell of a table: quoted where commas or quotes ask for it, and harmless in a spreadsheet."""
    if value is None:
        return ""
    if isinstance(value, float):
        return repr(number(value))
    text = guarded(str(value))
    if any(sign in text for sign in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text
