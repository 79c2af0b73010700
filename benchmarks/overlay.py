"""The overlay from request to picture, beside what else could draw the same numbers, and its server beside bare SQL.

    make bench NAME=overlay                 # a million tickets, ten million points: some minutes to fill
    make bench NAME=overlay ARGS="--small"  # a quick look at the whole way
    make bench NAME=overlay ARGS="--keep"   # the filled database stays, and the next run with --keep begins with it

A seeded product fills a database of its own (dropped afterwards): tickets over 216 segments and 8 symptoms, 60 series
(ten metrics of six segments), 200 changes over 90 days; a second one has a tenth of the points, and 5,800 further
changes move between the first and a third. Everything is measured in turns in one run, in fresh browser contexts, and
printed as least / median and as ratios of medians:

- request to drawn (complaints and what is in sight are drawn by Plotly, the rest stands on canvases) and to the first
  paint (all that is in sight, on canvases), and, printed beside them, until every row is Plotly's, against
  Dash with plotly-resampler, which holds all points in memory (`pip` into an environment of its own in the cache
  folder), a page of bare uPlot (`npm pack` into the cache folder) and a bare canvas, both fed by ready-made bytes;
- a zoom to seven days, against Dash's;
- the answer built anew, against its own statements run bare; from 10 and from 1 million points;
- the kept answer with its permission check, against nginx serving the same bytes (Debian's package, or WORKBENCH_NGINX;
  load by wrk where it is installed, or WORKBENCH_WRK): answers a second over 8 connections.

Everything is served as `make up` serves it, hashed, bundled and compressed; the bare pages' files are compressed and
answered straight from memory.

The last line is one JSON object; what could not be measured is null. Superset is not run here: its ratio is null.
"""

import argparse
import contextlib
import gzip
import json
import os
import secrets
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import Request, urlopen

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "workbench.settings")
os.environ["WORKBENCH_TLS"] = "0"
# The browser's driver runs a loop in this thread; what is asked of the database waits for its answer all the same.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
django.setup()

import numpy as np  # noqa: E402 - Django must be set up before its parts are imported
from django.conf import settings  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from benchmarks.overlay_peers import browser, processes, rows  # noqa: E402
from incidents.changes.models import Change  # noqa: E402
from incidents.charts.typed import from_float32  # noqa: E402
from incidents.web.overlay.kept import KEPT  # noqa: E402

ASKED = "lines=segment&metrics=all"
WIDTH = 1130
GZIP = {"Accept-Encoding": "gzip"}
Times = dict[str, list[float]]


class Signed:
    """A person of the bench, asking in this process."""

    def __init__(self) -> None:
        """Make the person and sign in."""
        self.user, _ = User.objects.get_or_create(username="bench", is_superuser=True)
        self.client = Client(SERVER_NAME="127.0.0.1")
        self.client.force_login(self.user, backend="django.contrib.auth.backends.ModelBackend")
        self.session = self.client.cookies[settings.SESSION_COOKIE_NAME].value

    def ask(self, address: str) -> bytes:
        """Return the compressed answer, made anew."""
        KEPT.clear()
        response = self.client.get(address, headers=GZIP)
        assert response.status_code == 200, response.content
        return bytes(response.content)


def milliseconds(act: Callable[[], object]) -> float:
    """Return the time of one call."""
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


def data_address(filled: rows.Filled, more: str = "") -> str:
    """Return where the numbers of a case are."""
    return f"/cases/{filled.incident.pk}/overlay.json?{ASKED}&px={WIDTH}{more}"


def server_part(signed: Signed, large: rows.Filled, small: rows.Filled, rounds: int) -> dict[str, float]:
    """Measure the answer built anew against its bare statements, and from many points against from a tenth of them."""
    address = data_address(large)
    with CaptureQueriesContext(connection) as captured:
        body = signed.ask(address)
    statements = [query["sql"].replace("%", "%%") for query in captured.captured_queries]

    def bare() -> None:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement, [])
                cursor.fetchall()

    many, few = data_address(large, "&parts=metrics"), data_address(small, "&parts=metrics")
    times: Times = {"whole": [], "sql": [], "10m": [], "1m": []}
    for _ in range(rounds * 3):
        times["whole"].append(milliseconds(lambda: signed.ask(address)))
        times["sql"].append(milliseconds(bare))
        times["10m"].append(milliseconds(lambda: signed.ask(many)))
        times["1m"].append(milliseconds(lambda: signed.ask(few)))
    print(f"server: {len(statements)} statements, {len(body) / 1000:.0f} kB compressed; milliseconds, least / median")
    for name, found in times.items():
        print(f"  {name:<12} {processes.spread(found)}")
    # Work that others do on the machine only ever adds: the least is the truest.
    return {
        "rebuild_vs_sql": min(times["whole"]) / min(times["sql"]),
        "answer_10m_vs_1m": min(times["10m"]) / min(times["1m"]),
        "bytes_10m_vs_1m": len(signed.ask(many)) / len(signed.ask(few)),
    }


def write_numbers(signed: Signed, large: rows.Filled, files: Path) -> None:
    """Write what the bare pages draw: the very numbers of the overlay's answer, ready-made and compressed."""
    compressed = signed.ask(data_address(large))
    (files / "answer.json.gz").write_bytes(compressed)
    body = json.loads(gzip.decompress(compressed))
    traces = [trace for row in body["metrics"]["rows"] for trace in row["figure"]["data"]]
    lines = [trace for trace in traces if trace["meta"]["role"] == "line"]
    assert len(lines) == rows.N_SERIES, len(lines)
    length = min(len(from_float32(trace["x"])) for trace in lines)
    ends = [
        (change.started_at, change.ended_at or large.incident.ends_at)
        for change in Change.objects.filter(product=large.incident.product)
    ]
    numbers = {
        "x": from_float32(lines[0]["x"])[:length].round(3).tolist(),
        "series": [from_float32(trace["y"])[:length].round(4).tolist() for trace in lines],
        "hours": from_float32(body["complaints"]["edges"])[:-1].round(2).tolist(),
        "tickets": [from_float32(one["y"]).tolist() for one in body["complaints"]["series"]],
        "bands": [[round((at - rows.START) / timedelta(hours=1), 2) for at in pair] for pair in ends],
    }
    text = json.dumps(numbers).encode()
    (files / "numbers.json").write_bytes(text)
    (files / "numbers.json.gz").write_bytes(gzip.compress(text, 6))


def load_part(signed: Signed, large: rows.Filled, port: int, files: Path, options: argparse.Namespace) -> float | None:
    """Return kept answers a second as a share of nginx' with the same bytes; None where there is no nginx."""
    program = processes.nginx_program()
    if program is None:
        print("nginx is not here: install Debian's package nginx, or name the program in WORKBENCH_NGINX.")
        return None
    cookie = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={signed.session}", **GZIP}
    rates: Times = {"workbench": [], "nginx": []}
    with processes.nginx(program, files) as other:
        processes.requests_per_second(port, data_address(large), cookie, seconds=10)  # each worker makes the answer
        for _ in range(options.rounds):
            mine = processes.requests_per_second(port, data_address(large), cookie, seconds=options.seconds)
            rates["workbench"].append(mine)
            rates["nginx"].append(processes.requests_per_second(other, "/answer.json", GZIP, seconds=options.seconds))
    for name, found in rates.items():
        print(f"  {name:<12} {max(found):,.0f} answers a second, median {statistics.median(found):,.0f}")
    return max(rates["workbench"]) / max(rates["nginx"])


class Pages:
    """The pages that the browser opens, and their times in milliseconds."""

    def __init__(self, signed: Signed, large: rows.Filled, port: int) -> None:
        """Name the addresses."""
        self.base = f"http://127.0.0.1:{port}"
        self.overlay = f"{self.base}/cases/{large.incident.pk}/?{ASKED}"
        self.cookie = {"name": settings.SESSION_COOKIE_NAME, "value": signed.session, "url": self.base}
        self.times: Times = {}

    def note(self, name: str, value: float) -> None:
        """Keep one time."""
        self.times.setdefault(name, []).append(value)

    def open_overlay(self, chromium: Any, name: str, *, zoom: bool) -> None:
        """Open the overlay, whose answer has been asked for before; with `zoom` go on to seven days, which has not."""
        with browser.opened(chromium, self.overlay, script=browser.OVERLAY, cookie=self.cookie) as page:
            asked = page.evaluate("performance.getEntriesByType('resource').map((one) => one.name)")
            self.warm(next(address for address in asked if "overlay.json" in address))
        with browser.opened(chromium, self.overlay, script=browser.OVERLAY, cookie=self.cookie) as page:
            self.note(name, page.evaluate("window.done"))
            self.note(f"{name}, first paint", page.evaluate("window.first"))
            if zoom:
                page.wait_for_function("() => window.whole > 0", timeout=60_000)
                self.note("overlay, every plot", page.evaluate("window.whole"))
                page.wait_for_timeout(500)
                self.note("overlay zoom", page.evaluate(browser.OVERLAY_ZOOM))

    def warm(self, address: str) -> None:
        """Ask until each worker of the server has made the answer."""
        headers = {"Cookie": f"{self.cookie['name']}={self.cookie['value']}", **GZIP}
        for _ in range(8):
            with urlopen(Request(address, headers=headers)) as answer:  # noqa: S310 - our own server
                answer.read()

    def open_bare(self, chromium: Any, name: str) -> None:
        """Open the page of uPlot or of the canvas."""
        with browser.opened(chromium, f"{self.base}/bench/{name}") as page:
            self.note(name, page.evaluate("window.done"))

    def open_dash(self, chromium: Any, port: int) -> None:
        """Open Dash's page and zoom to seven days."""
        with browser.opened(chromium, f"http://127.0.0.1:{port}/", script=browser.DASH) as page:
            self.note("dash", page.evaluate("window.done"))
            page.wait_for_timeout(1500)
            self.note("dash zoom", page.evaluate(browser.DASH_ZOOM, ["2026-03-14", "2026-03-21"]))


def browser_part(pages: Pages, large: rows.Filled, parked: rows.Filled, dash: int | None, rounds: int) -> Times:
    """Open everything in turns; the first round warms the servers and does not count."""
    with browser.chromium() as chromium:
        for turn in range(rounds + 1):
            pages.open_overlay(chromium, "overlay", zoom=True)
            pages.open_bare(chromium, "uplot")
            pages.open_bare(chromium, "canvas")
            if dash is not None:
                pages.open_dash(chromium, dash)
            rows.move_changes(source=parked, target=large)
            pages.open_overlay(chromium, "6000 changes", zoom=False)
            rows.move_changes(source=large, target=parked)
            if turn == 0 and rounds > 1:
                pages.times.clear()
    print("browser: milliseconds from the request, least / median")
    for name, found in sorted(pages.times.items()):
        print(f"  {name:<26} {processes.spread(found)}")
    return pages.times


def drawn_ratios(times: Times) -> dict[str, float | None]:
    """Return the ratios of medians; None where a side was not measured."""
    middle = {name: statistics.median(found) for name, found in times.items()}

    def ratio(one: str, other: str) -> float | None:
        return middle[one] / middle[other] if one in middle and other in middle else None

    return {
        "drawn_vs_dash": ratio("overlay", "dash"),
        "drawn_vs_uplot": ratio("overlay", "uplot"),
        "first_paint_vs_uplot": ratio("overlay, first paint", "uplot"),
        "zoom_vs_dash": ratio("overlay zoom", "dash zoom"),
        "changes_6000_vs_200": ratio("6000 changes", "overlay"),
    }


@contextlib.contextmanager
def dash_server(large: rows.Filled, files: Path, *, wanted: bool) -> Any:
    """Run Dash with all points in its memory; give None where it is not wanted or cannot be installed."""
    if not wanted:
        yield None
        return
    np.save(files / "values.npy", rows.raw_values(large))
    try:
        server = processes.dash(files / "values.npy", files / "numbers.json")
    except subprocess.CalledProcessError as error:
        print(f"Dash could not be installed ({error}); its ratios are null.")
        yield None
        return
    with server as port:
        yield port


def filled(options: argparse.Namespace) -> tuple[rows.Filled, rows.Filled, rows.Filled]:
    """Fill the three products, or find them where an earlier run left them."""
    began = time.perf_counter()
    n_points = options.points - options.points % rows.N_SERIES
    last = options.changes - 200
    large = rows.fill("large", n_tickets=options.tickets, n_points=n_points, n_changes=200)
    small = rows.fill("small", n_tickets=1000, n_points=n_points // 10, n_changes=20)
    parked = rows.fill("parked", n_tickets=0, n_points=0, n_changes=last, first_change=200)
    rows.move_changes(source=large, target=parked)  # a run that was ended early left them there
    print(f"{options.tickets:,} tickets, {n_points:,} points, 200 changes in {time.perf_counter() - began:.0f} s")
    return large, small, parked


def measured(options: argparse.Namespace) -> dict[str, float | None]:
    """Fill the database, measure everything, return the ratios."""
    large, small, parked = filled(options)
    signed = Signed()
    ratios: dict[str, float | None] = dict(server_part(signed, large, small, options.rounds))
    values = connection.settings_dict
    url = f"postgresql://{values['USER']}@/{values['NAME']}?host={quote(str(values['HOST']), safe='/')}"
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder)
        write_numbers(signed, large, files)
        processes.uplot(files)
        processes.collect_static(files)
        with processes.workbench(url, files) as port:
            ratios["cached_vs_nginx"] = load_part(signed, large, port, files, options)
            with dash_server(large, files, wanted=not options.without_dash) as dash:
                pages = Pages(signed, large, port)
                ratios |= drawn_ratios(browser_part(pages, large, parked, dash, options.rounds))
    return ratios


ORDER = (
    "drawn_vs_dash", "drawn_vs_uplot", "first_paint_vs_uplot", "rebuild_vs_sql", "cached_vs_nginx", "zoom_vs_dash",
    "changes_6000_vs_200", "answer_10m_vs_1m", "bytes_10m_vs_1m", "drawn_vs_superset",
)  # fmt: skip


def main() -> None:
    """Fill, measure, drop; print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tickets", type=int, default=1_000_000)
    parser.add_argument("--points", type=int, default=10_368_000, help="in all 60 series")
    parser.add_argument("--changes", type=int, default=6000, help="of the case with many")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=4.0, help="of load, each time")
    parser.add_argument("--without-dash", action="store_true")
    parser.add_argument("--small", action="store_true", help="20,000 tickets, 120,000 points, one round")
    parser.add_argument("--keep", action="store_true", help="the filled database, for further runs of this size")
    options = parser.parse_args()
    if options.small:
        options.tickets, options.points, options.rounds, options.seconds = 20_000, 120_000, 1, 1.0
    name = settings.DATABASES["default"]["NAME"]
    size = f"{options.tickets}_{options.points}_{options.changes}"
    connection.settings_dict["TEST"]["NAME"] = f"bench_overlay_{size if options.keep else secrets.token_hex(4)}"
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False, keepdb=options.keep)
    try:
        ratios = measured(options)
    finally:
        with connection.cursor() as cursor:  # a server that was just told to end may still hold a connection
            cursor.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = current_database() and pid <> pg_backend_pid()"
            )
        connection.creation.destroy_test_db(str(name), verbosity=0, keepdb=options.keep)
    told = {key: ratios.get(key) for key in ORDER}
    print(json.dumps({key: None if value is None else round(value, 3) for key, value in told.items()}))


if __name__ == "__main__":
    main()
