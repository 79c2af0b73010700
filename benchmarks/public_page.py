"""A public page: how fast it is served and made public, and what it weighs, each against a floor of the same session.

    make bench NAME=public_page

A postmortem of about 20 kB, published in a database of its own. Measured are

- answers a second of its page against nginx serving the same bytes (Debian's package, or WORKBENCH_NGINX; null where
  there is none): by nginx with the shipped configuration (deploy/nginx) from the files that publishing writes, and by
  the application alone;
- turning its Markdown into safe HTML against sanitising alone, and against cmarkgfm with nh3 (installed into an
  environment of its own at the first run);
- the time from pressing publish to the first reader's answer, with a renderer that runs and with one that must start;
- from withdrawing to its being gone from pages, feeds, the status API, the sitemap and the files;
- the bytes of a first visit.

The last line is one JSON object.
"""

import argparse
import datetime as dt
import gzip
import json
import os
import secrets
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "workbench.settings")
django.setup()

import nh3  # noqa: E402 - Django must be set up before its parts are imported
from django.conf import settings  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks.overlay_peers import processes  # noqa: E402
from incidents.catalog.models import Product  # noqa: E402
from incidents.documents.enums import Verdict  # noqa: E402
from incidents.documents.models import Document  # noqa: E402
from incidents.documents.rendering.convert import convert  # noqa: E402
from incidents.documents.review import request_review, review_document  # noqa: E402
from incidents.documents.taking_in import take_in_postmortem  # noqa: E402
from incidents.publishing import site  # noqa: E402
from incidents.publishing.services import publish, withdraw  # noqa: E402
from incidents.response.models import Incident  # noqa: E402
from incidents.web.public import written  # noqa: E402

ROUNDS = 9
SECTION = """## Part {n}

The assistant answered worse than before for a part of its users. We looked at what had changed and found more than one
cause, which is why it took so long to see any of them.

| Change | What people noticed |
|---|---|
| The default effort | Answers were shallower |
| The cache of returning sessions | It forgot what it had been told |

- We looked at the wrong measure first.
- The evaluation was too small to see the fall.

> We said that nothing had changed. That was wrong.

"""
PACKED = {"Accept-Encoding": "gzip"}


def seconds_of(action: Callable[[], Any]) -> float:
    """Return the median seconds of an action, after one that does not count."""
    action()
    taken = []
    for _ in range(ROUNDS):
        started = time.process_time()
        action()
        taken.append(time.process_time() - started)
    return statistics.median(taken)


def approved(writer: User, reviewer: User, incident: Incident, body: str) -> Document:
    """Return a document that may be published."""
    content = f"# What happened\n\n{body}".encode()
    document = take_in_postmortem(actor=writer, incident=incident, content=content, file_name="a.md")
    request_review(actor=writer, document=document, reviewers=[reviewer], seen_version=document.version)
    review_document(
        actor=reviewer,
        document=document,
        verdict=Verdict.APPROVED,
        seen_version=document.version,
        sign_off="A text made for measuring.",
    )
    document.refresh_from_db()
    return document


def served(path: str, seconds: float) -> tuple[float | None, float | None]:
    """Return the page's answers a second over nginx' with the same bytes: by the application, and from its files."""
    program = processes.nginx_program()
    if program is None:
        print("nginx is not here: install Debian's package nginx, or name the program in WORKBENCH_NGINX.")
        return None, None
    values = connection.settings_dict
    url = f"postgresql://{values['USER']}@/{values['NAME']}?host={quote(str(values['HOST']), safe='/')}"
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder)
        answer = Client().get(path, headers=PACKED)
        (files / "page.json.gz").write_bytes(answer.content)
        processes.collect_static(files)
        settings.PUBLIC_SITE_ROOT, settings.PUBLIC_URL = files / "site", "http://127.0.0.1"
        print(f"{written.write_site()} addresses written as files in {write_seconds():.2f} s")
        with (
            processes.workbench(url, files) as own,
            processes.nginx(program, files) as other,
            processes.workbench_nginx(program, files / "proxy", site=files / "site", upstream=own) as proxy,
        ):
            places = {"application": (own, path), "files": (proxy, path), "nginx": (other, "/page.json")}
            found: dict[str, list[float]] = {name: [] for name in places}
            for _ in range(3):
                for name, (port, where) in places.items():
                    found[name].append(processes.requests_per_second(port, where, PACKED, seconds=seconds))
    best = {name: max(values) for name, values in found.items()}
    print("page, answers a second: " + ", ".join(f"{name} {value:,.0f}" for name, value in best.items()))
    return best["application"] / best["nginx"], best["files"] / best["nginx"]


def write_seconds() -> float:
    """Return the seconds that writing the site's files anew takes."""
    site.site_folder().hide()
    started = time.perf_counter()
    written.write_site()
    return time.perf_counter() - started


def published(writer: User, document: Document) -> tuple[float, str]:
    """Publish; return the seconds until a reader has the page, and its address."""
    started = time.perf_counter()
    publication = publish(actor=writer, document=document, seen_version=document.version)
    path = f"/p/larch/postmortems/{publication.slug}/"
    answer = Client().get(path)
    if answer.status_code != 200:
        raise SystemExit(f"The page answered {answer.status_code}.")
    return time.perf_counter() - started, path


def publication_slug(path: str) -> str:
    """Return the page's own part of its address."""
    return path.rstrip("/").rpartition("/")[2]


def measured(seconds: float) -> dict[str, float | None]:
    """Publish, measure, return the figures."""
    product = Product.objects.create(name="Larch", slug="larch")
    now = timezone.now()
    incident = Incident.objects.create(
        product=product, slug="case", title="Case", starts_at=now - dt.timedelta(days=9), ends_at=now
    )
    people = [User.objects.create_superuser(f"person-{n}") for n in range(2)]
    body = "".join(SECTION.format(n=number) for number in range(36))
    writer, reviewer = people
    document = approved(writer, reviewer, incident, body)
    cold, _ = published(writer, document)
    document = approved(writer, reviewer, incident, f"{body}\nA last word.")
    out, path = published(writer, document)
    answer = Client().get(path)
    html = convert(body, public=True)
    render = seconds_of(lambda: convert(body, public=True))
    peer = processes.markdown_seconds(body, ROUNDS)
    print(f"render and sanitise {1000 * render:.1f} ms, cmarkgfm with nh3 {1000 * peer:.2f} ms")
    page = Client().get(path, headers=PACKED).content
    style = next(part.split('"')[0] for part in answer.content.decode().split('href="') if part.startswith("/p/style-"))
    sheet = gzip.compress(Client().get(style).content)
    print(f"page {len(page):,} bytes, its style {len(sheet):,} bytes, compressed; Markdown {len(body):,} bytes")
    application, files = served(path, seconds)
    started = time.perf_counter()
    withdraw(actor=writer, document=document, reason="Measured.")
    gone = [Client().get(where).status_code for where in (path, f"{path[:-1]}.md")]
    lists = ("/p/larch/", "/p/larch/feed.atom", "/p/larch/feed.json", "/api/v2/incidents.json", "/p/sitemap.xml")
    left = [where for where in lists if publication_slug(path) in Client().get(where).content.decode()]
    away = time.perf_counter() - started
    if gone != [410, 410] or left or site.site_folder().current():
        raise SystemExit(f"After withdrawing, the addresses answered {gone}; {left} still name it.")
    return {
        "page_vs_nginx": files,
        "application_vs_nginx": application,
        "render_vs_cmarkgfm": render / peer,
        "render_vs_sanitise": render / seconds_of(lambda: nh3.clean(html)),
        "publish_to_read_seconds": out,
        "publish_to_read_cold_seconds": cold,
        "withdraw_to_gone_seconds": away,
        "first_visit_kilobytes": (len(page) + len(sheet)) / 1000,
    }


def main() -> None:
    """Make a database, measure, drop it; print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3.0, help="of load, each time")
    options = parser.parse_args()
    setup_test_environment()
    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    name = settings.DATABASES["default"]["NAME"]
    connection.settings_dict["TEST"]["NAME"] = f"bench_public_{secrets.token_hex(4)}"
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        figures = measured(options.seconds)
    finally:
        with connection.cursor() as cursor:
            cursor.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = current_database() and pid <> pg_backend_pid()"
            )
        connection.creation.destroy_test_db(str(name), verbosity=0)
    print(json.dumps({key: None if value is None else round(value, 3) for key, value in figures.items()}))


if __name__ == "__main__":
    main()
