"""What must not leave: personal data, secrets, internal names, open weaknesses, links that only staff can open. Pure.

It looks at the text as the public would get it. Each find is removed, masked, marked internal, or signed off by a
person with a reason; until then the text is neither approved nor published.
"""

import ipaddress
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from incidents.documents.audiences import Audience, text_for
from incidents.documents.citations import citations
from incidents.documents.enums import LeakKind, NameKind
from incidents.tickets.privacy import Kind, private_parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """A word of the organisation's dictionary that stays inside; `replacement` is what may be said instead."""

    words: str
    kind: str
    replacement: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """Something that must not leave as it is; `instead` is what a mask puts in its place."""

    kind: LeakKind
    words: str
    why: str
    instead: str
    line: int
    is_title: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """What is known to be internal: the dictionary, titles of internal changes, this installation's own hosts."""

    names: Sequence[Guarded] = ()
    hidden_titles: Sequence[str] = ()
    own_hosts: Sequence[str] = ()


_LINK = re.compile(r"\]\(<?(/[^\s)>]*|https?://[^\s)>]+)|(https?://[^\s)>\]\"']+)")
_INSIDE = (".internal", ".intranet", ".corp", ".local", ".lan", ".home.arpa")
# Workspaces that ask for a colleague's account.
_WORKSPACES = (
    "docs.google.com", "drive.google.com", "slack.com", "notion.so", "atlassian.net", "sharepoint.com", "linear.app",
    "pagerduty.com", "datadoghq.com", "grafana.net", "app.incident.io", "zendesk.com",
)  # fmt: skip
_WHY = {
    NameKind.HOST: "a host of ours",
    NameKind.CODE_NAME: "a code name",
    NameKind.STAFF: "a colleague’s name",
    NameKind.CUSTOMER: "a customer’s name",
    NameKind.WEAKNESS: "a weakness that is not remedied yet",
}
_MASK = {
    NameKind.HOST: "one of our servers",
    NameKind.CODE_NAME: "an internal project",
    NameKind.STAFF: "one of us",
    NameKind.CUSTOMER: "a customer",
    NameKind.WEAKNESS: "",
}


def public_markdown(body: str) -> str:
    """Return the Markdown that may leave: nothing reserved, no evidence keys, no questions to the writer."""
    text = text_for(body, Audience.PUBLIC)
    for citation in reversed(citations(text)):
        words = text[citation.start + 1 : citation.end].rsplit("](ev:", 1)[0]
        text = text[: citation.start] + words + text[citation.end :]
    return re.sub(r"\[\[to be written:[^\[\]\n]*\]\]", "*not yet known*", text)


def find_leaks(title: str, body: str, guard: Guard) -> list[Leak]:
    """Return what must not leave, each word once, in the order of the text; the title first."""
    found: dict[tuple[LeakKind, str], tuple[int, Leak]] = {}
    for is_title, text in ((True, title), (False, public_markdown(body))):
        for kind, words, why, instead in _all(text, guard):
            # Where it stands is told for the text as it is written, marks and all.
            place = -1 if is_title else body.find(words)
            line = 0 if place < 0 else body.count("\n", 0, place) + 1
            leak = Leak(kind=kind, words=words, why=why, instead=instead, line=line, is_title=is_title)
            found.setdefault((kind, words.lower()), (place, leak))
    return [leak for _, leak in sorted(found.values(), key=lambda one: (not one[1].is_title, one[0]))]


def _all(text: str, guard: Guard) -> Iterator[tuple[LeakKind, str, str, str]]:
    for part in private_parts(text):
        words = text[part.start : part.end]
        kind = LeakKind.SECRET if part.kind == Kind.SECRET else LeakKind.PERSONAL
        yield (
            kind,
            words,
            f"looks like personal data: {part.kind.value}" if kind == LeakKind.PERSONAL else "looks like a secret",
            f"({part.kind.value} removed)",
        )
    for name in guard.names:
        kind = LeakKind.WEAKNESS if name.kind == NameKind.WEAKNESS else LeakKind.NAME
        for words in _occurrences(text, name.words):
            yield kind, words, _WHY[NameKind(name.kind)], name.replacement or _MASK[NameKind(name.kind)]
    for title in guard.hidden_titles:
        for words in _occurrences(text, title):
            yield LeakKind.NAME, words, "the title of a change that the public never had", "an internal-only change"
    for address in _addresses(text):
        why = _staff_only(address, guard)
        if why:
            yield LeakKind.LINK, address, why, ""


def _occurrences(text: str, words: str) -> Iterator[str]:
    """Yield each spelling of the words in the text; short ones must be written exactly so."""
    pattern = r"[\s_-]+".join(map(re.escape, re.split(r"[\s_-]+", words.strip())))
    if not pattern:
        return
    flags = 0 if len(words) <= 3 else re.IGNORECASE
    yield from dict.fromkeys(found.group(0) for found in re.finditer(rf"(?<!\w){pattern}(?!\w)", text, flags))


def _addresses(text: str) -> Iterable[str]:
    return dict.fromkeys((found[1] or found[2]).rstrip(".,;:") for found in _LINK.finditer(text))


def _staff_only(address: str, guard: Guard) -> str:
    if address.startswith("/"):
        return "" if address.startswith("/p/") or address == "/p" else "a page of the workbench, which asks to sign in"
    parts = urlsplit(address)
    host = (parts.hostname or "").lower().rstrip(".")
    if host in {own.lower() for own in guard.own_hosts}:
        return "" if parts.path.startswith("/p/") else "a page of the workbench, which asks to sign in"
    if _is_private(host) or "." not in host or host.endswith(_INSIDE):
        return "an address inside our network"
    if any(host == one or host.endswith(f".{one}") for one in _WORKSPACES):
        return "a workspace that asks for a colleague’s account"
    hosts = [name.words.lower() for name in guard.names if name.kind == NameKind.HOST]
    if any(host == one or host.endswith(f".{one}") for one in hosts):
        return "a host of ours"
    return ""


def _is_private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost"


def replaced(body: str, leak: Leak, instead: str) -> str:
    """Return the text with every spelling of the words replaced; a link keeps its words and loses its address."""
    if leak.kind == LeakKind.LINK:
        link = re.compile(r"!?\[([^\]]*)\]\(<?" + re.escape(leak.words) + r">?(?:\s+\"[^\"]*\")?\)")
        body = link.sub(r"\1", body)
        return body.replace(leak.words, instead)
    return re.sub(rf"(?<!\w){re.escape(leak.words)}(?!\w)", lambda _: instead, body, flags=re.IGNORECASE)
