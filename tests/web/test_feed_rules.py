"""Every feed keeps every rule of its format, and every rule would tell of a feed that does not."""

import json
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
from django.test import Client

from incidents.documents.services import draft_notice
from tests.documents.stories import Story
from tests.web.feed_rules import ATOM, ATOM_RULES, JSON_RULES, RSS_RULES
from tests.web.test_public import out

NAMES = ("feed", "changelog", "postmortems")
TYPES = {
    "atom": "application/atom+xml; charset=utf-8",
    "rss": "application/rss+xml; charset=utf-8",
    "json": "application/feed+json",
}


@pytest.fixture
def feeds(client: Client, db: None) -> dict[tuple[str, str], bytes]:
    """Return all feeds of a product with a corrected postmortem and a notice, by name and format."""
    story = Story()
    first = out(story, title="Ampersand & <tag> “quoted”", body="## A\n\n| a |\n|---|\n| <b> & ]]> |\n")
    notice = draft_notice(actor=story.comms, incident=story.incident, change=story.change)
    out(story, title="Effort is back", body="About effort.", document=notice)
    first.document.refresh_from_db()
    out(story, title="Other", document=first.document, correction="Shorter & <b>.")
    found = {}
    for name in NAMES:
        for form, content_type in TYPES.items():
            answer = client.get(f"/p/larch/{name}.{form}")
            assert answer.headers["Content-Type"] == content_type
            found[name, form] = answer.content
    return found


def xml(written: bytes) -> Element:
    return ElementTree.fromstring(written)  # noqa: S314 - our own output


def test_every_feed_keeps_every_rule(feeds: dict[tuple[str, str], bytes]) -> None:
    for (name, form), written in feeds.items():
        read: Any = json.loads(written) if form == "json" else xml(written)
        rules: dict[str, Callable[[Any], Any]] = {"atom": ATOM_RULES, "rss": RSS_RULES, "json": JSON_RULES}[form]  # type: ignore[assignment]
        for rule, check in rules.items():
            assert list(check(read)) == [], (name, form, rule)
        if form != "json":
            assert written.startswith(b"<?xml"), "the encoding is told"


def _without(name: str, inside: str = ".") -> Callable[[Element], None]:
    def remove(root: Element) -> None:
        parent = root.find(inside)
        child = root.find(f"{inside}/{name}")
        assert parent is not None
        assert child is not None
        parent.remove(child)

    return remove


def _said(path: str, text: str) -> Callable[[Element], None]:
    def say(root: Element) -> None:
        found = root.find(path)
        assert found is not None
        found.text = text

    return say


def _attribute(path: str, name: str, value: str) -> Callable[[Element], None]:
    def put(root: Element) -> None:
        found = root.find(path)
        assert found is not None
        found.set(name, value)

    return put


SPOILT: list[tuple[str, str, Callable[[Any], None]]] = [
    ("atom", "RFC 4287 4.1.1 feed", _without(f"{ATOM}updated")),
    ("atom", "RFC 4287 4.1.1 feed", _without(f"{ATOM}author")),
    ("atom", "RFC 4287 4.1.1 feed", _without(f"{ATOM}link")),
    ("atom", "RFC 4287 4.1.2 entry", _without(f"{ATOM}id", f"{ATOM}entry")),
    ("atom", "RFC 4287 4.1.2 entry", _without(f"{ATOM}link", f"{ATOM}entry")),
    ("atom", "RFC 4287 3.3 date constructs", _said(f"{ATOM}updated", "2026-03-01 12:00:00Z")),
    ("atom", "RFC 4287 3.3 date constructs", _said(f"{ATOM}entry/{ATOM}published", "2026-03-01T12:00:00")),
    ("atom", "RFC 4287 3.1 and 4.1.3 text and content", _attribute(f"{ATOM}entry/{ATOM}content", "type", "text")),
    ("atom", "RFC 4287 4.2.6 id", _said(f"{ATOM}id", "seven")),
    ("atom", "RFC 4287 4.2.7 link", _attribute(f"{ATOM}entry/{ATOM}link", "href", "/p/larch/")),
    ("atom", "RFC 4287 4.2.2 category, 3.2 person, 2 language", _attribute(f"{ATOM}entry/{ATOM}category", "term", "")),
    ("rss", "RSS 2.0 required channel elements", _without("description", "channel")),
    ("rss", "RSS 2.0 required channel elements", _attribute(".", "version", "0.91")),
    ("rss", "RSS 2.0 elements of item", lambda root: root.find("channel/item").clear()),
    ("rss", "RSS 2.0 guid", _attribute("channel/item/guid", "isPermaLink", "true")),
    ("rss", "RSS 2.0 dates in RFC 822", _said("channel/item/pubDate", "2026-03-01T12:00:00Z")),
    ("rss", "RSS 2.0 links have a scheme; one atom:link to itself", _said("channel/item/link", "/p/larch/")),
    ("rss", "RSS 2.0 links have a scheme; one atom:link to itself", _without(f"{ATOM}link", "channel")),
    ("rss", "RSS 2.0 language", _said("channel/language", "English")),
    ("json", "JSON Feed 1.1 top level", lambda feed: feed.update(version="1.1")),
    ("json", "JSON Feed 1.1 items", lambda feed: feed["items"][0].update(id=7)),
    ("json", "JSON Feed 1.1 items", lambda feed: feed["items"][0].pop("content_html")),
    ("json", "JSON Feed 1.1 ids are unique", lambda feed: feed["items"].append(feed["items"][0])),
    ("json", "JSON Feed 1.1 dates in RFC 3339", lambda feed: feed["items"][0].update(date_published="yesterday")),
    ("json", "JSON Feed 1.1 authors", lambda feed: feed.update(authors=[{}])),
]


def test_every_rule_bites(feeds: dict[tuple[str, str], bytes]) -> None:
    for form, rule, spoil in SPOILT:
        read: Any = json.loads(feeds["feed", form]) if form == "json" else xml(feeds["feed", form])
        spoil(read)
        rules: dict[str, Any] = {"atom": ATOM_RULES, "rss": RSS_RULES, "json": JSON_RULES}[form]  # type: ignore[assignment]
        assert list(rules[rule](read)), rule
    assert {rule for _, rule, _ in SPOILT} == ATOM_RULES.keys() | RSS_RULES.keys() | JSON_RULES.keys()
