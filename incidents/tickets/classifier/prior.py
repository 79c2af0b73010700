"""What a text says about each symptom before anybody has labelled a ticket.

Evidence is phrases: the taxonomy's own terms, names and definitions, and a lexicon of how people complain about
software, of which each group joins the symptom that its key words name. Phrases add up with falling weight; a phrase
that is denied ("not slow") does not count; a misspelt word counts less. Weights are in logits.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from incidents.tickets.classifier.text import Words, fold, has_wide_script, stem, stems, unmarked

Floats = NDArray[np.float64]

STRONG, WEAK, TERM, NAMED, DESCRIBED = 2.0, 0.7, 1.6, 1.2, 0.35
MARKED = 3.5  # a title's own mark, such as "[FEATURE]", is nearly a label
TITLE = 1.5
MISSPELT = 0.6
FADING = (1.0, 0.6, 0.4, 0.3, 0.2, 0.15)
# From scores to probabilities; chosen once on labelled tickets of two trackers, see benchmarks/classify.py.
SLOPE, THRESHOLD, RIVALRY = 1.1, 1.8, 1.5
NONE_ELSE = 2.3
LATER = 60  # words after which the body counts half
_DENIALS = frozenset(
    {"not", "no", "never", "without", "isn't", "wasn't", "aren't", "nor", "don't", "doesn't", "didn't"}
)
_NO_DENIAL = frozenset({"longer", "only", "just", "sure"})
_STOP = frozenset(
    re.findall(
        "[a-z]+",
        "a an and are as at be by for from in is it its of on or that the this to was were what when with than then "
        "them they not no does do did else nobody anything new more much something other one all any above none",
    )
)
_CERTAIN = 1e-3
_FUZZY_LENGTH = 6
_REMEMBERED = 100_000
_MARK = re.compile(r"\[|feature request|\w+:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Symptom:
    """One entry of a taxonomy, as the classifier needs it."""

    key: str
    name: str = ""
    description: str = ""
    terms: Sequence[str] = ()


@dataclass(slots=True)
class _Phrases:
    """Phrases by their stems, what weight they have in which group, and how they are looked up."""

    by_stems: dict[tuple[str, ...], dict[int, float]] = field(default_factory=dict)
    starts: list[tuple[str, int, float]] = field(default_factory=list)
    inside: dict[str, dict[int, float]] = field(default_factory=dict)
    longest: dict[str, int] = field(default_factory=dict)  # by the first stem: how many stems a phrase may have

    def add(self, phrase: str, group: int, weight: float) -> None:
        folded = fold(phrase)
        if phrase.startswith("^"):
            start = fold(phrase[1:]) + (" " if phrase.endswith(" ") else "")
            self.starts.append((start, group, MARKED if _MARK.match(start) else weight))
            return
        if has_wide_script(folded):
            known = self.inside.setdefault(folded, {})
            known[group] = max(weight, known.get(group, 0.0))
            return
        key = stems(folded)
        if key:
            known = self.by_stems.setdefault(key, {})
            known[group] = max(weight, known.get(group, 0.0))
            self.longest[key[0]] = max(self.longest.get(key[0], 0), len(key))


# Evidence found in a text: {group: {phrase: weight}}.
Found = dict[int, dict[tuple[str, ...], float]]


class TermPrior:
    """Scores and probabilities of a taxonomy's symptoms by phrases alone.

    Groups are one per symptom (its own words) and one per part of the lexicon; `owner` says to which symptom a group
    speaks, or None where the taxonomy has nothing of the kind.
    """

    def __init__(self, taxonomy: Sequence[Symptom]) -> None:
        """Compile the taxonomy together with the lexicon's groups that it names."""
        self.keys = [symptom.key for symptom in taxonomy]
        self.rest = next((i for i, symptom in enumerate(taxonomy) if is_rest(symptom)), None)
        self.owner: list[int | None] = list(range(len(taxonomy)))
        self._phrases = _Phrases()
        self._add_taxonomy(taxonomy)
        owners = _owners(taxonomy)
        for name, parts in lexicon().items():
            self.owner.append(owners.get(name))
            for kind, weight in (("strong", STRONG), ("weak", WEAK), ("other", STRONG)):
                for phrase in parts[kind]:
                    self._phrases.add(phrase, len(self.owner) - 1, weight)
        self._slips: dict[str, str | None] = {}  # words recur: each is looked up once
        self._fuzzy = _deletions(key[0] for key in self._phrases.by_stems if len(key) == 1)

    def _add_taxonomy(self, taxonomy: Sequence[Symptom]) -> None:
        weak = {stems(fold(p)) for group in lexicon().values() for p in group["weak"]}
        for index, symptom in enumerate(taxonomy):
            for term in symptom.terms:
                key = stems(fold(term))
                weight = WEAK if key in weak else TERM + (0.4 if len(key) > 1 else 0.0)
                self._phrases.add(term, index, weight)
            for word in _content(symptom.name):
                self._phrases.add(word, index, WEAK if (stem(word),) in weak else NAMED)
            for word in _content(symptom.description):
                self._phrases.add(word, index, DESCRIBED)

    def find(self, words: Words) -> Found:
        """Return the evidence in a ticket's words."""
        found: Found = {}
        self._look(words.title_stems, TITLE, found)
        self._look(words.body_stems, 1.0, found)
        for place, factor in ((words.title, TITLE), (words.body, 1.0)):
            if has_wide_script(place):
                for phrase, groups in self._phrases.inside.items():
                    if phrase in place:
                        _note(found, groups, (phrase,), factor)
        bare = unmarked(words.title)
        for phrase, group, weight in self._phrases.starts:
            if words.title.startswith(phrase) or bare.startswith(phrase):
                _note(found, {group: weight}, (phrase.strip(),), TITLE)
        return found

    def scores(self, found: Found) -> list[float]:
        """Return a score per symptom: its phrases' weights, each further one counting less."""
        merged: list[dict[tuple[str, ...], float]] = [{} for _ in self.keys]
        for group, phrases in found.items():
            owner = self.owner[group]
            if owner is not None:
                mine = merged[owner]
                for phrase, weight in phrases.items():
                    mine[phrase] = max(weight, mine.get(phrase, 0.0))
        return [_falling(phrases.values()) for phrases in merged]

    def group_scores(self, found: Found) -> list[float]:
        """Return a score per group: what a learned model may weigh anew."""
        return [_falling(found[group].values()) if group in found else 0.0 for group in range(len(self.owner))]

    def reasons(self, found: Found) -> dict[str, list[str]]:
        """Return the phrases that speak for each symptom, the weightiest first."""
        told: dict[str, list[str]] = {}
        ranked = sorted(((w, g, p) for g, phrases in found.items() for p, w in phrases.items()), reverse=True)
        for _, group, phrase in ranked:
            owner = self.owner[group]
            if owner is not None and (text := " ".join(phrase)) not in told.setdefault(self.keys[owner], []):
                told[self.keys[owner]].append(text)
        return told

    def settle(self, scores: Sequence[float]) -> list[float]:
        """Turn scores into probabilities: symptoms compete, and what is none of the others is the rest."""
        scores = list(scores)
        if self.rest is not None:
            others = [score for i, score in enumerate(scores) if i != self.rest]
            scores[self.rest] += max(0.0, NONE_ELSE - 0.9 * max(others, default=0.0))
        best = max(scores, default=0.0)
        return [1.0 / (1.0 + math.exp(-(SLOPE * (s - THRESHOLD) - RIVALRY * (best - s)))) for s in scores]

    def _look(self, tokens: tuple[str, ...], factor: float, found: Found) -> None:
        """Note the phrases among tokens: the longest one at each place, and not what is denied."""
        by_stems, longest = self._phrases.by_stems, self._phrases.longest
        position, n = 0, len(tokens)
        while position < n:
            groups, length, weight = None, 1, factor * (0.5 if position > LATER else 1.0)
            for size in range(min(longest.get(tokens[position], 0), n - position), 0, -1):
                groups = by_stems.get(tokens[position : position + size])
                if groups is not None:
                    length = size
                    break
            key = tokens[position : position + length]
            if groups is None and (near := self._misspelt(key[0])) is not None:
                key, groups, weight = (near,), by_stems[near,], weight * MISSPELT
            if groups is not None and not _denied(tokens, position):
                _note(found, groups, key, weight)
            position += length

    def _misspelt(self, token: str) -> str | None:
        """Return the known word of which this one is a slip: one letter more, less, other or swapped."""
        if token not in self._slips:
            if len(self._slips) >= _REMEMBERED:
                self._slips.clear()
            self._slips[token] = _slip_of(token, self._fuzzy)
        return self._slips[token]


def evidence(prior: TermPrior, tickets: Iterable[Words]) -> tuple[Floats, Floats]:
    """Return (logits by the prior, one column a symptom; scores by group), one row a ticket."""
    logits, groups = [], []
    for words in tickets:
        found = prior.find(words)
        sure = np.clip(prior.settle(prior.scores(found)), _CERTAIN, 1.0 - _CERTAIN)
        logits.append(np.log(sure / (1.0 - sure)))
        groups.append(prior.group_scores(found))
    n = len(logits)
    return (
        np.array(logits, dtype=np.float64).reshape(n, len(prior.keys)),
        np.array(groups, dtype=np.float64).reshape(n, len(prior.owner)),
    )


def _slip_of(token: str, known_words: Mapping[str, str]) -> str | None:
    if len(token) < _FUZZY_LENGTH or not token.isascii() or not token.isalpha():
        return None
    for variant in (token, *(token[:i] + token[i + 1 :] for i in range(1, len(token)))):
        known = known_words.get(variant)
        if known is not None and known[0] == token[0] and one_slip(token, known):
            return known
    return None


def _falling(weights: Iterable[float]) -> float:
    ranked = sorted(weights, reverse=True)[:12]
    return sum(weight * FADING[min(i, len(FADING) - 1)] for i, weight in enumerate(ranked))


def one_slip(left: str, right: str) -> bool:
    """Tell whether two words differ by one letter: added, left out, replaced, or two neighbours swapped.

    >>> one_slip("frozne", "frozen"), one_slip("quuota", "quota"), one_slip("limit", "timid")
    (True, True, False)
    """
    if left == right or abs(len(left) - len(right)) > 1:
        return False
    start = 0
    while start < min(len(left), len(right)) and left[start] == right[start]:
        start += 1
    a, b = left[start:], right[start:]
    swapped = len(a) > 1 and len(b) > 1 and a[0] == b[1] and a[1] == b[0] and a[2:] == b[2:]
    return a[1:] == b or a == b[1:] or a[1:] == b[1:] or swapped


@lru_cache(maxsize=1)
def lexicon() -> dict[str, dict[str, list[str]]]:
    """Return the shipped groups of phrases: {group: {anchors, strong, weak, other}}."""
    loaded: dict[str, dict[str, list[str]]] = json.loads(
        Path(__file__).with_name("lexicon.json").read_text(encoding="utf-8")
    )
    return loaded


def _owners(taxonomy: Sequence[Symptom]) -> dict[str, int]:
    """Return which symptom each group of the lexicon belongs to: the one that its anchors name most."""
    owners: dict[str, int] = {}
    for group, parts in lexicon().items():
        anchors = [stems(fold(anchor)) for anchor in parts["anchors"]]
        marks = [
            3 * _mentions(stems(fold(f"{s.name} . {s.key.replace('_', ' ')}")), anchors)
            + 2 * _mentions(stems(fold(s.description)), anchors)
            + 2 * sum(stems(fold(term)) in anchors for term in s.terms)
            for s in taxonomy
        ]
        if marks and max(marks) >= 3:
            owners[group] = marks.index(max(marks))
    return owners


def _mentions(tokens: tuple[str, ...], anchors: Iterable[tuple[str, ...]]) -> int:
    return sum(
        any(tokens[i : i + len(anchor)] == anchor for i in range(len(tokens) - len(anchor) + 1)) for anchor in anchors
    )


def _content(text: str) -> list[str]:
    folded = fold(text.replace("_", " "))
    return [w for w in (word.strip(".,:;!?()'\"") for word in folded.split()) if len(w) > 3 and w not in _STOP]


def is_rest(symptom: Symptom) -> bool:
    """Tell whether a symptom is what is none of the others."""
    told = fold(f"{symptom.name} {symptom.description}")
    return symptom.key in {"other", "misc", "rest"} or "none of the" in told


def _denied(tokens: tuple[str, ...], position: int) -> bool:
    for back in (1, 2):
        at = position - back
        if at >= 0 and tokens[at] in _DENIALS:
            return tokens[at + 1] not in _NO_DENIAL
    return False


def _note(found: Found, groups: Mapping[int, float], key: tuple[str, ...], factor: float) -> None:
    for group, weight in groups.items():
        phrases = found.setdefault(group, {})
        phrases[key] = max(phrases.get(key, 0.0), weight * factor)


def _deletions(words: Iterable[str]) -> dict[str, str]:
    """Return {word with one letter left out: word}, and each word itself, for words long enough to be misspelt."""
    table: dict[str, str] = {}
    for word in words:
        if len(word) >= _FUZZY_LENGTH and word.isascii() and word.isalpha():
            table[word] = word
            for i in range(1, len(word)):
                table.setdefault(word[:i] + word[i + 1 :], word)
    return table
