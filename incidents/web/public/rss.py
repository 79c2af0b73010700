"""RSS 2.0, written with the standard library; the full text goes into `content:encoded`."""

from email.utils import format_datetime
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from incidents.web.public.atom import ATOM
from incidents.web.public.syndication import Entry, Feed, stable_id, xml_text

CONTENT = "http://purl.org/rss/1.0/modules/content/"
_ATOM_PREFIX = "atom"

register_namespace("content", CONTENT)


def write(feed: Feed) -> bytes:
    """Return the feed as UTF-8 bytes."""
    # The prefix is written by hand: the standard library keeps one prefix a namespace, and Atom's own feed uses none.
    root = Element("rss", {"version": "2.0", f"xmlns:{_ATOM_PREFIX}": ATOM})
    channel = SubElement(root, "channel")
    _text(channel, "title", feed.title)
    _text(channel, "link", feed.url)
    _text(channel, "description", f"{feed.title}, the last published first")
    _text(channel, "language", "en-gb")
    _text(channel, "lastBuildDate", format_datetime(feed.updated))
    SubElement(channel, f"{_ATOM_PREFIX}:link", {"rel": "self", "type": "application/rss+xml", "href": feed.self_url})
    for entry in feed.entries:
        _item(channel, entry)
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _item(channel: Element, entry: Entry) -> None:
    item = SubElement(channel, "item")
    _text(item, "title", entry.title)
    _text(item, "link", entry.url)
    _text(item, "guid", stable_id(entry.key)).set("isPermaLink", "false")
    _text(item, "pubDate", format_datetime(entry.published))
    _text(item, "category", entry.category)
    _text(item, "description", entry.summary or entry.title)
    _text(item, f"{{{CONTENT}}}encoded", entry.html)


def _text(parent: Element, name: str, text: str) -> Element:
    element = SubElement(parent, name)
    element.text = xml_text(text)
    return element
