"""A small template language for phrases: ``{one|other}`` alternatives (nesting allowed) and ``<slot>`` values.

Phrases stand in plain text files under ``phrases/``, one a line, in ``[sections]``; ``#`` starts a comment. A
phrase is parsed once and then expanded many times with a :class:`Dice` and a mapping of slot values. A phrase that
makes sense on certain days alone starts with them: ``@2026-03-24`` (from that day) or ``@2026-03-13..2026-04-12``;
one that is about something narrower than its section names its topics next: ``(crash,update)``.
"""

import datetime as dt
import functools
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, TypeVar

T = TypeVar("T")

PHRASE_FOLDER = Path(__file__).parent / "phrases"

_DATED = re.compile(r"@(\d{4}-\d\d-\d\d)(?:\.\.(\d{4}-\d\d-\d\d))? ")
_TOPICS = re.compile(r"\(([a-z,]+)\) ")
_TOKEN = re.compile(r"[{}|]|<[a-z_0-9]+>|[^{}|<]+|<")


class Dice:
    """Seeded choices. Only ``Random.random`` is used, whose stream Python keeps stable across versions."""

    def __init__(self, seed: int) -> None:
        self._next = random.Random(seed).random

    def roll(self) -> float:
        """A number in [0, 1)."""
        return self._next()

    def below(self, limit: int) -> int:
        """A whole number in [0, limit)."""
        return int(self._next() * limit)

    def between(self, low: int, high: int) -> int:
        """A whole number in [low, high]."""
        return low + int(self._next() * (high - low + 1))

    def chance(self, probability: float) -> bool:
        return self._next() < probability

    def pick(self, options: Sequence[T]) -> T:
        return options[int(self._next() * len(options))]


@dataclass(frozen=True, slots=True)
class Slot:
    """A place to be filled with the value of that name."""

    name: str


@dataclass(frozen=True, slots=True)
class Choice:
    """Alternatives, each a sequence of parts."""

    options: tuple["Parts", ...]


Part: TypeAlias = "str | Slot | Choice"
Parts: TypeAlias = tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Phrase:
    """A parsed phrase.

    ``slots`` are all names it may ask for, ``days`` the first and last day it is said on, ``topics`` what it is
    about (none: anything).
    """

    parts: Parts
    slots: frozenset[str]
    days: tuple[dt.date, dt.date] = (dt.date.min, dt.date.max)
    topics: frozenset[str] = frozenset()

    def fits(self, on: dt.date, values: Mapping[str, str]) -> bool:
        """Whether it can be said on that day by someone who knows these values."""
        return self.days[0] <= on <= self.days[1] and self.slots <= values.keys()

    def expand(self, dice: Dice, values: Mapping[str, str]) -> str:
        """The phrase as text. Raises KeyError if ``values`` lacks a slot that the chosen alternatives name."""
        out: list[str] = []
        _expand(self.parts, dice, values, out)
        return "".join(out)


def _expand(parts: Parts, dice: Dice, values: Mapping[str, str], out: list[str]) -> None:
    for part in parts:
        if isinstance(part, str):
            out.append(part)
        elif isinstance(part, Slot):
            out.append(values[part.name])
        else:
            _expand(dice.pick(part.options), dice, values, out)


def parse(text: str) -> Phrase:
    """Parse one phrase. Raises ValueError if its braces do not balance."""
    days = (dt.date.min, dt.date.max)
    if dated := _DATED.match(text):
        days = (dt.date.fromisoformat(dated[1]), dt.date.fromisoformat(dated[2] or dt.date.max.isoformat()))
        text = text[dated.end() :]
    topics: frozenset[str] = frozenset()
    if about := _TOPICS.match(text):
        topics = frozenset(about[1].split(","))
        text = text[about.end() :]
    slots: set[str] = set()
    tokens = _TOKEN.findall(text)
    parts, rest = _parse(tokens, 0, slots, nested=False)
    if rest != len(tokens):
        raise ValueError(f"unbalanced braces in phrase {text!r}")
    return Phrase(parts, frozenset(slots), days, topics)


def _parse(tokens: list[str], at: int, slots: set[str], *, nested: bool) -> tuple[Parts, int]:
    parts: list[Part] = []
    while at < len(tokens):
        piece = tokens[at]
        if piece == "{":
            choice, at = _parse_choice(tokens, at + 1, slots)
            parts.append(choice)
            continue
        if piece in "|}" and nested:
            break
        if piece in "|}":
            raise ValueError(f"{piece!r} outside braces in phrase {''.join(tokens)!r}")
        if piece[0] == "<" and len(piece) > 1:
            slots.add(piece[1:-1])
            parts.append(Slot(piece[1:-1]))
        else:
            parts.append(piece)
        at += 1
    return tuple(parts), at


def _parse_choice(tokens: list[str], at: int, slots: set[str]) -> tuple[Choice, int]:
    options: list[Parts] = []
    while True:
        option, at = _parse(tokens, at, slots, nested=True)
        options.append(option)
        if at >= len(tokens):
            raise ValueError(f"a brace is not closed in phrase {''.join(tokens)!r}")
        if tokens[at] == "}":
            return Choice(tuple(options)), at + 1
        at += 1


Sections: TypeAlias = dict[str, tuple[Phrase, ...]]


@functools.cache
def sections(name: str) -> Sections:
    """The phrases of file ``name`` by section. Raises ValueError with file and line if one does not parse."""
    path = PHRASE_FOLDER / f"{name}.txt"
    found: dict[str, list[Phrase]] = {}
    section = ""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if text.startswith("[") and text.endswith("]"):
            section = text[1:-1]
            found.setdefault(section, [])
            continue
        try:
            found[section].append(parse(text))
        except (ValueError, KeyError) as problem:
            raise ValueError(f"{path.name}:{number}: {problem}; every phrase needs a section above it") from problem
    return {key: tuple(phrases) for key, phrases in found.items()}
