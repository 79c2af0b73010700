"""The overlay from request to picture, against a bare canvas of the same numbers and against its bare SQL.

    make bench NAME=overlay ARGS="--tickets 200000 --points 5000"

A seeded case of 90 days fills a database of its own (dropped afterwards): tickets over 216 segments, 20 metrics by the
hour, 200 changes. The server part is timed without a browser: the whole answer against the very statements that it
sends, run again bare. Then a browser draws, in turns, the overlay (until its lanes, its complaints, everything
stands) and a page that fetches the same answer and strokes its series on a canvas. The last line is one JSON object.
"""

import argparse
import json
import os
import secrets
import statistics
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
import numpy as np

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "workbench.settings")
os.environ["WORKBENCH_TLS"] = "0"
django.setup()

from django.conf import settings  # noqa: E402 - Django must be set up before its parts are imported
from django.contrib.auth.models import User  # noqa: E402
from django.contrib.staticfiles.handlers import StaticFilesHandler  # noqa: E402
from django.core.handlers.wsgi import WSGIHandler  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from incidents.catalog.models import Dimension, DimensionValue, Product, Source, Symptom  # noqa: E402
from incidents.catalog.services import intern_segments  # noqa: E402
from incidents.changes.models import Change, RolloutStep  # noqa: E402
from incidents.metrics.models import Metric, MetricSeries  # noqa: E402
from incidents.response.models import Incident  # noqa: E402

START = datetime(2026, 2, 1, tzinfo=UTC)
DAYS = 90
VALUES = {
    "surface": ["cli", "ide", "web", "mobile"],
    "model": ["large", "medium", "small"],
    "platform": ["linux", "macos", "windows"],
    "plan": ["free", "pro", "team"],
    "session": ["fresh", "idle"],
}
FLOOR = """<!doctype html><meta charset=utf-8><canvas id=c width=1100 height=700></canvas><script>
fetch("%s").then((r) => r.json()).then((body) => {
  const pen = document.getElementById("c").getContext("2d");
  const unpack = (a) => new Float32Array(Uint8Array.from(atob(a.bdata), (c) => c.charCodeAt(0)).buffer);
  const [low, high] = body.shown;
  const stroke = (x, y) => {
    const top = y.reduce((a, b) => (b > a ? b : a), 1);
    pen.beginPath();
    x.forEach((h, i) => pen.lineTo(((h - low) / (high - low)) * 1100, 700 - (y[i] / top) * 690));
    pen.stroke();
  };
  for (const s of body.complaints.series) stroke(unpack(body.complaints.edges).slice(0, -1), unpack(s.y));
  for (const r of body.metrics.rows) for (const t of r.figure.data) stroke(unpack(t.x), unpack(t.y));
  requestAnimationFrame(() => requestAnimationFrame(() => { window.done = performance.now(); }));
});
</script>"""


def fill(n_tickets: int, n_points: int, n_changes: int) -> Incident:
    """Write the case; every number follows from the seed."""
    product = Product.objects.create(slug="bench", name="Bench")
    source = Source.objects.create(product=product, kind="bundle", key="bench", name="Bench")
    for key, values in VALUES.items():
        dimension = Dimension.objects.create(product=product, key=key, name=key)
        DimensionValue.objects.bulk_create(DimensionValue(dimension=dimension, key=value) for value in values)
    patterns: list[dict[str, str]] = [{}]
    for key, values in VALUES.items():
        patterns = [{**pattern, key: value} for pattern in patterns for value in values]
    segments = list(intern_segments(product=product, patterns=patterns).values())
    symptoms = [Symptom.objects.create(product=product, key=f"s{i}", name=f"Symptom {i}") for i in range(8)]
    with connection.cursor() as cursor:
        cursor.execute("select setseed(0.42)")
        cursor.execute(
            """insert into incidents_ticket (product_id, source_id, external_id, reported_at, title, text, segment_id,
                channel, reporter, weight, url, status, day_fields, received_at, extra)
            select %s, %s, 'b' || n, %s + random() * interval '90 days', 'Complaint', 'x', (%s::int8[])[1 + n %% %s],
                '', '', 1, '', 'new', '{}', now(), '{}' from generate_series(1, %s) n""",
            [product.pk, source.pk, START, segments, len(segments), n_tickets],
        )
        cursor.execute(
            """insert into incidents_ticketsymptom (ticket_id, symptom_id, confidence, source, decided_at)
            select id, (%s::int8[])[1 + id %% 8], 1.0, 'bundle', now() from incidents_ticket""",
            [[symptom.pk for symptom in symptoms]],
        )
        for i in range(20):
            metric = Metric.objects.create(product=product, key=f"m{i}", name=f"Metric {i}", position=i)
            series = MetricSeries.objects.create(metric=metric, segment_id=segments[i], source=source)
            cursor.execute(
                """insert into incidents_metricpoint (series_id, at, value, n, day_only)
                select %s, %s + n * (interval '90 days' / %s), random(), 500, false from generate_series(0, %s) n""",
                [series.pk, START, n_points, n_points - 1],
            )
        cursor.execute("analyze")
    add_changes(product, source, n_changes)
    return Incident.objects.create(
        product=product, source=source, slug="bench", title="Bench", bucket="hour",
        starts_at=START, ends_at=START + timedelta(days=DAYS),
    )  # fmt: skip


def add_changes(product: Product, source: Source, n_changes: int) -> None:
    """Add changes of all kinds, half of them ended."""
    generator = np.random.default_rng(7)
    for i in range(n_changes):
        started = START + timedelta(days=float(generator.uniform(0, DAYS)))
        ended = started + timedelta(days=float(generator.exponential(6))) if i % 2 else None
        change = Change.objects.create(
            product=product, source=source, external_id=f"c{i}", kind=("prompt", "cache", "flag", "model")[i % 4],
            title=f"Change number {i}", started_at=started, ended_at=ended, colour=i,
            end_kind="revert" if ended else "",
        )  # fmt: skip
        RolloutStep.objects.create(change=change, at=started, share=0.2)
        RolloutStep.objects.create(change=change, at=started + timedelta(hours=12), share=1.0)


def best(act: Callable[[], object], rounds: int = 7) -> float:
    """Return the shortest of some times, in milliseconds."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        act()
        times.append((time.perf_counter() - began) * 1000)
    return min(times)


def server_part(address: str, user: User) -> tuple[float, float, int, int]:
    """Return (whole answer ms, its bare SQL ms, statements, compressed bytes)."""
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")

    def ask() -> Any:
        return client.get(address, headers={"Accept-Encoding": "gzip"})

    with CaptureQueriesContext(connection) as captured:
        answer = ask()
    assert answer.status_code == 200, answer.content
    size = len(answer.content)
    statements = [query["sql"] for query in captured.captured_queries]

    def bare() -> None:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement.replace("%", "%%"), [])
                cursor.fetchall()

    return best(ask), best(bare), len(statements), size


class Quiet(WSGIRequestHandler):
    """Writes no log."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Say nothing."""


def browser_part(server: WSGIServer, page_address: str, session: str, rounds: int) -> dict[str, list[float]]:
    """Return milliseconds from the request to lanes, first plot and everything, and to the bare canvas, in turns."""
    from playwright.sync_api import sync_playwright  # a development dependency

    from tests.browser import browser_program

    base = f"http://127.0.0.1:{server.server_port}"
    found: dict[str, list[float]] = {"lanes": [], "first": [], "all": [], "canvas": []}
    listener = """
        document.addEventListener('overlay:first-paint', () => requestAnimationFrame(() => setTimeout(
            () => { window.lanes ??= performance.now(); })));
        document.addEventListener('overlay:first-plot', () => { window.first ??= performance.now(); });
        document.addEventListener('overlay:drawn', () => requestAnimationFrame(() => requestAnimationFrame(
            () => { window.done ??= performance.now(); })));"""
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=browser_program(), args=arguments)
        for _ in range(rounds):
            for name, address in (("overlay", page_address), ("canvas", "/bare-canvas")):
                context = browser.new_context(viewport={"width": 1440, "height": 900})
                context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": base}])
                page = context.new_page()
                page.add_init_script(listener)
                page.goto(base + address)
                page.wait_for_function("() => window.done > 0")
                if name == "overlay":
                    found["lanes"].append(page.evaluate("window.lanes"))
                    found["first"].append(page.evaluate("window.first"))
                    found["all"].append(page.evaluate("window.done"))
                else:
                    found["canvas"].append(page.evaluate("window.done"))
                context.close()
        browser.close()
    return found


def application(data_address: str) -> Callable[..., Any]:
    """Return the workbench with its static files, and one page more: the bare canvas."""
    workbench = StaticFilesHandler(WSGIHandler())

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        if environ["PATH_INFO"] == "/bare-canvas":
            start("200 OK", [("Content-Type", "text/html; charset=utf-8")])
            return [(FLOOR % data_address).encode()]
        return workbench(environ, start)

    return answer


def main() -> None:
    """Fill, measure, drop; print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tickets", type=int, default=100_000)
    parser.add_argument("--points", type=int, default=2160, help="of each of 20 series")
    parser.add_argument("--changes", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=4)
    options = parser.parse_args()
    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    name = settings.DATABASES["default"]["NAME"]
    connection.settings_dict["TEST"]["NAME"] = f"bench_overlay_{secrets.token_hex(4)}"
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        measured(options)
    finally:
        with connection.cursor() as cursor:  # the server's thread keeps its connection
            cursor.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = current_database() and pid <> pg_backend_pid()"
            )
        connection.creation.destroy_test_db(str(name), verbosity=0)


def measured(options: argparse.Namespace) -> None:
    """Measure on the filled database and print."""
    began = time.perf_counter()
    incident = fill(options.tickets, options.points, options.changes)
    rows = f"{options.tickets:,} tickets, {20 * options.points:,} points, {options.changes} changes"
    print(f"{rows} in {time.perf_counter() - began:.0f} s")
    user = User.objects.create_superuser("bench", password=secrets.token_hex(16))
    page = f"/cases/{incident.pk}/"
    data = f"{page}overlay.json?px=1100"
    whole, bare, statements, size = server_part(data, user)
    print(f"server: {whole:.0f} ms, its {statements} statements bare {bare:.0f} ms, {size / 1000:.0f} kB compressed")
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    server = make_server("127.0.0.1", 0, application(data), handler_class=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    found = browser_part(server, page, session, options.rounds)
    server.shutdown()
    for what, times in found.items():
        print(f"{what:>7}: " + ", ".join(f"{one:.0f}" for one in times) + " ms")
    least = {what: min(times) for what, times in found.items()}
    middle = {what: statistics.median(times) for what, times in found.items()}
    ratios = {
        "rebuild_vs_sql": round(whole / bare, 2),
        "first_paint_vs_canvas": round(least["lanes"] / least["canvas"], 2),
        "first_plot_vs_canvas": round(least["first"] / least["canvas"], 2),
        "drawn_vs_canvas": round(least["all"] / least["canvas"], 2),
        "drawn_vs_canvas_median": round(middle["all"] / middle["canvas"], 2),
        "statements": statements,
        "bytes": size,
    }
    print(json.dumps(ratios))


if __name__ == "__main__":
    main()
