"""What one piece of evidence says now, under the key by which a text cites it. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
_MONTH = re.compile(r"\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b", re.IGNORECASE)
_WORDS = {
    word: str(number)
    for number, word in enumerate(
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
    )
}
_WORD = re.compile(r"\b(" + "|".join(_WORDS) + r")\b", re.IGNORECASE)


def figures_in(text: str) -> frozenset[str]:
    """Return the numbers and months a text names, in one spelling: "1,200" is "1200", "March" is "mar"."""
    bare = text.replace("\\", "")
    numbers = {found.replace(",", "").rstrip(".") for found in _NUMBER.findall(bare)}
    months = {found.lower() for found in _MONTH.findall(bare)}
    words = {_WORDS[found.lower()] for found in _WORD.findall(bare)}
    return frozenset(numbers | months | words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Evidence that a claim may cite.

    `text` is how a document says it; `also` are other true ways to say it; `evidence` tells where it comes from;
    `holds` is False where the evidence speaks against what the key claims, and `why` says so.
    """

    key: str
    label: str
    text: str
    evidence: Mapping[str, Any]
    also: tuple[str, ...] = ()
    holds: bool = True
    why: str = ""
    causal: bool = False

    def value(self) -> dict[str, Any]:
        """Return what a claim remembers of the evidence at the time of writing."""
        return {"text": self.text, "also": list(self.also)}


@dataclass(slots=True)
class Catalogue:
    """All findings of a case by key; building a draft and judging a claim look here and nowhere else."""

    by_key: dict[str, Finding] = field(default_factory=dict)

    def add(self, finding: Finding | None) -> None:
        """Take a finding in; the first under a key stays."""
        if finding is not None:
            self.by_key.setdefault(finding.key, finding)

    def extend(self, findings: Iterable[Finding]) -> None:
        """Take several in."""
        for finding in findings:
            self.add(finding)

    def get(self, key: str) -> Finding | None:
        """Return the finding of a key, or None."""
        return self.by_key.get(key)

    def has(self, key: str) -> bool:
        """Tell whether there is evidence under a key."""
        return key in self.by_key

    def cite(self, key: str, text: str = "") -> str:
        """Return the Markdown of a claim: the evidence's own words, or `text` bound to it."""
        return f"[{text or self.by_key[key].text}](ev:{key})"
