"""A feed before it is written: stable keys, absolute addresses, full content. One model, three formats."""

import datetime as dt
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

# Ids of entries: a namespace of our own, so that an entry keeps its id whatever its address becomes.
_NAMESPACE = uuid.UUID("6f0d3f1e-52f5-4c0e-9a55-8c1d1b7f2c43")
_INVALID = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


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


def xml_text(text: str) -> str:
    """Return the text without the signs that XML cannot hold."""
    return _INVALID.sub("", text)


def utc(at: dt.datetime) -> str:
    """Return a time as RFC 3339 wants it, in UTC."""
    return at.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
