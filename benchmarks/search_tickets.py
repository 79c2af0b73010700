"""Search of the inbox and similar tickets: how long, and how many near copies are found.

    make bench NAME=search_tickets ARGS="--tickets 100000"

Everything is generated from a seed inside one transaction that is rolled back: about 60 words a ticket, with the
distribution of natural words; every twentieth ticket says nearly what an earlier one said. Recall of similar tickets is
the share of those near copies whose original stands among the first six; the peer is the nearest texts by trigrams.
The last line is one JSON object.
"""

import argparse
import datetime as dt
import json
import os
import random
import statistics
import time
from collections.abc import Callable
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "workbench.settings")
django.setup()

from django.db import connection, transaction  # noqa: E402 - Django must be set up before its parts are imported

from incidents.catalog.models import Product, Segment, Source  # noqa: E402
from incidents.tickets.inbox import TicketFilter, capped_count, ticket_page, tickets_matching  # noqa: E402
from incidents.tickets.models import Ticket  # noqa: E402
from incidents.tickets.similar import similar_tickets  # noqa: E402

START = dt.datetime(2026, 2, 1, tzinfo=dt.UTC)
N_WORDS = 30_000
_NEAREST = "SELECT id FROM incidents_ticket WHERE product_id = %s ORDER BY text <-> %s LIMIT 10"


def main() -> None:
    """Fill, measure, roll back."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tickets", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=40)
    options = parser.parse_args()
    with transaction.atomic():
        product, copies = fill(options.tickets)
        result = measure(product, copies, options.rounds)
        transaction.set_rollback(True)
    print(json.dumps({"tickets": options.tickets, **result}))


def fill(n: int) -> tuple[Product, list[tuple[int, int]]]:
    """Make tickets by COPY; return their product and (copy, original) pairs of numbers."""
    rng = random.Random(6)
    words = [
        "".join(rng.choices("bcdfghklmnprstvwz", k=2) + rng.choices("aeiou", k=1)) + f"x{i:x}" for i in range(N_WORDS)
    ]
    shares = [1.0 / (rank + 8) for rank in range(N_WORDS)]
    product = Product.objects.create(slug="search-benchmark", name="Benchmark")
    source = Source.objects.create(product=product, kind="bundle", key="bench", name="Bench")
    segment = Segment.objects.create(product=product, values={}, digest="bench")
    texts: list[list[str]] = []
    copies: list[tuple[int, int]] = []
    with connection.cursor() as cursor:
        columns = (
            "product_id, source_id, external_id, reported_at, title, text, segment_id, channel, reporter, weight, url, "
            "status, day_fields, received_at, extra"
        )
        with cursor.copy(f"COPY incidents_ticket ({columns}) FROM STDIN") as copy:
            for i in range(n):
                said = rng.choices(words, shares, k=60)
                if i % 20 == 19:
                    original = rng.randrange(max(0, i - 5000), i)
                    said = [word if rng.random() < 0.9 else rng.choice(words) for word in texts[original % 5000]]
                    copies.append((i, original))
                if len(texts) < 5000:
                    texts.append(said)
                else:
                    texts[i % 5000] = said
                at = START + dt.timedelta(seconds=i * 7)
                copy.write_row(
                    (
                        product.pk,
                        source.pk,
                        str(i),
                        at,
                        " ".join(said[:6]),
                        " ".join(said),
                        segment.pk,
                        "",
                        "",
                        1.0,
                        "",
                        "new",
                        [],
                        at,
                        "{}",
                    )
                )
        cursor.execute("ANALYZE incidents_ticket")
    return product, copies


def measure(product: Product, copies: list[tuple[int, int]], rounds: int) -> dict[str, Any]:
    """Time each search."""
    rng = random.Random(7)
    numbers = dict(Ticket.objects.filter(product=product).values_list("external_id", "pk"))
    sample = rng.sample(copies, min(rounds, len(copies)))
    chosen = Ticket.objects.filter(pk__in=[numbers[str(copied)] for copied, _ in sample])
    texts = dict(chosen.values_list("pk", "text"))
    found = 0
    rare, common = [], []
    for text in texts.values():
        words = sorted(text.split(), key=lambda word: int(word.split("x")[1], 16))
        common.append(words[0])
        rare.append(words[-1])

    def page(words: str) -> object:
        return ticket_page(tickets_matching(product, TicketFilter(words=words))).tickets

    def count(words: str) -> object:
        return capped_count(tickets_matching(product, TicketFilter(words=words)))

    result: dict[str, Any] = {}
    for name, run, inputs in (
        ("rare word, newest 50", page, rare),
        ("common word, newest 50", page, common),
        ("common word, capped count", count, common),
    ):
        result[name] = timed(run, inputs)
    tickets = Ticket.objects.in_bulk(list(texts))
    result["similar tickets"] = timed(lambda pk: similar_tickets(tickets[pk]), list(tickets))
    for copy, original in sample:
        near = {one.ticket.pk for one in similar_tickets(tickets[numbers[str(copy)]])}
        found += numbers[str(original)] in near
    result["near copies found"] = found / len(sample)
    result["trigram neighbours (peer)"] = trigram(product, texts)
    ratio = result["similar tickets"]["p50_ms"] / result["trigram neighbours (peer)"]["p50_ms"]
    result["similar tickets to peer"] = round(ratio, 3)
    for name, figure in result.items():
        print(f"{name:<28}", figure)
    return result


def trigram(product: Product, texts: dict[int, str]) -> dict[str, float]:
    """Time the ten nearest texts by trigrams, with a GiST index of its own: what most people would write."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        cursor.execute("CREATE INDEX bench_trigrams ON incidents_ticket USING gist (text gist_trgm_ops)")

        def nearest(text: str) -> object:
            cursor.execute(
                "SELECT id FROM incidents_ticket WHERE product_id = %s ORDER BY text <-> %s LIMIT 10",
                [product.pk, text],
            )
            return cursor.fetchall()

        return timed(nearest, list(texts.values())[:10])


def timed(run: Callable[[Any], object], inputs: list[Any]) -> dict[str, float]:
    """Return the median and the longest time in milliseconds."""
    took = []
    for one in inputs:
        started = time.perf_counter()
        run(one)
        took.append((time.perf_counter() - started) * 1e3)
    return {"p50_ms": round(statistics.median(took), 2), "max_ms": round(max(took), 2)}


if __name__ == "__main__":
    main()
