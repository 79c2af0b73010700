"""JSON Feed 1.1."""

from typing import Any

import orjson

from incidents.web.public.syndication import Entry, Feed, stable_id, utc

VERSION = "https://jsonfeed.org/version/1.1"


def write(feed: Feed) -> bytes:
    """Return the feed as UTF-8 bytes."""
    return orjson.dumps(
        {
            "version": VERSION,
            "title": feed.title,
            "home_page_url": feed.url,
            "feed_url": feed.self_url,
            "language": "en-GB",
            "authors": [{"name": feed.author}],
            "items": [_item(entry) for entry in feed.entries],
        }
    )


def _item(entry: Entry) -> dict[str, Any]:
    item = {
        "id": stable_id(entry.key),
        "url": entry.url,
        "title": entry.title,
        "content_html": entry.html,
        "date_published": utc(entry.published),
        "date_modified": utc(entry.updated),
        "tags": [entry.category],
    }
    return item | ({"summary": entry.summary} if entry.summary else {})
