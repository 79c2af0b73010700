"""The inbox and its searches on many tickets: how long each takes, and how many near copies similar tickets find.

    make bench NAME=search_tickets ARGS="--tickets 1000000"

Everything is generated from a seed inside one transaction that is rolled back: about 60 words a ticket, with the
distribution of natural words; every twentieth ticket says nearly what an earlier one said; eight symptoms, five
channels, forty segments. Recall of similar tickets is the share of those near copies whose original stands among the
first ten; the peers are the ten nearest texts by trigrams, with an index of their own, and tantivy, in an environment
of its own that pip fills at the first run (null with the reason where it cannot). tantivy answers with numbers alone;
here whole pages with their labels come. The floor of a page is the same fifty rows by their numbers. The last line is
one JSON object.
"""

import argparse
import datetime as dt
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from typing import Any

import django

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "workbench.settings")
django.setup()

from django.db import connection, transaction  # noqa: E402 - Django must be set up before its parts are imported

from benchmarks.overlay_peers.processes import tantivy_python  # noqa: E402
from incidents.catalog.models import Dimension, DimensionValue, Product, Segment, Source, Symptom  # noqa: E402
from incidents.tickets.best import best_matches, best_page  # noqa: E402
from incidents.tickets.inbox import TicketFilter, ticket_page, tickets_matching  # noqa: E402
from incidents.tickets.models import Ticket  # noqa: E402
from incidents.tickets.similar import similar_tickets  # noqa: E402
from incidents.tickets.spelling import corrected  # noqa: E402
from incidents.tickets.tallies import tally  # noqa: E402

START = dt.datetime(2026, 2, 1, tzinfo=dt.UTC)
N_WORDS = 30_000
CHANNELS = ("mail", "chat", "forum", "tracker", "store")
N_SYMPTOMS, N_SEGMENTS = 8, 40
FILTERS: dict[str, dict[str, Any]] = {
    "waiting": {"status": "new"},
    "a common symptom": {"symptom": "s0"},
    "a rare symptom": {"symptom": "s7"},
    "no symptom": {"symptom": "none"},
    "unsure, waiting": {"is_unsure": True, "status": "new"},
    "a channel": {"channel": "forum"},
    "a segment": {"segment": {"plan": ["p4"]}},
    "nobody's, waiting": {"assigned_to": "none", "status": "new"},
    "symptom, segment, waiting": {"symptom": "s2", "segment": {"plan": ["p4"]}, "status": "new"},
}
COLUMNS = (
    "product_id, source_id, external_id, reported_at, title, text, segment_id, channel, reporter, weight, url, "
    "status, day_fields, received_at, extra"
)


def main() -> None:
    """Fill, measure, roll back."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tickets", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--no-peer", action="store_true", help="leave the trigram index out: it takes minutes")
    options = parser.parse_args()
    with transaction.atomic():
        started = time.perf_counter()
        product, copies = fill(options.tickets)
        print(f"{options.tickets:,} tickets made in {time.perf_counter() - started:.0f} s", flush=True)
        result = measure(product, copies, options)
        transaction.set_rollback(True)
    print(json.dumps({"tickets": options.tickets, **result}))


def vocabulary(rng: random.Random) -> tuple[list[str], list[float]]:
    """Return invented words and how often each is said, added up."""
    words = [
        "".join(rng.choices("bcdfghklmnprstvwz", k=2) + rng.choices("aeiou", k=1)) + f"x{i:x}" for i in range(N_WORDS)
    ]
    return words, list(accumulate(1.0 / (rank + 8) for rank in range(N_WORDS)))


def fill(n: int) -> tuple[Product, list[tuple[int, int]]]:
    """Make tickets and labels by COPY; return their product and (copy, original) pairs of numbers."""
    rng = random.Random(6)
    words, shares = vocabulary(rng)
    product = Product.objects.create(slug="search-benchmark", name="Benchmark")
    source = Source.objects.create(product=product, kind="bundle", key="bench", name="Bench")
    dimension = Dimension.objects.create(product=product, key="plan", name="Plan")
    segments = []
    for number in range(N_SEGMENTS):
        DimensionValue.objects.create(dimension=dimension, key=f"p{number}", position=number)
        segments.append(Segment.objects.create(product=product, values={"plan": f"p{number}"}, digest=f"bench{number}"))
    symptoms = [Symptom.objects.create(product=product, key=f"s{one}", name=f"S{one}") for one in range(N_SYMPTOMS)]
    texts: list[list[str]] = []
    copies: list[tuple[int, int]] = []

    def rows() -> Iterator[tuple[Any, ...]]:
        for i in range(n):
            said = rng.choices(words, cum_weights=shares, k=60)
            if i % 20 == 19:
                original = rng.randrange(max(0, i - 5000), i)
                said = [word if rng.random() < 0.9 else rng.choice(words) for word in texts[original % 5000]]
                copies.append((i, original))
            if len(texts) < 5000:
                texts.append(said)
            else:
                texts[i % 5000] = said
            at = START + dt.timedelta(seconds=i * 7)
            status = "triaged" if i % 10 == 3 else "new"
            place = segments[i * i % N_SEGMENTS].pk
            text = " ".join(said)
            head = " ".join(said[:6])
            yield (
                product.pk,
                source.pk,
                str(i),
                at,
                head,
                text,
                place,
                CHANNELS[i % 5],
                "",
                1.0,
                "",
                status,
                [],
                at,
                "{}",
            )

    with without_index("ticket_words"):
        copied(f"COPY incidents_ticket ({COLUMNS}) FROM STDIN", rows())
    # Read first: a connection that copies answers no question.
    numbers = list(Ticket.objects.filter(product=product).order_by("pk").values_list("pk", flat=True))
    labels = (
        (pk, symptoms[min(int(rng.expovariate(0.7)), N_SYMPTOMS - 1)].pk, round(rng.random(), 3), "model", START)
        for pk in numbers
    )
    copied("COPY incidents_ticketsymptom (ticket_id, symptom_id, confidence, source, decided_at) FROM STDIN", labels)
    connection.cursor().execute("ANALYZE incidents_ticket, incidents_ticketsymptom")
    return product, copies


@contextmanager
def without_index(name: str) -> Iterator[None]:
    """Take an index away while many rows are written: made once at the end, it takes a fraction of the time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_indexdef(%s::regclass)", [name])
        (definition,) = cursor.fetchone()
        cursor.execute(f"DROP INDEX {name}")
        yield
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(definition)
        cursor.execute(f"ALTER INDEX {name} ALTER COLUMN 1 SET STATISTICS 1000")


def copied(statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """Write rows by COPY."""
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def measure(product: Product, copies: list[tuple[int, int]], options: argparse.Namespace) -> dict[str, Any]:
    """Time each page, count and search."""
    rng = random.Random(7)
    sample = rng.sample(copies, min(options.rounds, len(copies)))
    names = [str(one) for pair in sample for one in pair]
    numbers = dict(Ticket.objects.filter(product=product, external_id__in=names).values_list("external_id", "pk"))
    copied_pks = [numbers[str(copied)] for copied, _ in sample]
    texts = dict(Ticket.objects.filter(pk__in=copied_pks).values_list("pk", "text"))
    by_rank = [sorted(text.split(), key=lambda word: int(word.split("x")[1], 16)) for text in texts.values()]
    common, rare = [words[0] for words in by_rank], [words[-1] for words in by_rank]
    misspelled = [f"{word[:-1]}{'b' if word[-1] == 'a' else 'a'}{word[-1]}" for word in common]
    deep = f"{(START + dt.timedelta(seconds=7 * options.tickets // 10)).isoformat()}|0"

    def page(after: str = "", **chosen: Any) -> Callable[[Any], object]:
        return lambda words: (
            ticket_page(
                tickets_matching(product, TicketFilter(**{"words": words or "", **chosen})), after=after
            ).tickets
        )

    def count(**chosen: Any) -> Callable[[Any], object]:
        return lambda words: tally(
            tickets_matching(product, TicketFilter(**{"words": words or "", **chosen})), has_words=bool(words)
        )

    def ranked(words: Any) -> object:
        return best_page(best_matches(product, TicketFilter(words=words))).tickets

    floor_pks = [row.pk for row in page(status="new")("")]  # type: ignore[attr-defined]
    runs: list[tuple[str, Callable[[Any], object], list[Any]]] = [
        ("floor: 50 rows by number", lambda _: list(Ticket.objects.filter(pk__in=floor_pks)), [""] * 20),
        ("first page", page(), [""] * 20),
        ("deep page", page(after=deep), [""] * 20),
        *((f"page: {name}", page(**chosen), [""] * 10) for name, chosen in FILTERS.items()),
        *((f"count: {name}", count(**chosen), [""] * 10) for name, chosen in FILTERS.items()),
        ("rare word, newest 50", page(), rare),
        ("common word, newest 50", page(), common),
        ("common word and symptom", page(symptom="s2"), common),
        ("rare word, best 50", ranked, rare),
        ("common word, best 50", ranked, common),
        ("common word, numbers of the newest 50", numbers_of(product), common),
        ("common word, numbers of the best", lambda words: best_matches(product, TicketFilter(words=words)), common),
        ("rare word, capped count", count(), rare),
        ("common word, capped count", count(), common),
        ("misspelled word corrected", lambda word: corrected(product, word), misspelled),
    ]
    result: dict[str, Any] = {}
    for name, run, inputs in runs:
        result[name] = timed(run, inputs)
        print(f"{name:<32}", result[name], flush=True)
    right = sum((corrected(product, wrong) or "") == word for wrong, word in zip(misspelled, common, strict=True))
    result["misspelled words mended"] = round(right / len(common), 3)
    result |= alike(texts, sample, numbers)
    result |= beside_tantivy(product, texts, sample, numbers, words={"rare": rare, "common": common}, mine=result)
    if not options.no_peer:
        result |= beside_trigrams(product, texts, sample, numbers, result["similar tickets"]["p50_ms"])
    for name in list(result)[len(runs) :]:
        print(f"{name:<32}", result[name])
    return result


def numbers_of(product: Product) -> Callable[[Any], object]:
    """Return what finds the newest tickets of a search without anything that a page shows of them."""
    return lambda words: list(tickets_matching(product, TicketFilter(words=words)).values_list("pk", flat=True)[:50])


def alike(texts: dict[int, str], sample: list[tuple[int, int]], numbers: dict[str, int]) -> dict[str, Any]:
    """Time similar tickets, and count the near copies whose original is among the first ten."""
    tickets = Ticket.objects.in_bulk(list(texts))
    took = timed(lambda pk: similar_tickets(tickets[pk], limit=10), list(tickets))
    found = 0
    for copied, original in sample:
        near = {one.ticket.pk for one in similar_tickets(tickets[numbers[str(copied)]], limit=10)}
        found += numbers[str(original)] in near
    return {"similar tickets": took, "near copies found": found / len(sample)}


def beside_tantivy(
    product: Product,
    texts: dict[int, str],
    sample: list[tuple[int, int]],
    numbers: dict[str, int],
    *,
    words: dict[str, list[str]],
    mine: dict[str, Any],
) -> dict[str, Any]:
    """Have tantivy index the same tickets and answer the same questions."""
    copies = [numbers[str(copied)] for copied, _ in sample]
    asked = {
        **{f"newest:{kind}": some for kind, some in words.items()},
        **{f"ranked:{kind}": some for kind, some in words.items()},
        "alike": [texts[pk] for pk in copies],
    }
    try:
        python = tantivy_python()
    except (OSError, subprocess.CalledProcessError) as error:
        return {"tantivy": None, "tantivy is missing because": str(error)}
    with tempfile.TemporaryDirectory() as folder:
        command = [str(python), str(Path(__file__).parent / "overlay_peers" / "tantivy_app.py"), folder]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as peer:
            assert peer.stdin is not None
            assert peer.stdout is not None
            peer.stdin.write(json.dumps({"rounds": asked}) + "\n")
            rows = Ticket.objects.filter(product=product).values_list("pk", "reported_at", "text")
            for pk, at, text in rows.iterator(chunk_size=5000):
                peer.stdin.write(json.dumps({"id": pk, "at": int(at.timestamp()), "text": text}) + "\n")
            peer.stdin.close()
            told = json.loads(peer.stdout.read())
    found = sum(numbers[str(sample[i][1])] in hits for i, hits in enumerate(told["found"])) / len(sample)
    took = told["took"]

    def ratio(name: str, theirs: str) -> float:
        return round(float(mine[name]["p50_ms"]) / max(float(took[theirs]["p50_ms"]), 0.01), 2)

    return {
        "tantivy": took,
        "near copies found by tantivy": found,
        "newest common to tantivy": ratio("common word, newest 50", "newest:common"),
        "numbers of newest common to tantivy": ratio("common word, numbers of the newest 50", "newest:common"),
        "ranked common to tantivy": ratio("common word, best 50", "ranked:common"),
        "numbers of ranked common to tantivy": ratio("common word, numbers of the best", "ranked:common"),
        "similar tickets to tantivy": ratio("similar tickets", "alike"),
    }


def beside_trigrams(
    product: Product, texts: dict[int, str], sample: list[tuple[int, int]], numbers: dict[str, int], mine: float
) -> dict[str, Any]:
    """Time the ten nearest texts by trigrams, with a GiST index of its own: what most people would write."""
    found = 0
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("CREATE INDEX bench_trigrams ON incidents_ticket USING gist (text gist_trgm_ops(siglen=64))")

        def nearest(text: str) -> set[int]:
            cursor.execute(
                "SELECT id FROM incidents_ticket WHERE product_id = %s ORDER BY text <-> %s LIMIT 11",
                [product.pk, text],
            )
            return {row[0] for row in cursor.fetchall()}

        few = sample[:10]
        peer = timed(nearest, [texts[numbers[str(copied)]] for copied, _ in few])
        for copied, original in few:
            found += numbers[str(original)] in nearest(texts[numbers[str(copied)]])
    return {
        "trigram neighbours (peer)": peer,
        "near copies found by the peer": found / len(few),
        "similar tickets to peer": round(mine / peer["p50_ms"], 4),
    }


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
