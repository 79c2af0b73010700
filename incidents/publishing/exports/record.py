"""A snapshot as JSON: for programs that read postmortems."""

import datetime as dt
from typing import Any

import orjson

from incidents.publishing.exports.markdown import to_markdown
from incidents.publishing.exports.sheet import Sheet


def to_json(sheet: Sheet, *, html: str) -> bytes:
    """Return the record as UTF-8 with times in UTC; `content_hash` is the snapshot's SHA-256."""
    record: dict[str, Any] = {
        "title": sheet.title,
        "product": sheet.product,
        "kind": sheet.kind,
        "url": sheet.address,
        "published_at": sheet.published_at.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "content_hash": sheet.content_hash,
        "summary": sheet.summary,
        "corrections": [{"on": at, "text": words} for at, words in sheet.corrections],
        "html": html,
        "markdown": to_markdown(sheet),
    }
    return orjson.dumps(record, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
