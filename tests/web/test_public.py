"""The public pages: what readers get, and that nothing else ever reaches them."""

import datetime as dt
import io
import re
import secrets
import uuid
import zipfile
import zlib
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from incidents.documents.enums import Verdict
from incidents.documents.models import Document
from incidents.documents.review import request_review, review_document
from incidents.documents.services import draft_notice, save_document
from incidents.publishing.models import Publication
from incidents.publishing.services import publish, withdraw
from incidents.response.models import CandidateChange, TimelineEntry
from tests.documents.stories import Story
from tests.factories import at, make_ticket
from tests.publishing.exports.pdf_text import page_words
from tests.web.planting import beside_the_text, reserved

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def story(db: None) -> Story:
    """Return a case with a run."""
    return Story()


def out(
    story: Story, body: str = "## Summary\n\nIt was slow.\n", title: str = "What happened", **more: Any
) -> Publication:
    document = more.pop("document", None) or story.drafted()
    document = save_document(
        actor=story.comms, document=document, title=title, body=body, seen_version=document.version
    )
    document = story.approved(document)
    return publish(actor=story.comms, document=document, seen_version=document.version, **more)


def parsed(written: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(written)  # noqa: S314 - our own output


def test_nothing_published_is_an_empty_front_page_and_no_product(client: Client, story: Story) -> None:
    story.approved()
    page = client.get("/p/")
    assert b"Nothing has been published here yet." in page.content
    assert b"Larch" not in page.content
    assert client.get("/p/larch/").status_code == 404


def test_a_postmortem_as_a_reader_meets_it(client: Client, story: Story) -> None:
    publication = out(story)
    page = client.get(f"/p/larch/postmortems/{publication.slug}/")
    text = page.content.decode()
    assert page.status_code == 200
    assert '<h1 class="public-title">What happened</h1>' in text
    assert 'id="section-summary"' in text
    assert "/static/vendor/htmx" not in text
    assert "Set-Cookie" not in page.headers
    assert page.headers["Cache-Control"] == "public, max-age=0, must-revalidate"
    for address in ("/p/", "/p/larch/", "/p/larch/postmortems/"):
        assert b"What happened" in client.get(address).content


def test_a_correction_is_told_on_the_page(client: Client, story: Story) -> None:
    publication = out(story)
    publication.document.refresh_from_db()
    out(story, body="## Summary\n\nIt was very slow.\n", document=publication.document, correction="It was worse.")
    text = client.get(f"/p/larch/postmortems/{publication.slug}/").content.decode()
    assert "very slow" in text
    assert text.count("It was worse.") == 2
    assert "History of this page" in text


def test_the_words_before_a_correction_are_nowhere(client: Client, story: Story) -> None:
    before = canary("before")
    publication = out(story, title=f"First {before}", body=f"Earlier {before}.")
    publication.document.refresh_from_db()
    out(story, title="Second title", body="Later words.", document=publication.document, correction="Wrong name.")
    slug = publication.slug
    for address in ("/p/", "/p/larch/", "/p/larch/postmortems/", f"/p/larch/postmortems/{slug}/", "/p/larch/feed.atom"):
        text = client.get(address).content.decode()
        assert "Second title" in text
        assert before not in text.replace(slug, "")


def test_what_did_not_change_is_not_sent_again_and_what_was_withdrawn_is_gone(client: Client, story: Story) -> None:
    publication = out(story)
    address = f"/p/larch/postmortems/{publication.slug}/"
    first = client.get(address)
    mark, modified = first.headers["ETag"], first.headers["Last-Modified"]
    assert client.get(address, headers={"If-None-Match": mark}).status_code == 304
    assert client.get(address, headers={"If-Modified-Since": modified}).status_code == 304
    withdraw(actor=story.comms, document=publication.document, reason="It named a customer.")
    for headers in ({}, {"If-None-Match": mark}, {"If-Modified-Since": modified}, {"Range": "bytes=0-99"}):
        for method in (client.get, client.head):
            answer = method(address, headers=headers)
            assert answer.status_code == 410, headers
    text = client.get(address).content.decode()
    assert "It named a customer." in text
    assert "It was slow" not in text
    assert b"What happened" not in client.get("/p/").content
    assert client.get("/p/larch/").status_code == 404


def test_a_page_travels_compressed_and_is_still_known_by_its_mark(client: Client, story: Story) -> None:
    publication = out(story, body="## Summary\n\n" + "It was slow, and we say so at length. " * 100)
    address = f"/p/larch/postmortems/{publication.slug}/"
    plain = client.get(address)
    packed = client.get(address, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.content) < len(plain.content) / 2
    asked = {"Accept-Encoding": "gzip", "If-None-Match": packed.headers["ETag"]}
    assert client.get(address, headers=asked).status_code == 304


def test_staff_see_exactly_what_readers_see(client: Client, story: Story, admin_client: Client) -> None:
    publication = out(story)
    for address in ("/p/", "/p/larch/", f"/p/larch/postmortems/{publication.slug}/", "/p/larch/feed.atom"):
        assert client.get(address).content == admin_client.get(address).content


def test_an_unpublished_address_cannot_be_told_from_one_that_never_was(client: Client, story: Story) -> None:
    out(story)
    draft = story.approved()
    notice = draft_notice(actor=story.comms, incident=story.incident, change=story.change)
    pairs = [
        (f"/p/larch/postmortems/{draft.slug}/", "/p/larch/postmortems/no-such-text/"),
        (f"/p/larch/changes/{notice.slug}/", "/p/larch/changes/no-such-text/"),
    ]
    for known, unknown in pairs:
        answers = [client.get(address) for address in (known, unknown)]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].content == answers[1].content
        assert dict(answers[0].headers) == dict(answers[1].headers)


def test_saving_a_draft_changes_nothing_that_readers_can_measure(client: Client, story: Story) -> None:
    publication = out(story)
    address = f"/p/larch/postmortems/{publication.slug}/"
    before = {where: client.get(where).headers["ETag"] for where in ("/p/", "/p/larch/", address, "/p/larch/feed.atom")}
    document = publication.document
    document.refresh_from_db()
    save_document(actor=story.comms, document=document, title="New", body="New.", seen_version=document.version)
    story.drafted()
    assert {where: client.get(where).headers["ETag"] for where in before} == before


def test_the_changelog_stands_by_month_and_heading(client: Client, story: Story) -> None:
    notice = draft_notice(actor=story.comms, incident=story.incident, change=story.change)
    publication = out(story, title="Effort is back", body="About effort.", document=notice)
    text = client.get("/p/larch/").content.decode()
    assert re.search(r"March 2026.*<h3>Fixed</h3>.*20 Mar 2026.*Effort is back.*About effort\.", text, re.DOTALL)
    page = client.get(f"/p/larch/changes/{publication.slug}/")
    assert b"Effort is back" in page.content
    assert client.get(f"/p/larch/postmortems/{publication.slug}/").status_code == 404


@pytest.mark.parametrize("name", ["feed", "changelog", "postmortems"])
def test_feeds_are_valid_atom_with_stable_ids(client: Client, story: Story, name: str) -> None:
    first = out(story, title="Ampersand & <tag>")
    notice = draft_notice(actor=story.comms, incident=story.incident, change=story.change)
    out(story, title="Effort is back", body="About effort.", document=notice)
    address = f"/p/larch/{name}.atom"
    answer = client.get(address)
    assert answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    root = parsed(answer.content)
    assert root.tag == f"{ATOM}feed"
    links = {link.get("rel"): link.get("href") for link in root.findall(f"{ATOM}link")}
    assert links["self"] == f"http://testserver{address}"
    entries = root.findall(f"{ATOM}entry")
    assert len(entries) == {"feed": 2, "changelog": 1, "postmortems": 1}[name]
    ids = [
        element.text or ""
        for element in [root.find(f"{ATOM}id"), *[e.find(f"{ATOM}id") for e in entries]]
        if element is not None
    ]
    assert len(set(ids)) == len(entries) + 1
    for value in ids:
        assert uuid.UUID(value.removeprefix("urn:uuid:")).version == 5
    for parent in (root, *entries):
        for tag in ("id", "title", "updated"):
            assert len(parent.findall(f"{ATOM}{tag}")) == 1
        updated = parent.findtext(f"{ATOM}updated") or ""
        assert dt.datetime.fromisoformat(updated).tzinfo is not None
    for entry in entries:
        content = entry.find(f"{ATOM}content")
        assert content is not None
        assert content.get("type") == "html"
        href = entry.find(f"{ATOM}link").get("href")  # type: ignore[union-attr]
        assert client.get(href.removeprefix("http://testserver")).status_code == 200  # type: ignore[union-attr]
    if name == "postmortems":
        assert entries[0].findtext(f"{ATOM}title") == "Ampersand & <tag>"
        first.document.refresh_from_db()
        out(story, title="Other", document=first.document, correction="Shorter & <b>.")
        again = parsed(client.get(address).content)
        assert again.find(f"{ATOM}entry").findtext(f"{ATOM}id") == ids[1]  # type: ignore[union-attr]
        assert "Shorter &amp; &lt;b&gt;." in (again.find(f"{ATOM}entry").findtext(f"{ATOM}content") or "")  # type: ignore[union-attr]


def test_control_signs_cannot_break_a_feed() -> None:
    from incidents.web.public.atom import write
    from incidents.web.public.syndication import Feed

    now = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    written = write(Feed(key="k", title="a\x0b\ufffe]]>", author="b", url="u", self_url="s", updated=now, entries=[]))
    assert parsed(written).findtext(f"{ATOM}title") == "a]]>"


def test_titles_and_reasons_are_text(client: Client, story: Story) -> None:
    evil = "<script>alert(x)</script><img src=x onerror=alert(x)>"
    publication = out(story, title=evil, body=evil)
    for address in ("/p/", "/p/larch/", "/p/larch/postmortems/", f"/p/larch/postmortems/{publication.slug}/"):
        text = client.get(address).content.decode()
        assert "<script>alert" not in text
        assert "<img" not in text
        assert "onerror=alert(x)&gt;" in text
    withdraw(actor=story.comms, document=publication.document, reason=evil)
    assert b"<script>alert" not in client.get(f"/p/larch/postmortems/{publication.slug}/").content


# --- Nothing leaks -----------------------------------------------------------------------------------------------


def canary(name: str) -> str:
    return f"canary-{name}-{secrets.token_hex(16)}"


def plant(story: Story) -> tuple[dict[str, str], Publication, Publication]:
    """Put a canary into every place that is not public; return them, what is public and what was withdrawn."""
    planted = {
        name: canary(name)
        for name in (
            "draft", "draft-title", "review", "sign-off", "request", "ticket", "reporter", "revision", "note", "gap",
            "case-summary", "candidate", "timeline", "withdrawn", "vouch", "next-revision", "username", "case-title",
            "internal-block", "internal-span", "support-block", "segment-block", "internal-note", "internal-heading",
            "comment", "suggestion", "working-copy", "dictionary", "redaction-reason", "template", "pin",
        )
    }  # fmt: skip
    make_ticket(story.product, "slow", text=planted["ticket"], title=planted["ticket"], reporter=planted["reporter"])
    story.incident.summary = planted["case-summary"]
    story.incident.title = planted["case-title"]
    story.incident.save()
    CandidateChange.objects.create(
        incident=story.incident, change=story.change, status="contributing", note=planted["candidate"]
    )
    TimelineEntry.objects.create(incident=story.incident, at=at(11), text=planted["timeline"])
    draft = story.drafted()
    save_document(
        actor=story.comms, document=draft, title=planted["draft-title"], body=planted["draft"], seen_version=1
    )

    # What goes public has a past, a reviewer's word, a gap that was signed off, and a next revision nobody approved.
    document = story.drafted()
    document = save_document(
        actor=story.comms, document=document, title="x", body=planted["revision"], seen_version=1, note=planted["note"]
    )
    body = f"## Summary\n\nIt was slow. [[to be written: {planted['gap']}]]\n\n![A](chart:case)\n" + reserved(planted)
    document = save_document(actor=story.comms, document=document, title="What happened", body=body, seen_version=2)
    request_review(
        actor=story.comms, document=document, reviewers=[story.engineer], seen_version=3, note=planted["request"]
    )
    review_document(
        actor=story.engineer, document=document, verdict=Verdict.APPROVED, seen_version=3,
        note=planted["review"], sign_off=planted["sign-off"],
    )  # fmt: skip
    public = publish(actor=story.comms, document=document, seen_version=3)
    beside_the_text(story, document, planted)
    save_document(actor=story.comms, document=document, title="y", body=planted["next-revision"], seen_version=3)
    gone = out(story, title="Other text", body=planted["withdrawn"])
    withdraw(actor=story.comms, document=gone.document, reason="Published too early.")
    story.comms.username = planted["username"]
    story.comms.save()
    Document.objects.filter(pk=draft.pk).update(slug="secret-slug")
    return planted, public, gone


def patterns(resolver: Any = None, prefix: str = "") -> list[tuple[str, dict[str, Any]]]:
    """Return every address of the resolver with its converters."""
    found = []
    for entry in (resolver or get_resolver()).url_patterns:
        route = prefix + str(entry.pattern).lstrip("^")
        if isinstance(entry, URLResolver):
            found += patterns(entry, route)
        elif isinstance(entry, URLPattern):
            found.append((route, entry.pattern.converters))
    return found


def addresses(story: Story, public: Publication, gone: Publication) -> list[str]:
    """Fill every address with what exists: rows' numbers, slugs of drafts, of public and of withdrawn texts."""
    values = {
        "product_slug": ["larch"],
        "form": ["atom", "rss", "json", "pdf", "docx", "md", "html"],
        "what": ["summary", "incidents", "incidents/unresolved", "components", "status"],
        "mark": ["0"],
        "slug": [public.slug, gone.slug, "secret-slug", *Document.objects.values_list("slug", flat=True)],
    }
    numbers = [1, story.incident.pk, public.document_id, public.pk, story.change.pk, story.run.pk]
    out_ = set()
    for route, converters in patterns():
        if route.startswith(("admin/", "static")) or "\\" in route or "(" in route:
            continue
        filled = [route]
        for name in converters:
            choices = values.get(name, numbers)
            filled = [re.sub(rf"<(?:\w+:)?{name}>", str(choice), address) for address in filled for choice in choices]
        out_ |= {f"/{address}" for address in filled if "<" not in address}
    return sorted(out_)


def laid_open(content: bytes) -> str:
    """Return all text of an answer: a Word file's parts, a PDF's packed streams, else the bytes themselves."""
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            content = b"\n".join(parts.read(name) for name in parts.namelist())
    elif content.startswith(b"%PDF"):
        packed = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", content, re.DOTALL)
        words = page_words(content)
        # A word may be broken at the end of a line.
        words += "".join(words.split())
        content += b"".join(_unpacked(stream) for stream in packed) + words.encode()
    return content.decode(errors="replace")


def _unpacked(stream: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(stream)
    except zlib.error:
        return b""


def test_no_canary_reaches_anyone_who_is_not_signed_in(story: Story) -> None:
    planted, public, gone = plant(story)
    everywhere = addresses(story, public, gone)
    assert len(everywhere) > 80
    assert f"/p/larch/postmortems/{public.slug}/" in everywhere
    leaks = []
    for address in everywhere:
        for query in ("", "?preview=true&format=json&page=1&q=canary"):
            for method in ("get", "head", "options"):
                headers = {"Accept": "application/json"} if query else {}
                answer = getattr(Client(raise_request_exception=True), method)(address + query, headers=headers)
                text = laid_open(answer.content) + str(dict(answer.headers))
                leaks += [(address, name) for name, value in planted.items() if value in text]
                if address.startswith("/p/"):
                    assert answer.status_code in (200, 404, 405, 410), (address, answer.status_code)
    assert leaks == []


def test_the_crawl_bites(story: Story, admin_client: Client) -> None:
    planted, public, gone = plant(story)
    text = admin_client.get(reverse("document", kwargs={"document_id": Document.objects.get(slug="secret-slug").pk}))
    assert planted["draft"] in text.content.decode()
    assert "It was slow" in Client().get(f"/p/larch/postmortems/{public.slug}/").content.decode()
    assert Client().get(f"/p/larch/postmortems/{gone.slug}/").status_code == 410


def test_writing_to_a_public_page_is_refused(client: Client, story: Story) -> None:
    publication = out(story)
    for address in ("/p/", "/p/larch/", f"/p/larch/postmortems/{publication.slug}/", "/p/larch/feed.atom"):
        for method in (client.post, client.put, client.patch, client.delete):
            assert method(address).status_code == 405
        assert client.get(address, headers={"X-HTTP-Method-Override": "DELETE"}).status_code == 200


def test_a_forged_host_never_reaches_the_feed(client: Client, story: Story) -> None:
    out(story)
    answer = client.get("/p/larch/feed.atom", headers={"X-Forwarded-Host": "evil.example"})
    assert b"evil.example" not in answer.content


def test_the_number_of_queries_does_not_grow_with_what_is_published(client: Client, story: Story) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def count(address: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    out(story)
    where = ("/p/", "/p/larch/", "/p/larch/postmortems/", "/p/larch/feed.atom")
    before = {address: count(address) for address in where}
    out(story, title="Second")
    out(story, title="Third")
    assert {address: count(address) for address in where} == before
    assert max(before.values()) <= 5
