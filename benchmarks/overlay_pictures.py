"""Pictures of the overlay with 3, 30 and 300 changes, wide and narrow, light and dark, for a person to look through.

    make bench NAME=overlay_pictures

The demo case is loaded into a database of its own (dropped afterwards) and given more changes, or fewer; a browser
takes the pictures into docs/overlay/, whose page shows them side by side. The last line is one JSON object.
"""

import json
import os
import secrets
import threading
from collections.abc import Iterator
from datetime import timedelta
from itertools import product as every
from pathlib import Path
from typing import Any, Literal
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
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402

from incidents.attribution.services import run_attribution  # noqa: E402
from incidents.changes.models import Change, RolloutStep  # noqa: E402
from incidents.response.models import Incident  # noqa: E402

TARGET = Path(__file__).resolve().parents[1] / "docs" / "overlay"
SIZES = {1440: 900, 390: 1500}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
QUALITY = 72
KINDS = ("prompt", "cache", "flag", "routing", "config")
PARTS = (
    "System prompt", "Cache of prefixes", "Flag", "Routing", "Tool definitions", "Effort", "Limits", "Retries",
    "Token counting", "Safety filter", "Streaming", "File search", "Memory", "Compaction", "Autocomplete",
)  # fmt: skip
DEEDS = (
    "shorter wording", "a second pool", "for half of the users", "older entries are dropped", "higher in the order",
    "another default", "counted per session", "off in the editor", "twice as long", "behind a check",
)  # fmt: skip
SCOPES: tuple[dict[str, list[str]], ...] = ({}, {"surface": ["cli"]}, {"surface": ["ide", "web"]}, {"plan": ["pro"]})


class Quiet(WSGIRequestHandler):
    """Writes no log."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Say nothing."""


def grow(incident: Incident, n_changes: int) -> None:
    """Add seeded changes until there are so many, two thirds of them ended."""
    held = Change.objects.filter(product=incident.product).count()
    random = np.random.default_rng(n_changes)
    assert incident.source is not None
    days = (incident.ends_at - incident.starts_at) / timedelta(days=1)
    for i in range(held, n_changes):
        started = incident.starts_at + timedelta(days=float(random.uniform(0, days - 1)))
        ended = started + timedelta(days=float(random.exponential(7)) + 0.3) if i % 3 else None
        change = Change.objects.create(
            product=incident.product,
            source=incident.source,
            external_id=f"picture-{i}",
            kind=KINDS[i % len(KINDS)],
            title=f"{PARTS[int(random.integers(len(PARTS)))]}: {DEEDS[int(random.integers(len(DEEDS)))]}",
            scope=SCOPES[int(random.integers(len(SCOPES)))],
            started_at=started,
            ended_at=ended,
            end_kind=("revert", "fix", "superseded", "mitigation")[i % 4] if ended else "",
            discovered_at=started + timedelta(days=3) if i % 11 == 0 else None,
            user_facing=i % 5 == 0,
            colour=i,
        )
        if i % 4 == 0:
            RolloutStep.objects.create(change=change, at=started, share=0.2)
            RolloutStep.objects.create(change=change, at=started + timedelta(days=1), share=1.0)


def shrink(incident: Incident, n_changes: int) -> None:
    """Keep the changes that the latest attribution gives most complaints to."""
    run = run_attribution(incident=incident, actor=None)
    told = sorted(run.result["changes"], key=lambda one: -one["excess"]["estimate"])
    Change.objects.exclude(pk__in=[one["change"] for one in told[:n_changes]]).delete()


def pictures(server: WSGIServer, address: str, session: str, n_changes: int) -> Iterator[tuple[str, int]]:
    """Take each picture; yield its name and size in bytes."""
    from playwright.sync_api import sync_playwright  # a development dependency

    from tests.browser import browser_program

    base = f"http://127.0.0.1:{server.server_port}"
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=browser_program(), args=arguments)
        for (width, height), scheme in every(SIZES.items(), SCHEMES):
            context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": base}])
            page = context.new_page()
            page.goto(f"{base}{address}?layers=1")
            page.wait_for_selector("#overlay.is-drawn")
            page.wait_for_selector("#ov-stage:not([aria-busy])", timeout=60_000)
            page.wait_for_timeout(1500)  # rows further down are drawn when the page is idle
            path = TARGET / f"{n_changes}-{width}-{scheme}.jpg"
            page.screenshot(path=path, type="jpeg", quality=QUALITY)
            context.close()
            yield path.name, path.stat().st_size
        browser.close()


def main() -> None:
    """Fill, look, drop."""
    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    name = settings.DATABASES["default"]["NAME"]
    connection.settings_dict["TEST"]["NAME"] = f"bench_pictures_{secrets.token_hex(4)}"
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    TARGET.mkdir(exist_ok=True)
    try:
        call_command("load_demo", verbosity=0)
        incident = Incident.objects.get()
        user = User.objects.create_superuser("bench", password=secrets.token_hex(16))
        client = Client(SERVER_NAME="127.0.0.1")
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        server = make_server("127.0.0.1", 0, StaticFilesHandler(WSGIHandler()), handler_class=Quiet)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        run_attribution(incident=incident, actor=None)
        sizes: dict[str, int] = {}
        for n_changes in (30, 300, 3):
            if n_changes > 3:
                grow(incident, n_changes)
            else:
                shrink(incident, n_changes)
            sizes |= dict(pictures(server, f"/cases/{incident.pk}/", session, n_changes))
        server.shutdown()
        print(json.dumps({"pictures": len(sizes), "largest": max(sizes.values()), "total": sum(sizes.values())}))
    finally:
        with connection.cursor() as cursor:  # the server's thread keeps its connection
            cursor.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = current_database() and pid <> pg_backend_pid()"
            )
        connection.creation.destroy_test_db(str(name), verbosity=0)


if __name__ == "__main__":
    main()
