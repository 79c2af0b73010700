"""The classifier as its users see it: made from a taxonomy alone or with labels; tickets in, symptoms out; storage."""

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import orjson

from incidents.tickets.classifier import learning
from incidents.tickets.classifier.features import Floats, Vocabulary, evidence
from incidents.tickets.classifier.prior import Symptom, TermPrior
from incidents.tickets.classifier.text import Words, words_of

ASSERTED = 0.5  # from this confidence on a symptom is said
SHOWN = 0.05  # below this it is not even mentioned
FORMAT = "symptom-classifier/1"
FEWEST_LABELS = 5
_COMMON_ENGLISH = frozenset(
    re.findall("[a-z]+", "the a an and is are was to of in on for it i my with not this that when from has have after")
)
_BLOCK = 2000


class ArtefactError(ValueError):
    """Stored bytes are no classifier of this format, or belong to another taxonomy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the machine says of a ticket: (symptom key, confidence 0..1), the surest first; why, in the text's words."""

    symptoms: tuple[tuple[str, float], ...]
    reasons: Mapping[str, Sequence[str]]

    @property
    def abstained(self) -> bool:
        """Tell whether no symptom is sure enough to be said."""
        return not any(confidence >= ASSERTED for _, confidence in self.symptoms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A ticket that a person labelled."""

    title: str
    text: str
    symptoms: frozenset[str]


class Classifier:
    """Symptoms of tickets by phrases, corrected by what was learned from labels."""

    def __init__(
        self,
        taxonomy: Sequence[Symptom],
        vocabulary: Vocabulary | None = None,
        weights: learning.Weights | None = None,
    ) -> None:
        """Start from the taxonomy; `train` and `from_bytes` give one that has learned."""
        self.taxonomy = list(taxonomy)
        self.prior = TermPrior(self.taxonomy)
        self.vocabulary = vocabulary
        self.weights = weights

    @property
    def keys(self) -> list[str]:
        """The symptoms' keys, in the taxonomy's order."""
        return self.prior.keys

    @classmethod
    def train(
        cls, taxonomy: Sequence[Symptom], examples: Sequence[Example], *, corpus: Iterable[Words] = ()
    ) -> "Classifier":
        """Learn from labelled tickets; `corpus` are unlabelled ones, which teach which words are common."""
        plain = cls(taxonomy)
        if len(examples) < FEWEST_LABELS or not taxonomy:
            return plain
        read = [words_of(example.title, example.text) for example in examples]
        vocabulary = Vocabulary.learn([*read, *corpus])
        inputs = plain.inputs(read, vocabulary)
        return cls(taxonomy, vocabulary, learning.fit(inputs, shown_matrix(plain.keys, examples)))

    def inputs(self, tickets: Sequence[Words], vocabulary: Vocabulary) -> learning.Inputs:
        """Return tickets as numbers."""
        logits, groups = evidence(self.prior, tickets)
        return learning.Inputs(logits=logits, groups=groups, words=vocabulary.matrix(tickets))

    def confidences(self, tickets: Sequence[Words]) -> Floats:
        """Return the confidence (n, symptoms) of each symptom in each ticket; nothing where a text cannot be judged."""
        logits, groups = evidence(self.prior, tickets)
        if self.weights is not None and self.vocabulary is not None:
            words = self.vocabulary.matrix(tickets)
            logits = self.weights.logits(learning.Inputs(logits=logits, groups=groups, words=words))
        sure = learning.probabilities(logits)
        for i in np.flatnonzero(~groups.any(axis=1)).tolist():
            if not self._understood(tickets[i]):
                sure[i] = 0.0
        return sure

    def _understood(self, words: Words) -> bool:
        """Tell whether a text without any known phrase is in a language in which complaints would have been known.

        Silence about every symptom means "none of them" only there.
        """
        if not words.title and not words.body:
            return False
        if self.vocabulary is not None and self.vocabulary.knows(words):
            return True
        spoken = (*words.title_stems, *words.body_stems)
        if all(token.isascii() for token in spoken) and len(spoken) <= 3:
            return True
        n_common = sum(token in _COMMON_ENGLISH for token in spoken)
        return n_common >= max(1, len(spoken) // 12)

    def judge(self, title: str, text: str) -> Judgement:
        """Judge one ticket, with reasons."""
        words = words_of(title, text)
        return self._judgement(words, self.confidences([words])[0])

    def judge_many(self, tickets: Iterable[tuple[str, str]]) -> Iterable[Judgement]:
        """Judge (title, text) pairs in order, some thousands at a time."""
        block: list[Words] = []
        for title, text in tickets:
            block.append(words_of(title, text))
            if len(block) == _BLOCK:
                yield from self._judged(block)
                block = []
        yield from self._judged(block)

    def _judged(self, block: list[Words]) -> Iterable[Judgement]:
        if block:
            for words, row in zip(block, self.confidences(block), strict=True):
                yield self._judgement(words, row, with_reasons=False)

    def _judgement(self, words: Words, row: Floats, *, with_reasons: bool = True) -> Judgement:
        told = [(key, round(float(p), 4)) for key, p in zip(self.keys, row, strict=True) if p >= SHOWN]
        reasons = self.prior.reasons(self.prior.find(words)) if with_reasons else {}
        return Judgement(symptoms=tuple(sorted(told, key=lambda one: (-one[1], one[0]))), reasons=reasons)

    def to_bytes(self) -> bytes:
        """Return what was learned as an .npz of numbers and text: nothing in it is ever run."""
        head = {
            "format": FORMAT,
            "symptoms": self.keys,
            "n_groups": len(self.prior.owner),
            "learned": self.weights is not None,
            "vocabulary": list(self.vocabulary.columns) if self.vocabulary is not None else [],
        }
        arrays: dict[str, Floats] = {}
        if self.weights is not None and self.vocabulary is not None:
            arrays = {
                "idf": self.vocabulary.idf.astype(np.float32),
                "constant": self.weights.constant,
                "by_logit": self.weights.by_logit,
                "by_group": self.weights.by_group,
                "by_word": self.weights.by_word.astype(np.float32),
            }
        buffer = io.BytesIO()
        np.savez_compressed(buffer, head=np.frombuffer(orjson.dumps(head), dtype=np.uint8), **arrays)  # type: ignore[arg-type]
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, stored: bytes, taxonomy: Sequence[Symptom]) -> "Classifier":
        """Bring back a stored classifier; raises ArtefactError where it does not fit the taxonomy."""
        try:
            with np.load(io.BytesIO(stored), allow_pickle=False) as parts:
                arrays = {name: parts[name] for name in parts.files}
            head = orjson.loads(arrays.pop("head").tobytes())
        except (ValueError, KeyError, OSError, EOFError) as error:
            raise ArtefactError(f"The stored classifier cannot be read ({error}): train it anew.") from error
        plain = cls(taxonomy)
        if head.get("format") != FORMAT or head["n_groups"] != len(plain.prior.owner) or head["symptoms"] != plain.keys:
            raise ArtefactError("The stored classifier was learned for another taxonomy: train it anew.")
        if not head["learned"]:
            return plain
        columns = {name: i for i, name in enumerate(head["vocabulary"])}
        wide = {name: array.astype(np.float64) for name, array in arrays.items()}
        vocabulary = Vocabulary(columns=columns, idf=wide.pop("idf"))
        return cls(taxonomy, vocabulary, learning.Weights(**wide))


def shown_matrix(keys: Sequence[str], examples: Sequence[Example]) -> Floats:
    """Return (n, symptoms): 1 where the example shows the symptom."""
    return np.array([[float(key in example.symptoms) for key in keys] for example in examples], dtype=np.float64)
