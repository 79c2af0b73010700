"""Atom 1.0 (RFC 4287), written with the standard library."""

from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from incidents.web.public.syndication import Entry, Feed, stable_id, utc, xml_text

ATOM = "http://www.w3.org/2005/Atom"

register_namespace("", ATOM)


def write(feed: Feed) -> bytes:
    """Return the feed as UTF-8 bytes."""
    root = Element(f"{{{ATOM}}}feed", {"{http://www.w3.org/XML/1998/namespace}lang": "en"})
    _text(root, "id", stable_id(feed.key))
    _text(root, "title", feed.title)
    _text(root, "updated", utc(feed.updated))
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
    _text(element, "published", utc(entry.published))
    _text(element, "updated", utc(entry.updated))
    SubElement(element, f"{{{ATOM}}}category", {"term": entry.category})
    if entry.summary:
        _text(element, "summary", entry.summary)
    content = _text(element, "content", entry.html)
    content.set("type", "html")


def _text(parent: Element, name: str, text: str) -> Element:
    element = SubElement(parent, f"{{{ATOM}}}{name}")
    element.text = xml_text(text)
    return element
