"""Words that some complaints use more often than others: counted once a ticket, compared as ratios with intervals."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import F
from django.db.models.functions import Left, Mod

from incidents.charts.ratios import RateRatio, share_ratio
from incidents.tickets.classifier.text import clean_body, fold, stem
from incidents.tickets.privacy import masked
from incidents.tickets.queries import Complaints, tickets_in

# So many tickets of each side are read; of more, every so-manieth.
MOST_READ = 1500
# What a text repeats past this many characters is not read.
LONGEST_READ = 1500
FEWEST = 5  # tickets of the selection that use the word
# Words of letters alone: numbers and names of files say nothing of what people felt.
_WORD = re.compile(r"(?<![\w.])[^\W\d_]{3,}(?:'[^\W\d_]+)?(?![\w])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A word as most of the selection's tickets write it, in how many of those read, and the ratio to the rest."""

    word: str
    n: int
    ratio: RateRatio


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The surest terms first, and how many tickets of either side were read."""

    terms: tuple[Term, ...]
    n_here: int
    n_rest: int


def distinctive_terms(here: Complaints, rest: Sequence[tuple[Complaints, float]], n: float, *, most: int = 10) -> Terms:
    """Compare the words of some complaints with those of others, each given with about how many they are."""
    inside, surfaces, n_here = _counted([(here, n)])
    outside, _, n_rest = _counted(rest)
    if not n_here or not n_rest:
        return Terms(terms=(), n_here=n_here, n_rest=n_rest)
    found = []
    for base, amount in inside.items():
        if amount < FEWEST:
            continue
        ratio = share_ratio(amount, n_here, outside[base], n_rest)
        if ratio.low > 1.0:
            # Rows come in no order: of forms that are equally frequent the first by letters is told.
            word, _ = min(surfaces[base].items(), key=lambda pair: (-pair[1], pair[0]))
            found.append(Term(word=word, n=amount, ratio=ratio))
    found.sort(key=lambda term: (-term.ratio.low, term.word))
    return Terms(terms=tuple(found[:most]), n_here=n_here, n_rest=n_rest)


def _counted(parts: Iterable[tuple[Complaints, float]]) -> tuple[Counter[str], dict[str, Counter[str]], int]:
    """Return in how many of the tickets read each stem stands, how it is written, and how many were read."""
    parts = list(parts)
    every = max(round(sum(n for _, n in parts) / MOST_READ), 1)
    counts: Counter[str] = Counter()
    surfaces: dict[str, Counter[str]] = defaultdict(Counter)
    n_read = 0
    for wanted, n in parts:
        if n <= 0:
            continue
        rows = tickets_in(wanted).order_by()
        if every > 1:
            rows = rows.annotate(turn=Mod(F("id"), every)).filter(turn=0)
        told = rows.annotate(head=Left("text", LONGEST_READ)).values_list("title", "head")
        for title, text in told[: 2 * MOST_READ]:
            n_read += 1
            words = _WORD.findall(f"{fold(masked(title))} {clean_body(masked(text))}")
            # Of several forms in one ticket the first counts: a title's before its text's.
            for base, word in {stem(word): word for word in reversed(words)}.items():
                counts[base] += 1
                surfaces[base][word] += 1
    return counts, surfaces, n_read
