"""What the three formats demand of a feed, rule by rule, each under the name of its paragraph."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

ATOM = "{http://www.w3.org/2005/Atom}"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
Problems = Iterator[str]
_RFC3339 = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})")
_RFC822 = re.compile(
    r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?\d{2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} "
    r"\d{2}:\d{2}:\d{2} (?:[+-]\d{4}|GMT)"
)


def is_rfc3339(text: str) -> bool:
    return bool(_RFC3339.fullmatch(text)) and dt.datetime.fromisoformat(text).tzinfo is not None


def is_rfc822(text: str) -> bool:
    return bool(_RFC822.fullmatch(text)) and parsedate_to_datetime(text).tzinfo is not None


def is_absolute(address: str) -> bool:
    parts = urlsplit(address)
    return bool(parts.scheme) and bool(parts.netloc or parts.scheme == "urn")


def _once(parent: Element, *names: str) -> Problems:
    for name in names:
        if len(parent.findall(f"{ATOM}{name}")) != 1:
            yield f"{parent.tag} has {len(parent.findall(f'{ATOM}{name}'))} {name}"


def _entries(feed: Element) -> list[Element]:
    return feed.findall(f"{ATOM}entry")


def _atom_feed(feed: Element) -> Problems:
    if feed.tag != f"{ATOM}feed":
        yield "the root is no feed"
    yield from _once(feed, "id", "title", "updated")
    if feed.find(f"{ATOM}author") is None and any(entry.find(f"{ATOM}author") is None for entry in _entries(feed)):
        yield "no author"
    links = Counter((link.get("rel", "alternate"), link.get("type")) for link in feed.findall(f"{ATOM}link"))
    if links[("self", "application/atom+xml")] != 1:
        yield "no link to itself"
    yield from (f"{n} {rel} links" for (rel, _), n in links.items() if rel == "alternate" and n > 1)


def _atom_entries(feed: Element) -> Problems:
    for entry in _entries(feed):
        yield from _once(entry, "id", "title", "updated")
        if not [link for link in entry.findall(f"{ATOM}link") if link.get("rel", "alternate") == "alternate"]:
            yield "an entry without an alternate link"
        if len(entry.findall(f"{ATOM}summary")) > 1 or len(entry.findall(f"{ATOM}content")) > 1:
            yield "two summaries or contents"


def _atom_dates(feed: Element) -> Problems:
    for element in feed.iter():
        if element.tag in (f"{ATOM}updated", f"{ATOM}published") and not is_rfc3339(element.text or ""):
            yield f"{element.text!r} is no RFC 3339 date"


def _atom_text(feed: Element) -> Problems:
    for element in feed.iter():
        if element.tag in (f"{ATOM}title", f"{ATOM}summary", f"{ATOM}content"):
            kind = element.get("type", "text")
            if kind not in ("text", "html") or len(element):
                yield f"{element.tag} of type {kind} with {len(element)} children"
            if kind == "text" and element.tag == f"{ATOM}content":
                yield "HTML that is not said to be HTML"


def _atom_ids(feed: Element) -> Problems:
    ids = [element.text or "" for element in feed.iter(f"{ATOM}id")]
    yield from (f"{value!r} is no IRI" for value in ids if not is_absolute(value))
    yield from (f"{value!r} stands {n} times" for value, n in Counter(ids).items() if n > 1)


def _atom_links(feed: Element) -> Problems:
    for link in feed.iter(f"{ATOM}link"):
        if not is_absolute(link.get("href", "")):
            yield f"{link.get('href')!r} leads nowhere by itself"


def _atom_rest(feed: Element) -> Problems:
    yield from ("a category without a term" for item in feed.iter(f"{ATOM}category") if not item.get("term"))
    yield from ("a person without a name" for item in feed.iter(f"{ATOM}author") if not item.findtext(f"{ATOM}name"))
    if not re.fullmatch(r"[a-z]{2}(-[A-Z]{2})?", feed.get(XML_LANG, "")):
        yield "no language"


ATOM_RULES: dict[str, Callable[[Element], Problems]] = {
    "RFC 4287 4.1.1 feed": _atom_feed,
    "RFC 4287 4.1.2 entry": _atom_entries,
    "RFC 4287 3.3 date constructs": _atom_dates,
    "RFC 4287 3.1 and 4.1.3 text and content": _atom_text,
    "RFC 4287 4.2.6 id": _atom_ids,
    "RFC 4287 4.2.7 link": _atom_links,
    "RFC 4287 4.2.2 category, 3.2 person, 2 language": _atom_rest,
}


def _rss_channel(rss: Element) -> Problems:
    if rss.tag != "rss" or rss.get("version") != "2.0":
        yield "no RSS 2.0"
    if len(rss.findall("channel")) != 1:
        yield "not one channel"
    for name in ("title", "link", "description"):
        if len([found for found in rss.findall(f"channel/{name}") if (found.text or "").strip()]) != 1:
            yield f"not one {name}"


def _rss_items(rss: Element) -> Problems:
    for item in rss.iter("item"):
        if not (item.findtext("title") or item.findtext("description")):
            yield "an item without title and description"
        yield from (f"two {name}" for name in ("title", "link", "guid", "pubDate") if len(item.findall(name)) > 1)


def _rss_guids(rss: Element) -> Problems:
    guids = [item.find("guid") for item in rss.iter("item")]
    for guid in guids:
        if guid is None or not guid.text:
            yield "an item without guid"
        elif guid.get("isPermaLink", "true") == "true" and not guid.text.startswith("http"):
            yield f"{guid.text!r} is said to be an address"
    texts = Counter(guid.text for guid in guids if guid is not None)
    yield from (f"{text!r} stands {n} times" for text, n in texts.items() if n > 1)


def _rss_dates(rss: Element) -> Problems:
    for name in ("pubDate", "lastBuildDate"):
        yield from (f"{at.text!r} is no RFC 822 date" for at in rss.iter(name) if not is_rfc822(at.text or ""))


def _rss_links(rss: Element) -> Problems:
    for link in rss.iter("link"):
        if not (link.text or "").startswith(("http://", "https://")):
            yield f"{link.text!r} has no scheme"
    selves = [link.get("href", "") for link in rss.iter(f"{ATOM}link") if link.get("rel") == "self"]
    if len(selves) != 1 or not is_absolute(selves[0]):
        yield "no link to itself"


def _rss_language(rss: Element) -> Problems:
    if not re.fullmatch(r"[a-z]{2}(-[a-z]{2})?", rss.findtext("channel/language") or ""):
        yield "no language of the list"


RSS_RULES: dict[str, Callable[[Element], Problems]] = {
    "RSS 2.0 required channel elements": _rss_channel,
    "RSS 2.0 elements of item": _rss_items,
    "RSS 2.0 guid": _rss_guids,
    "RSS 2.0 dates in RFC 822": _rss_dates,
    "RSS 2.0 links have a scheme; one atom:link to itself": _rss_links,
    "RSS 2.0 language": _rss_language,
}


def _json_top(feed: dict[str, Any]) -> Problems:
    if feed.get("version") != "https://jsonfeed.org/version/1.1":
        yield "no version"
    if not isinstance(feed.get("title"), str) or not feed["title"]:
        yield "no title"
    if not isinstance(feed.get("items"), list):
        yield "no items"
    yield from (
        f"{name} leads nowhere" for name in ("feed_url", "home_page_url") if not is_absolute(feed.get(name, ""))
    )


def _json_items(feed: dict[str, Any]) -> Problems:
    for item in feed.get("items", []):
        if not isinstance(item.get("id"), str) or not item["id"]:
            yield "an item without an id that is text"
        if not any(isinstance(item.get(name), str) for name in ("content_html", "content_text")):
            yield "an item without content"
        if not is_absolute(item.get("url", "")):
            yield "an item without an address"
        if not all(isinstance(tag, str) and tag for tag in item.get("tags", [])):
            yield "tags that are no text"


def _json_ids(feed: dict[str, Any]) -> Problems:
    ids = Counter(item.get("id") for item in feed.get("items", []))
    yield from (f"{value!r} stands {n} times" for value, n in ids.items() if n > 1)


def _json_dates(feed: dict[str, Any]) -> Problems:
    for item in feed.get("items", []):
        for name in ("date_published", "date_modified"):
            if name in item and not is_rfc3339(item[name]):
                yield f"{item[name]!r} is no RFC 3339 date"


def _json_authors(feed: dict[str, Any]) -> Problems:
    authors = feed.get("authors")
    if not isinstance(authors, list) or not all({"name", "url", "avatar"} & author.keys() for author in authors):
        yield "authors that are nobody"
    if "author" in feed:
        yield "the author of version 1.0"


JSON_RULES: dict[str, Callable[[dict[str, Any]], Problems]] = {
    "JSON Feed 1.1 top level": _json_top,
    "JSON Feed 1.1 items": _json_items,
    "JSON Feed 1.1 ids are unique": _json_ids,
    "JSON Feed 1.1 dates in RFC 3339": _json_dates,
    "JSON Feed 1.1 authors": _json_authors,
}
