"""The words of a ticket that speak for a symptom, marked in the text as people read it (after masking)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from incidents.catalog.models import Product
from incidents.tickets.classifier.prior import Symptom, TermPrior
from incidents.tickets.classifier.text import WORD, fold, stem, words_of
from incidents.tickets.versions import taxonomy_of


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text; `names` are the symptoms that it speaks for, none for plain text."""

    text: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedText:
    """A ticket's title and text in pieces."""

    title: tuple[Piece, ...]
    body: tuple[Piece, ...]


def marked_text(product: Product, title: str, text: str, *, proposed: Collection[str]) -> MarkedText:
    """Return the pieces of a title and a text that are fit to be read, with what speaks for the proposed symptoms.

    The phrases are the taxonomy's and the lexicon's, which is what a proposal can be explained by; what the learned
    part adds by single words is not marked.
    """
    taxonomy = taxonomy_of(product)
    prior = _prior(tuple(replace(symptom, terms=tuple(symptom.terms)) for symptom in taxonomy))
    reasons = prior.reasons(prior.find(words_of(title, text)))
    names = {symptom.key: symptom.name for symptom in taxonomy}
    by_phrase: dict[tuple[str, ...], tuple[str, ...]] = {}
    for key, found in reasons.items():
        for phrase in found if key in names and key in proposed else ():
            stems = tuple(phrase.split())
            by_phrase[stems] = tuple(dict.fromkeys((*by_phrase.get(stems, ()), names[key])))
    return MarkedText(title=_pieces(title, by_phrase), body=_pieces(text, by_phrase))


@lru_cache(maxsize=8)
def _prior(taxonomy: tuple[Symptom, ...]) -> TermPrior:
    return TermPrior(taxonomy)


def _pieces(text: str, phrases: Mapping[tuple[str, ...], tuple[str, ...]]) -> tuple[Piece, ...]:
    tokens = [(found.start(), found.end(), stem(fold(found[0]))) for found in WORD.finditer(text)]
    longest = max((len(phrase) for phrase in phrases), default=0)
    pieces: list[Piece] = []
    end, place = 0, 0
    while place < len(tokens):
        size = _size_at(tokens, place, phrases, longest)
        if size:
            start, stop = tokens[place][0], tokens[place + size - 1][1]
            if start > end:
                pieces.append(Piece(text[end:start]))
            names = phrases[tuple(token[2] for token in tokens[place : place + size])]
            pieces.append(Piece(text[start:stop], names))
            end = stop
        place += size or 1
    if end < len(text):
        pieces.append(Piece(text[end:]))
    return tuple(pieces)


def _size_at(
    tokens: Sequence[tuple[int, int, str]], place: int, phrases: Mapping[tuple[str, ...], tuple[str, ...]], longest: int
) -> int:
    """Return how many tokens the longest phrase that begins here has, 0 where none does."""
    for size in range(min(longest, len(tokens) - place), 0, -1):
        if tuple(token[2] for token in tokens[place : place + size]) in phrases:
            return size
    return 0
