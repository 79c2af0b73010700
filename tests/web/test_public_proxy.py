"""The public site as files behind a real nginx: the shipped configuration, what it serves, and what it never serves."""

import gzip
import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction

from benchmarks.overlay_peers.processes import nginx_program, workbench_nginx
from incidents.catalog.models import Product
from incidents.core.access import Role
from incidents.publishing.models import Publication
from incidents.publishing.services import withdraw
from incidents.publishing.site import put_in_place, site_folder, site_mark
from incidents.publishing.themes import save_theme
from incidents.web.public import written
from incidents.web.public.answers import KEPT
from incidents.web.public.written import check_site, state_name, write_site
from tests.conftest import ROOT, database_url
from tests.documents.stories import Story
from tests.factories import make_user
from tests.web.test_public import out


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    """Let the site be written into a folder of the test's own, for an address of its own."""
    settings.PUBLIC_SITE_ROOT = tmp_path / "site"
    settings.PUBLIC_URL = "http://public.example"
    written._release.cache_clear()
    return tmp_path / "site"


@pytest.fixture
def story(folder: Path, db: None) -> Story:
    """Return a case with a run."""
    return Story()


def files(folder: Path) -> dict[str, bytes]:
    current = folder / "current"
    return {
        str(path.relative_to(current.resolve())): path.read_bytes()
        for path in current.resolve().rglob("*")
        if path.is_file() and current.exists()
    }


def test_the_files_are_what_the_application_answers(client: Any, story: Story, folder: Path) -> None:
    publication = out(story)
    n_written = write_site()
    found = files(folder)
    assert n_written == len(found) // 2 == 4 + 6 + 3 + 9 + 6
    for name, content in found.items():
        if name.endswith(".gz"):
            continue
        path = "/" + name.removeprefix("public.example/").removesuffix("index.html")
        assert client.get(path, headers={"Host": "public.example"}).content == content, path
    assert f"public.example/p/larch/postmortems/{publication.slug}/index.html" in found
    assert write_site() == 0, "nothing is left to do"


def test_a_withdrawal_takes_the_files_away_before_it_is_committed(story: Story, folder: Path) -> None:
    publication = out(story)
    write_site()
    with transaction.atomic():
        withdraw(actor=story.comms, document=publication.document, reason="It named a customer.")
        assert files(folder) == {}, "hidden while others still read the old state from the database"
    write_site()
    assert not [name for name in files(folder) if publication.slug in name]
    assert not [content for content in files(folder).values() if b"What happened" in content]
    assert len(list(folder.iterdir())) == 2, "the earlier state is not even kept on the disk"


def test_what_was_made_before_a_change_is_never_put_in_place_after_it(story: Story, folder: Path) -> None:
    publication = out(story)
    seen = site_mark()
    assert seen is not None
    name = state_name(seen)
    with site_folder().writing(name, seen.changed_at) as state:
        written._fill(state)
    withdraw(actor=story.comms, document=publication.document, reason="It named a customer.")
    assert not put_in_place(seen, lambda: site_folder().show(name))
    assert files(folder) == {}


def test_a_change_behind_our_back_is_found_and_its_files_are_taken_away(story: Story, folder: Path) -> None:
    out(story)
    write_site()
    Publication.objects.update(withdrawn_at="2026-11-24T12:00:00Z", withdrawn_reason="By hand.")
    assert check_site() > 0
    assert not [content for content in files(folder).values() if b"What happened" in content]
    Product.objects.filter(slug="larch").update(name="Larch")
    assert check_site() == 0, "the same name is no change"


def test_an_unchanged_page_keeps_its_date_and_a_changed_one_never_shares_it(story: Story, folder: Path) -> None:
    publication = out(story)
    write_site()
    style = next(path for path in folder.glob("current/*/p/style-*.css"))
    page = folder / f"current/public.example/p/larch/postmortems/{publication.slug}/index.html"
    before = (style.stat().st_mtime, page.stat().st_mtime)
    publication.document.refresh_from_db()
    out(story, body="## Summary\n\nIt was fast.\n", document=publication.document, correction="Other words.")
    write_site()
    assert style.stat().st_mtime == before[0]
    # Within one transaction (as this test is) marks share a date; a real one has its own.
    assert page.stat().st_mtime >= before[1]


def test_a_host_of_a_products_own_has_files_of_its_own(story: Story, folder: Path, settings: Any) -> None:
    out(story)
    settings.PUBLIC_URL = "http://testserver"
    administrator = make_user(Role.ADMINISTRATOR, product=story.product)
    save_theme(actor=administrator, product=story.product, domain="public.example")
    write_site()
    found = files(folder)
    assert "public.example/p/larch/index.html" in found
    assert "public.example/p/index.html" not in found, "other products are not shown there"
    assert b"http://testserver" not in b"".join(
        content for name, content in found.items() if name.startswith("public.example/") and not name.endswith(".gz")
    )
    assert b'"id":"product-larch"' in found["public.example/api/v2/summary.json"]


@pytest.mark.django_db(transaction=True)
def test_a_writer_that_is_killed_leaves_either_whole_state_or_none(folder: Path) -> None:
    publication = out(Story())
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "workbench.settings",
        "DATABASE_URL": database_url(),
        "WORKBENCH_PUBLIC_SITE": str(folder),
        "WORKBENCH_PUBLIC_URL": "http://public.example",
        "DJANGO_ALLOWED_HOSTS": "public.example",
        "WORKBENCH_STATIC_ROOT": str(settings.STATIC_ROOT),
    }
    command = [sys.executable, "-c", _WRITES_FOR_EVER]
    for pause in (0.02, 0.07):
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        time.sleep(pause)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        found = files(folder)
        if found:
            assert len(found) == 2 * 28
            assert all(content for content in found.values())
    withdraw(actor=Publication.objects.get().published_by, document=publication.document, reason="It named someone.")
    assert files(folder) == {}
    _wait_for_lock()
    check_site()
    assert not [name for name in files(folder) if publication.slug in name]
    assert len(list(folder.iterdir())) == 2, "what the killed writers left is swept away"


_WRITES_FOR_EVER = """
import django; django.setup()
from django.conf import settings
settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
from incidents.publishing.site import site_folder
from incidents.web.public.written import write_site
write_site(); print("ready", flush=True)
while True:
    site_folder().hide(); write_site()
"""


def _wait_for_lock() -> None:
    """Wait until the server noticed that the killed writer's connection is gone."""
    deadline = time.monotonic() + 20
    while True:
        with written._alone() as is_alone:
            if is_alone:
                return
        assert time.monotonic() < deadline
        time.sleep(0.05)


@dataclass
class Served:
    """What came back."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode()


Getter = Callable[..., Served]


@pytest.fixture
def proxied(live_server: Any, folder: Path, tmp_path: Path, settings: Any) -> Iterator[Getter]:
    """Run nginx with the shipped configuration before the live server; give a function that asks it."""
    program = nginx_program()
    if program is None:
        pytest.skip("NO NGINX: install Debian's package nginx, or name the program in WORKBENCH_NGINX")
    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "status.example.com"]
    settings.PUBLIC_URL = "http://status.example.com"
    upstream = int(live_server.url.rpartition(":")[2])
    KEPT.clear()
    with workbench_nginx(program, tmp_path / "nginx", site=folder, upstream=upstream) as port:

        def ask(path: str, method: str = "GET", **headers: str) -> Served:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            connection.request(method, path, headers={"Host": "status.example.com"} | headers)
            answer = connection.getresponse()
            found = Served(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
            connection.close()
            return found

        yield ask


ADDRESSES = ["/p/", "/p/larch/", "/p/larch/postmortems/", "/p/larch/postmortems/what-happened/"]
ADDRESSES += [
    f"/p/larch/{name}.{form}" for name in ("feed", "changelog", "postmortems") for form in ("atom", "rss", "json")
]
ADDRESSES += ["/api/v2/summary.json", "/api/v2/incidents/unresolved.json", "/p/larch/api/v2/incidents.json"]
ADDRESSES += ["/p/sitemap.xml", "/robots.txt"]
# What differs by right: who sends it, how it travels, and how each names a state.
_OWN = {"server", "date", "connection", "keep-alive", "etag", "last-modified", "accept-ranges", "content-length"}


def _headers(answer: Served) -> dict[str, str]:
    found = {name: value for name, value in answer.headers.items() if name not in _OWN}
    rules = found.get("content-security-policy", "").split(";")
    return found | {"content-security-policy": ";".join(sorted(rule.strip() for rule in rules))}


@pytest.mark.django_db(transaction=True)
def test_nginx_serves_the_files_with_the_applications_headers(proxied: Getter, folder: Path) -> None:
    out(Story())
    style = next(line for line in proxied("/p/").text.split('"') if line.startswith("/p/style-"))
    before = {path: proxied(path) for path in (*ADDRESSES, style)}
    assert write_site() > 0
    for path, made in before.items():
        served = proxied(path)
        assert made.status == served.status == 200, path
        assert "W/" in made.headers["etag"], "the application's"
        assert "W/" not in served.headers["etag"], "the file's"
        assert served.content == made.content, path
        theirs = _headers(served)
        assert theirs.pop("strict-transport-security") == "max-age=31536000; includeSubDomains; preload"
        assert theirs == _headers(made), path
        assert proxied(path, **{"If-None-Match": served.headers["etag"]}).status == 304
        packed = proxied(path, **{"Accept-Encoding": "gzip"})
        assert packed.headers["content-encoding"] == "gzip"
        assert gzip.decompress(packed.content) == made.content


@pytest.mark.django_db(transaction=True)
def test_what_was_withdrawn_is_gone_at_once_behind_the_proxy_too(proxied: Getter, folder: Path) -> None:
    story = Story()
    publication = out(story)
    write_site()
    page = "/p/larch/postmortems/what-happened/"
    served = proxied(page)
    assert "W/" not in served.headers["etag"]
    withdraw(actor=story.comms, document=publication.document, reason="It named a customer.")
    for is_written_anew in (False, True):
        for headers in ({}, {"If-None-Match": served.headers["etag"]}, {"Range": "bytes=0-9"}):
            for method in ("GET", "HEAD"):
                assert proxied(page, method, **headers).status == 410
        assert "It named a customer." in proxied(page).text
        for path in ADDRESSES[:-2]:
            assert "What happened" not in proxied(path).text, path
        assert proxied("/p/larch/feed.atom").status == 404
        assert (write_site() > 0) is not is_written_anew


@pytest.mark.django_db(transaction=True)
def test_questions_other_methods_and_other_names_go_to_the_application(proxied: Getter, folder: Path) -> None:
    out(Story())
    write_site()
    assert "W/" in proxied("/p/larch/?q=slow").headers["etag"]
    assert "No notice matches" in proxied("/p/larch/?q=slow").text
    assert proxied("/p/larch/", "POST").status == 403, "no form of ours"
    assert proxied("/p/larch/", Host="evil.example").status == 400
    assert proxied("/p/larch/", Host="..").status == 400
    assert proxied("/p/larch/subscribe/").status == 200
    assert proxied("/p/larch/postmortems/what-happened.md").headers["content-disposition"].startswith("attachment")
    assert proxied("/p/larch/index.html").status == 404
    assert proxied("/healthz").status == 200
    for path in ("/p/../../../etc/passwd", "/p/%2e%2e/%2e%2e/etc/passwd", "/p/larch/..%2f..%2f", "/current/p/"):
        assert proxied(path).status in (400, 404), path
