"""Statements and time of each page on the demo case, against the page's own SQL run bare in the same session.

    make bench NAME=pages

Loads the demo case if it is not there. The ratio of a page is its median time over the median time of its own
statements alone: what Django, the views and the templates add. The last line is one JSON object.
"""

import json
import os
import statistics
import time
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "workbench.settings")
django.setup()

from django.conf import settings  # noqa: E402 - Django must be set up before its parts are imported
from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext, setup_test_environment  # noqa: E402
from django.urls import reverse  # noqa: E402

from incidents.attribution.services import run_attribution  # noqa: E402
from incidents.response.models import Incident  # noqa: E402

ROUNDS = 7
# Statements that belong to the session and the sign-in, the same on every page.
SESSION = ('"django_session"', '"auth_user"')


def pages(incident: Incident) -> list[tuple[str, str]]:
    """Return (name, address) of the pages to measure."""
    case = {"case_id": incident.pk}
    change = incident.product.changes.exclude(kind="client_release").order_by("pk").first()
    ticket = incident.product.tickets.order_by("pk").first()
    metric = incident.product.metrics.order_by("pk").first()
    if not (change and ticket and metric):
        raise SystemExit("The demo case lacks changes, tickets or metrics.")
    return [
        ("cases", reverse("cases")),
        ("overlay", reverse("case", kwargs=case)),
        ("overlay data", reverse("overlay-data", kwargs=case)),
        ("attribution", reverse("attribution", kwargs=case)),
        ("case tickets", reverse("case-tickets", kwargs=case)),
        ("timeline", reverse("case-timeline", kwargs=case)),
        ("documents", reverse("case-documents", kwargs=case)),
        ("changes", reverse("changes")),
        ("change", reverse("change", kwargs={"change_id": change.pk})),
        ("tickets", reverse("tickets")),
        ("ticket", reverse("ticket", kwargs={"ticket_id": ticket.pk})),
        ("metrics", reverse("metrics")),
        ("metric", reverse("metric", kwargs={"metric_id": metric.pk})),
        ("sources", reverse("sources")),
        ("publish", reverse("publish")),
        ("public home", reverse("public-home")),
    ]


def seconds_of(action: Any) -> float:
    """Return the median seconds of an action over the rounds, after one that does not count."""
    action()
    taken = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        action()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def bare(statements: list[str]) -> None:
    """Run a page's statements and fetch their rows."""
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
            if cursor.description:
                cursor.fetchall()


def measure(client: Client, address: str) -> tuple[int, float, float]:
    """Return (number of statements beyond the session's, seconds of the page, seconds of its SQL alone)."""

    def page() -> None:
        response = client.get(address)
        if response.status_code != 200:
            raise SystemExit(f"{address} answered {response.status_code}")

    page()
    with CaptureQueriesContext(connection) as seen:
        page()
    own = [row["sql"] for row in seen.captured_queries if not any(name in row["sql"] for name in SESSION)]
    reads = [sql for sql in own if sql.lstrip("( \n\t").lower().startswith(("select", "with"))]
    return len(own), seconds_of(page), seconds_of(lambda: bare(reads))


def main() -> None:
    """Print one line a page, then the ratios."""
    setup_test_environment()
    settings.SECURE_SSL_REDIRECT = False
    call_command("migrate", verbosity=0)
    call_command("load_demo", verbosity=0)
    incident = Incident.objects.filter(product__is_demo=True).select_related("product").latest("pk")
    run_attribution(incident=incident, actor=None)
    with transaction.atomic():
        user = User.objects.create_superuser("benchmark-pages")
        client = Client()
        client.force_login(user)
        print(f"{'page':16} {'statements':>10} {'page ms':>9} {'its SQL ms':>11} {'ratio':>7}")
        ratios: dict[str, dict[str, float]] = {}
        for name, address in pages(incident):
            n, page_s, sql_s = measure(client, address)
            ratio = page_s / sql_s if sql_s else float("nan")
            ratios[name] = {"statements": n, "page_over_sql": round(ratio, 2)}
            print(f"{name:16} {n:10d} {1000 * page_s:9.1f} {1000 * sql_s:11.1f} {ratio:7.1f}")
        transaction.set_rollback(True)
    print(json.dumps(ratios))


if __name__ == "__main__":
    main()
