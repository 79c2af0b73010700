"""Importing a bundle against a bare COPY of the same rows into the same table, in the same run.

    make bench NAME=import_bundle ARGS="--tickets 100000"

Works in a database of its own, which it removes. Tickets are generated from a seed: about 400 bytes, words with a
natural distribution, segments with unknowns; half of them bring symptoms, half are classified by terms. The floor is
a COPY of the finished rows, prepared as text beforehand: no parsing, no checks, no classifying, no look for what is
there. Resident memory is measured in processes of their own, for a small and a large bundle. The last line is one
JSON object.
"""

import argparse
import datetime as dt
import io
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import django
import orjson

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "workbench.settings")
django.setup()

from django.db import connection, transaction  # noqa: E402 - Django must be set up before its parts are imported

from incidents.ingest.bundle.services import import_bundle  # noqa: E402

SYMPTOMS = {
    "slow": ["slow", "lag", "takes ages"],
    "forgetful": ["forgets", "forgot", "lost context"],
    "shallow": ["shallow", "lazy", "worse"],
    "errors": ["error", "crash", "exception"],
    "limits": ["quota", "limit", "usage"],
}
DIMENSIONS = {
    "surface": ["cli", "ide", "web", "mobile"],
    "platform": ["linux", "macos", "windows"],
    "plan": ["free", "pro", "team", "enterprise"],
    "version": [f"3.{minor}.{patch}" for minor in range(8) for patch in range(5)],
}
START = dt.datetime(2026, 2, 1, tzinfo=dt.UTC)
SPAN_SECONDS = 89 * 86_400
TICKET_COLUMNS = (
    "id, product_id, source_id, external_id, reported_at, onset_at, title, text, segment_id, channel, reporter, "
    "weight, url, status, day_fields, received_at, extra"
)
LABEL_COLUMNS = "ticket_id, symptom_id, confidence, source, decided_at"


def write_bundle(folder: Path, n_tickets: int, seed: int = 7) -> int:
    """Write a bundle; return the bytes of its tickets."""
    dice = random.Random(seed)
    letters = "etaoinshrdlcumwfgypbvk"
    words = ["".join(dice.choices(letters, k=dice.randint(2, 9))) for _ in range(5000)]
    words[40:60] = [term for terms in SYMPTOMS.values() for term in terms] + words[55:60]
    weights = [1 / (rank + 3) for rank in range(len(words))]
    folder.mkdir()
    case = {
        "format": "incident-case/1",
        "title": "Generated",
        "timezone": "UTC",
        "window": {"start": "2026-02-01", "end": "2026-04-30"},
        "dimensions": DIMENSIONS,
        "symptoms": [{"key": key, "name": key.capitalize(), "terms": terms} for key, terms in SYMPTOMS.items()],
    }
    (folder / "case.json").write_bytes(orjson.dumps(case))
    (folder / "changes.jsonl").write_bytes(b"")
    with (folder / "tickets.jsonl").open("wb") as stream:
        for number in range(n_tickets):
            moment = START + dt.timedelta(seconds=number * SPAN_SECONDS // n_tickets)
            row = {
                "id": f"T-{number:08}",
                "created_at": moment.isoformat(),
                "title": " ".join(dice.choices(words, weights, k=6)),
                "text": " ".join(dice.choices(words, weights, k=40)),
                "segment": {key: dice.choice(values) for key, values in DIMENSIONS.items() if dice.random() < 0.7},
                "channel": "forum",
                "reporter": f"r{dice.randrange(10**9)}",
            }
            if number % 2:
                row["symptoms"] = [dice.choice(list(SYMPTOMS))]
            stream.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
    return (folder / "tickets.jsonl").stat().st_size


def timed(work: Callable[[], object]) -> float:
    """Return the wall time of some work in seconds."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def copied_out(query: str) -> bytes:
    """Return rows as PostgreSQL's own text."""
    out = io.BytesIO()
    with connection.cursor() as cursor, cursor.copy(f"COPY ({query}) TO STDOUT") as copy:
        for piece in copy:
            out.write(piece)
    return out.getvalue()


def copy_in(table: str, columns: str, raw: bytes) -> None:
    """Copy prepared text into a table."""
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
        for start in range(0, len(raw), 1 << 18):
            copy.write(raw[start : start + (1 << 18)])


def forget_rows() -> None:
    """Empty the tables for the next round, and leave nothing for the server to tidy up meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE incidents_ticketsymptom, incidents_ticket CASCADE")
        cursor.execute("VACUUM ANALYZE incidents_ticket")
        cursor.execute("CHECKPOINT")


def one_round(folder: Path) -> dict[str, float]:
    """Return seconds of an import, of a second one, and of the bare COPY of what the first one wrote."""
    forget_rows()
    first = timed(lambda: import_bundle(path=folder, product_slug="bench"))
    with connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")
    reports = []
    again = timed(lambda: reports.append(import_bundle(path=folder, product_slug="bench")))
    assert reports[0].changed_nothing, "the second import changed something"
    tickets = copied_out(f"SELECT {TICKET_COLUMNS} FROM incidents_ticket ORDER BY id")
    labels = copied_out(f"SELECT {LABEL_COLUMNS} FROM incidents_ticketsymptom ORDER BY id")
    forget_rows()

    def bare(*, with_labels: bool) -> None:
        with transaction.atomic():
            copy_in("incidents_ticket", TICKET_COLUMNS, tickets)
            if with_labels:
                copy_in("incidents_ticketsymptom", LABEL_COLUMNS, labels)

    alone = timed(lambda: bare(with_labels=False))
    forget_rows()
    return {"first": first, "again": again, "copy_tickets": alone, "copy_all": timed(lambda: bare(with_labels=True))}


def peak_mb(folder: Path) -> float:
    """Return the peak resident memory, in MB, of a process that imports the bundle."""
    forget_rows()
    settings = connection.settings_dict
    url = f"postgresql://{settings['USER']}@/{settings['NAME']}?host={quote(str(settings['HOST']), safe='/')}"
    command = [sys.executable, __file__, "--child", str(folder)]
    done = subprocess.run(command, env={**os.environ, "DATABASE_URL": url}, capture_output=True, text=True, check=True)
    return float(done.stdout.strip().splitlines()[-1])


def run(n_tickets: int, rounds: int) -> dict[str, float]:
    """Measure, print, and return the ratios."""
    with tempfile.TemporaryDirectory() as scratch:
        size = write_bundle(Path(scratch) / "large", n_tickets)
        small = write_bundle(Path(scratch) / "small", max(1000, n_tickets // 20))
        print(f"{n_tickets:,} tickets, {size / 1e6:.0f} MB")
        measured = [one_round(Path(scratch) / "large") for _ in range(rounds)]
        best = {name: min(one[name] for one in measured) for name in measured[0]}
        for name, seconds in best.items():
            print(f"  {name:<14} {seconds:7.2f} s {n_tickets / seconds:10,.0f} tickets/s")
        few, many = peak_mb(Path(scratch) / "small"), peak_mb(Path(scratch) / "large")
        print(f"  peak memory    {few:.0f} MB for {small / 1e6:.0f} MB, {many:.0f} MB for {size / 1e6:.0f} MB")
    return {
        "tickets": n_tickets,
        "rows_per_second": round(n_tickets / best["first"]),
        "import_over_copy_same_rows": round(best["copy_all"] / best["first"], 3),
        "import_over_copy_tickets_alone": round(best["copy_tickets"] / best["first"], 3),
        "second_over_first": round(best["again"] / best["first"], 3),
        "peak_memory_large_over_small": round(many / few, 3),
    }


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--tickets", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        import_bundle(path=options.child, product_slug="bench")
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        return
    usual = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        ratios = run(options.tickets, options.rounds)
    finally:
        connection.creation.destroy_test_db(usual, verbosity=0)
    print(json.dumps(ratios))


if __name__ == "__main__":
    main()
