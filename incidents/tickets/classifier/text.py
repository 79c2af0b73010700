"""Words of a complaint: folded, without the form's boilerplate, code and logs, cut down to stems.

Everything here is pure and works on any script; only the stems know English, and leave other words as they are.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

# A long text repeats itself; what a person complains of stands at its beginning.
MAX_BODY = 4000
_FENCE = re.compile(r"```.*?(?:```|\Z)", re.S)
_INLINE_JSON = re.compile(r"\{[^{}]{40,}\}|\[\{.*?\}\]", re.S)
_MARKUP = re.compile(r"<[^<>]{0,400}>|!?\[([^\]]{0,200})\]\([^)\s]{0,500}\)")
_ADDRESS = re.compile(r"https?://\S+")
# Forms ask for things that are no complaint: check lists, versions, the heading of each answer.
_CHECKBOX = re.compile(r"(?:^|\s)-?\s*\[[ xX]\]\s[^\n]*?(?=(?:\s-?\s*\[[ xX]\]\s)|\s#{2,}\s|\n|\Z)")
_HEADINGS = re.compile(
    r"\b(?:preflight checklist|what's wrong\??|what happened|what should happen\??|steps to reproduce|"
    r"error messages?/logs|bug description|problem statement|environment info|proposed solution|alternative solutions|"
    r"use case example|additional (?:context|information)|expected behaviou?r|actual behaviou?r|"
    r"is this a regression\??|last working version|feature category|priority|feedback id|platform|"
    r"terminal(?:/shell)?|operating system|claude model|model used|app version|client version)\b:?",
    re.I,
)
_TAIL = re.compile(
    r"\*{0,2}\s*(?:environment info|environment|errors|error messages/logs)\s*\*{0,2}\s*:?\s*\n?.*\Z", re.I | re.S
)
WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?", re.U)
_PREFIXED = re.compile(r"^\s*\[?(?:bug|model|docs?|feature(?: request)?|feat|enhancement)\]?\s*:?\s*", re.I)
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")
_SUFFIXES = ("ingly", "edly", "ings", "ing", "ies", "ied", "ed", "es", "ly", "s")
# Words whose stem would be another word.
_WHOLE = {"theme": "theme", "themes": "theme", "windows": "windows", "during": "during", "news": "news"}
_VOWELS = frozenset("aeiouy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A ticket's words: the folded title and body, and their stems in order."""

    title: str
    body: str
    title_stems: tuple[str, ...]
    body_stems: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing was said."""
        return not self.title_stems and not self.body_stems


def words_of(title: str, text: str) -> Words:
    """Return the words of a ticket's title and text."""
    head, body = fold(title), clean_body(text)
    return Words(title=head, body=body, title_stems=stems(head), body_stems=stems(body))


def fold(text: str) -> str:
    """Return the text in one form of each character and in lower case."""
    return unicodedata.normalize("NFKC", text).casefold().replace("’", "'").strip()


def clean_body(text: str) -> str:
    """Return a body's own words: without code, logs, addresses, and the questions of a form."""
    cut = text[: 3 * MAX_BODY]
    cut = _FENCE.sub(" ", cut)
    cut = _INLINE_JSON.sub(" ", cut)
    cut = _ADDRESS.sub(" ", _MARKUP.sub(r" \1 ", cut))
    cut = _CHECKBOX.sub(" ", cut)
    told = _TAIL.sub(" ", cut)
    # a report that starts with its environment would lose everything
    cut = told if len(told) > 40 else cut
    return fold(_HEADINGS.sub(" ", cut)[:MAX_BODY])


def stems(folded: str) -> tuple[str, ...]:
    """Return the stems of a folded text's words in order."""
    return tuple(stem(word) for word in WORD.findall(folded))


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """Return a word without its English ending: "draining", "drains" and "drained" become "drain".

    >>> [stem(word) for word in ("draining", "drains", "forgot", "stopped", "quotas", "this")]
    ['drain', 'drain', 'forgot', 'stop', 'quota', 'this']
    """
    base = word.removesuffix("'s")
    base = _WHOLE.get(base, base)
    if base in _WHOLE or len(base) < 4 or not base.isascii() or base.isdigit():
        return base
    for suffix in _SUFFIXES:
        rest = base[: -len(suffix)]
        if not base.endswith(suffix) or len(rest) < 3 or not _VOWELS & set(rest):
            continue
        if suffix == "s" and base.endswith(("ss", "us", "is")):
            return base
        if suffix in {"ies", "ied"}:
            return rest + "y"
        if suffix == "es" and not rest.endswith(("s", "x", "z", "ch", "sh", "o")):
            return rest + "e" if len(rest) < 4 else rest
        if suffix != "s" and rest[-1] == rest[-2] and rest[-1] not in "lsz":
            rest = rest[:-1]
        return rest.removesuffix("e") if len(rest) > 4 else rest
    return base.removesuffix("e") if len(base) > 4 else base


def has_wide_script(text: str) -> bool:
    """Tell whether a text has words of a script that is written without spaces, or nearly so."""
    return _WIDE.search(text) is not None


def unmarked(title: str) -> str:
    """Return a title without the tracker's mark at its start, such as "[BUG]"."""
    return _PREFIXED.sub("", title)
