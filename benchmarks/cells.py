"""Reading a case as cells against the bare aggregate that it rests on, in the same session.

    make bench NAME=cells ARGS="--tickets 250000"

Everything is generated from a seed inside one transaction that is rolled back. The floor is the plainest aggregate that
could serve: hour by segment by symptom, sums of weights, counted on the server without sending a row. `cells` is what
the workbench does instead: onset before report, bare days at their middle, dismissed tickets out, uncertain labels
spread, cells sent over and decoded into patterns, with usage, metrics and the change log around them. `digest` is what
a page pays to know whether a run is up to date. The last line is one JSON object.
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "workbench.settings")
django.setup()

from django.db import connection, transaction  # noqa: E402 - Django must be set up before its parts are imported

from incidents.attribution.queries import case_fingerprint, cells  # noqa: E402
from incidents.catalog.models import Product, Source, Symptom  # noqa: E402
from incidents.catalog.services import intern_segments  # noqa: E402
from incidents.changes.models import Change  # noqa: E402
from incidents.response.models import Incident  # noqa: E402

ROUNDS = 5
START = datetime(2026, 2, 1, tzinfo=UTC)
DAYS = 90
VALUES = {
    "surface": ["cli", "ide", "web", "mobile"],
    "model": ["large", "medium", "small"],
    "platform": ["linux", "macos", "windows"],
    "plan": ["free", "pro", "team"],
    "session": ["fresh", "idle"],
}
# Segments with unknowns: a hash of the row's number picks a segment, skewed as real ones are.
FILL = """
insert into incidents_ticket (product_id, source_id, external_id, reported_at, onset_at, title, text, segment_id,
    channel, reporter, weight, url, status, day_fields, received_at, extra)
select %(product)s, %(source)s, 'b' || n, %(start)s + random() * interval '90 days',
    case when n %% 5 = 0 then %(start)s + random() * interval '90 days' end,
    'Complaint ' || n, repeat(md5(n::text), 10), (%(segments)s::int8[])[1 + floor(random() ^ 2 * %(n_segments)s)::int],
    '', '', case when n %% 50 = 0 then 3 else 1 end, '', case when n %% 40 = 0 then 'dismissed' else 'new' end,
    case when n %% 20 = 0 then array['reported_at']::varchar[] else '{}' end, now(), '{}'
from generate_series(1, %(n)s) n"""
LABEL = """
insert into incidents_ticketsymptom (ticket_id, symptom_id, confidence, source, decided_at)
select t.id, s.id, case when s.place = 1 then 0.8 else 0.4 end, 'terms', now()
from incidents_ticket t
join (select id, row_number() over (order by id) - 1 as place, count(*) over () as n from incidents_symptom
      where product_id = %(product)s) s
on (t.id %% s.n = s.place or (t.id %% 7 = 0 and (t.id / 7) %% s.n = s.place))
where t.product_id = %(product)s and t.id %% 10 <> 0"""
FLOOR = """
select count(*) from (
    select date_trunc('hour', t.reported_at), t.segment_id, l.symptom_id, sum(t.weight)
    from incidents_ticket t left join incidents_ticketsymptom l on l.ticket_id = t.id
    where t.product_id = %(product)s and t.reported_at >= %(start)s and t.reported_at < %(end)s
    group by 1, 2, 3) as cells"""


def median_seconds(action: Callable[[], object]) -> float:
    """Return the median seconds of an action, after one round that does not count."""
    action()
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        action()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def generate(n_tickets: int) -> Incident:
    """Fill a case with tickets, labels and changes; the caller rolls back."""
    product = Product.objects.create(slug="benchmark-cells", name="Benchmark")
    source = Source.objects.create(product=product, kind="bundle", key="benchmark", name="Benchmark")
    for position, key in enumerate(["slow", "forgetful", "shallow", "errors", "limits", "other"]):
        Symptom.objects.create(product=product, key=key, name=key, position=position)
    patterns: list[dict[str, str]] = [{}]
    for name, values in VALUES.items():
        patterns = [pattern | ({name: value} if value else {}) for pattern in patterns for value in [*values, ""]]
    segments = list(intern_segments(product=product, patterns=patterns).values())
    end = START + timedelta(days=DAYS)
    incident = Incident.objects.create(
        product=product, source=source, slug="case", title="Benchmark", bucket="hour", starts_at=START, ends_at=end
    )
    Change.objects.bulk_create(
        Change(
            product=product,
            source=source,
            external_id=f"c{n}",
            kind="flag",
            title=f"Change {n}",
            started_at=START + timedelta(days=3 * n + 3),
            scope={"surface": ["cli"]} if n % 2 else {},
        )
        for n in range(25)
    )
    parameters: dict[str, Any] = {
        "product": product.pk,
        "source": source.pk,
        "start": START,
        "segments": segments,
        "n_segments": len(segments),
        "n": n_tickets,
    }
    with connection.cursor() as cursor:
        cursor.execute("select setseed(0.42)")
        cursor.execute(FILL, parameters)
        cursor.execute(LABEL, parameters)
        cursor.execute("analyze incidents_ticket, incidents_ticketsymptom")
    return incident


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Reading a case as cells against the bare aggregate.")
    parser.add_argument("--tickets", type=int, default=250_000)
    n_tickets = parser.parse_args().tickets
    with transaction.atomic():
        incident = generate(n_tickets)
        parameters: dict[str, Any] = {
            "product": incident.product_id,
            "start": incident.starts_at,
            "end": incident.ends_at,
        }

        def floor() -> None:
            with connection.cursor() as cursor:
                cursor.execute(FLOOR, parameters)
                cursor.fetchone()

        bare = median_seconds(floor)
        read = median_seconds(lambda: cells(incident))
        digest = median_seconds(lambda: case_fingerprint(incident))
        evidence = cells(incident).evidence
        transaction.set_rollback(True)
    print(
        f"{n_tickets:,} tickets, {len(evidence.cell_count):,} cells of {len(evidence.patterns):,} patterns, "
        f"{evidence.n_bins:,} bins"
    )
    print(f"bare aggregate {bare * 1000:.0f} ms, cells() {read * 1000:.0f} ms, digest {digest * 1000:.0f} ms")
    print(
        json.dumps(
            {
                "benchmark": "cells",
                "tickets": n_tickets,
                "cells": len(evidence.cell_count),
                "cells_over_bare_aggregate": round(read / bare, 2),
                "digest_over_bare_aggregate": round(digest / bare, 2),
                "tickets_per_second": round(n_tickets / read),
            }
        )
    )


if __name__ == "__main__":
    main()
