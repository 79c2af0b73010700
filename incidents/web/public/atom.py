"""Atom 1.0 (RFC 4287), written with the standard library: stable ids, absolute addresses, full content."""

import datetime as dt
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

ATOM = "http://www.w3.org/2005/Atom"
# Ids of entries: a namespace of our own, so that an entry keeps its id whatever its address becomes.
_NAMESPACE = uuid.UUID("6f0d3f1e-52f5-4c0e-9a55-8c1d1b7f2c43")
_INVALID = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

register_namespace("", ATOM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry; `key` names it for ever, `html` is its sanitised content."""

    key: str
    title: str
    url: str
    published: dt.datetime
    updated: dt.datetime
    summary: str
    html: str
    category: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed; `key` names it for ever."""

    key: str
    title: str
    author: str
    url: str
    self_url: str
    updated: dt.datetime
    entries: Sequence[Entry]


def stable_id(key: str) -> str:
    """Return the URN of a key."""
    return f"urn:uuid:{uuid.uuid5(_NAMESPACE, key)}"


def write(feed: Feed) -> bytes:
    """Return the feed as UTF-8 bytes."""
    root = Element(f"{{{ATOM}}}feed", {"{http://www.w3.org/XML/1998/namespace}lang": "en"})
    _text(root, "id", stable_id(feed.key))
    _text(root, "title", feed.title)
    _text(root, "updated", _time(feed.updated))
    _text(SubElement(root, f"{{{ATOM}}}author"), "name", feed.author)
    SubElement(root, f"{{{ATOM}}}link", {"rel": "self", "type": "application/atom+xml", "href": feed.self_url})
    SubElement(root, f"{{{ATOM}}}link", {"rel": "alternate", "type": "text/html", "href": feed.url})
    for entry in feed.entries:
        _entry(root, entry)
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _entry(root: Element, entry: Entry) -> None:
    element = SubElement(root, f"{{{ATOM}}}entry")
    _text(element, "id", stable_id(entry.key))
    _text(element, "title", entry.title)
    SubElement(element, f"{{{ATOM}}}link", {"rel": "alternate", "type": "text/html", "href": entry.url})
    _text(element, "published", _time(entry.published))
    _text(element, "updated", _time(entry.updated))
    SubElement(element, f"{{{ATOM}}}category", {"term": entry.category})
    if entry.summary:
        _text(element, "summary", entry.summary)
    content = _text(element, "content", entry.html)
    content.set("type", "html")


def _text(parent: Element, name: str, text: str) -> Element:
    element = SubElement(parent, f"{{{ATOM}}}{name}")
    element.text = _INVALID.sub("", text)
    return element


def _time(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
