"""Numbers, dates and causal words in a text that no evidence carries. Pure, and careful: it would rather miss.

Left aside: headings, code, addresses, list numbers, footnote marks, versions and names that hold digits, and tables of
plans (with an "Owner" or "Due" column): a plan is no claim.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from incidents.documents.citations import Lines, blank, citations, hide_gaps, without_code


class Looseness(StrEnum):
    """What kind of unbound statement was found."""

    NUMBER = "number"
    DATE = "date"
    CAUSE = "cause"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loose:
    """A number, date or causal phrase without evidence; `start` and `end` are its place in the text."""

    kind: Looseness
    words: str
    sentence: str
    start: int
    end: int
    line: int


_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?"
    r"|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_DATE = re.compile(
    rf"\b\d{{4}}-\d{{2}}-\d{{2}}(?:[T ]\d{{2}}:\d{{2}}\S*)?"
    rf"|\b\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}\b(?:\.?,?\s+\d{{4}})?"
    rf"|\b{_MONTH}\.?\s+\d{{1,2}}(?:st|nd|rd|th)?\b(?:,?\s+\d{{4}})?"
    rf"|\b{_MONTH}\s+\d{{4}}\b"
    r"|\b\d{1,2}:\d{2}(?::\d{2})?(?:\s*(?:am|pm|[A-Z]{2,4}))?\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"(?<![\w.])[~≈±<>≤≥$€£]?\s?\d[\d,]*(?:\.\d+)?"
    r"(?:\s?(?:%|‰|per cent|percent|percentage points?|points?))?(?![\w]|\.\d)"
    r"|\b\d+(?:\.\d+)?x\b"
    r"|\b(?:half|twice|doubled?|tripled?|halved|quadrupled|dozens|hundreds|thousands|millions)\b",
    re.IGNORECASE,
)
_CAUSE = re.compile(
    r"\b(?:caus(?:ed|es|ing)\b(?!\s+(?:no|of concern)\b)"
    r"|because of|due to|owing to|as a result of|result(?:ed|s|ing) in|led to|leads to|brought about"
    r"|responsible for|attribut(?:ed|able) to|contribut(?:ed|es) to|trigger(?:ed|s)|to blame for"
    r"|made (?:\w+ ){1,4}(?:worse|slower|less \w+)|broke\b|degraded\b)",
    re.IGNORECASE,
)
_LIST_NUMBER = re.compile(r"^[ \t]*(?:>[ \t]*)*\d{1,3}[.)](?=\s)", re.MULTILINE)
_HEADING = re.compile(r"^ {0,3}#{1,6} .*$|^.+\n(?:=+|-+)[ \t]*$", re.MULTILINE)
_ADDRESS = re.compile(r"https?://[^\s)>\]]+|\]\([^)\s]*(?:\s+\"[^\"]*\")?\)|^[ \t]*\[[^\]\n]+\]:.*$", re.MULTILINE)
_FOOTNOTE = re.compile(r"\[\^[^\]\[\n]{1,200}\]:?")
_VERSION = re.compile(
    r"\bv?\d+(?:\.\d+){2,}(?:[-+][\w.]+)?\b|\bv\d+(?:\.\d+)*\b|\bversion\s+\d+(?:\.\d+)*", re.IGNORECASE
)
_NAMED = re.compile(
    r"\b[A-Za-z]+[-_][\w.-]{0,80}\d[\w.-]*|\b[A-Za-z]+\d[\w.]*\b|\b(?:issue|ticket|case|run|step|part|level|phase)\s+#?\d+\b|#\d+\b",
    re.IGNORECASE,
)
_TABLE = re.compile(r"(?:^[ \t]*\|.*\|[ \t]*(?:\n|\Z))+", re.MULTILINE)
_PLAN = re.compile(r"\|\s*(?:owner|due|deadline)\b", re.IGNORECASE)
_END = re.compile(r"[.!?](?=\s|$)|\n\s*\n|\n(?=\s*(?:[-*+|>]|\d+[.)])\s)|\|")
# What a claim leaves behind while the rest is searched: no digit, no word, and a mark that says "evidence here".
_BOUND = "\u241f"
# Of a kind: nobody reads more, and one is enough to hold a text back.
_MOST = 5_000
# Of a sentence, in characters.
_SHOWN = 300


def loose_statements(body: str, names: Iterable[str] = ()) -> list[Loose]:
    """Return what the text states without evidence, in order; `names` (titles, models) are no statements."""
    text = _hide_quiet(body, names)
    said, lines = _Sentences(body), Lines(body)
    found: list[Loose] = []
    for kind, pattern in ((Looseness.DATE, _DATE), (Looseness.NUMBER, _NUMBER)):
        places = [match.span() for match in pattern.finditer(text)]
        found += [_loose(kind, said, lines, start, end) for start, end in places[:_MOST]]
        text = blank(text, places, "\u2420")
    around = _Sentences(text)
    found += [
        _loose(Looseness.CAUSE, said, lines, match.start(), match.end())
        for match in _CAUSE.finditer(text)
        if _BOUND not in text[slice(*around.bounds(match.start()))]
    ]
    return sorted(found, key=lambda loose: loose.start)


def _hide_quiet(body: str, names: Iterable[str]) -> str:
    """Blank out everything that is no statement; places stay."""
    text = without_code(body)
    text = blank(text, [(citation.start, citation.end) for citation in citations(body)], _BOUND)
    text = hide_gaps(text)
    plans = [table for table in _TABLE.finditer(text) if _PLAN.search(table.group(0).split("\n", 1)[0])]
    text = blank(text, [table.span() for table in plans])
    for pattern in (_HEADING, _LIST_NUMBER, _FOOTNOTE, _ADDRESS, *_names(names), _VERSION, _NAMED):
        text = blank(text, [match.span() for match in pattern.finditer(text)])
    return text


def _names(names: Iterable[str]) -> Iterator[re.Pattern[str]]:
    # One plain word is too common to be left aside as a name.
    told = {name.strip() for name in names}
    wanted = sorted({name for name in told if any(not sign.isalpha() for sign in name)}, key=len, reverse=True)
    for start in range(0, len(wanted), 200):
        patterns = [re.sub(r"(?:\\?[-_ ])+", r"[-_ ]", re.escape(name)) for name in wanted[start : start + 200]]
        yield re.compile(r"(?<!\w)(?:" + "|".join(patterns) + r")(?!\w)", re.IGNORECASE)


class _Sentences:
    """Where a text's sentences end; found once, asked often."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._ends = [match.end() for match in _END.finditer(text)]

    def bounds(self, place: int) -> tuple[int, int]:
        """Return where the sentence around a place begins and ends."""
        following = bisect_right(self._ends, place)
        start = self._ends[following - 1] if following else 0
        return start, self._ends[following] if following < len(self._ends) else len(self.text)

    def around(self, place: int) -> str:
        """Return the sentence around a place, no more than a reader wants of it."""
        first, last = self.bounds(place)
        return " ".join(self.text[first : min(last, first + 4 * _SHOWN)].split())[:_SHOWN]


def _loose(kind: Looseness, said: _Sentences, lines: Lines, start: int, end: int) -> Loose:
    return Loose(
        kind=kind,
        words=said.text[start:end].strip(),
        sentence=said.around(start),
        start=start,
        end=end,
        line=lines.number(start),
    )
