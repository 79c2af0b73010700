"""The classifier as its users see it: made from a taxonomy alone or with labels; tickets in, symptoms out; storage."""

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import orjson

from incidents.tickets.classifier import learning
from incidents.tickets.classifier.prior import Floats, Symptom, TermPrior, evidence
from incidents.tickets.classifier.text import Words, words_of
from incidents.tickets.classifier.weighing import START

if TYPE_CHECKING:
    from incidents.tickets.classifier.features import Vocabulary
    from incidents.tickets.classifier.teaching import Taught

ASSERTED = 0.5  # from this confidence on a symptom is said
SHOWN = 0.05  # below this it is not even mentioned
SURE_ENOUGH = 0.25  # the strongest symptom is said from here on: nearly every complaint is about something
UNSAID = 0.45  # of what would be said, were it not excluded by what is surer
FORMAT = "symptom-classifier/3"
READABLE = (FORMAT, "symptom-classifier/2")  # the older one had no shared weights
FEWEST_LABELS = 5
_COMMON_ENGLISH = frozenset(
    re.findall("[a-z]+", "the a an and is are was to of in on for it i my with not this that when from has have after")
)
_BLOCK = 2000
_WEIGHTS = ("constant", "by_logit", "by_group", "by_word", "shared")


class ArtefactError(ValueError):
    """Stored bytes are no classifier of this format, or belong to another taxonomy."""


class Silence(StrEnum):
    """Why nothing is said of a ticket."""

    NO_WORDS = "it has no words of its own"
    LANGUAGE = "it is in a language or jargon that cannot be judged"
    UNSURE = "no symptom is sure enough"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the machine says of a ticket: (symptom key, confidence 0..1), the surest first; why, in the text's words."""

    symptoms: tuple[tuple[str, float], ...]
    reasons: Mapping[str, Sequence[str]]
    silence: Silence | None = None  # why no symptom is said; None where one is

    @property
    def abstained(self) -> bool:
        """Tell whether no symptom is sure enough to be said."""
        return self.silence is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A ticket that a person labelled."""

    title: str
    text: str
    symptoms: frozenset[str]


class Classifier:
    """Symptoms of tickets by phrases; by the words that go with them; corrected by what was learned from labels."""

    def __init__(
        self,
        taxonomy: Sequence[Symptom],
        vocabulary: "Vocabulary | None" = None,
        taught: "Taught | None" = None,
        weights: learning.Weights | None = None,
    ) -> None:
        """Start from the taxonomy; `train` and `from_bytes` give one that has learned."""
        self.taxonomy = list(taxonomy)
        self.prior = TermPrior(self.taxonomy)
        self.vocabulary = vocabulary
        self.taught = taught
        self.weights = weights

    @property
    def keys(self) -> list[str]:
        """The symptoms' keys, in the taxonomy's order."""
        return self.prior.keys

    @classmethod
    def train(
        cls, taxonomy: Sequence[Symptom], examples: Sequence[Example], *, corpus: Sequence[Words] = ()
    ) -> "Classifier":
        """Learn from labelled tickets and from unlabelled ones (`corpus`); either may be missing."""
        plain = cls(taxonomy)
        if not taxonomy:
            return plain
        read = [words_of(example.title, example.text) for example in examples]
        plain.study([*read, *corpus])
        if len(examples) < FEWEST_LABELS or plain.vocabulary is None:
            return plain if plain.taught is not None else cls(taxonomy)
        plain.weights = learning.fit(plain.inputs(read), shown_matrix(plain.keys, examples))
        return plain

    def study(self, tickets: Sequence[Words]) -> None:
        """Learn the vocabulary and, from enough tickets, which words go with the phrases."""
        # scikit-learn takes a second to load, which a process that only reads phrases need not spend.
        from incidents.tickets.classifier import features, teaching

        self.vocabulary = features.Vocabulary.learn(tickets)
        if len(tickets) >= teaching.FEWEST_TICKETS:
            logits, _ = evidence(self.prior, tickets)
            self.taught = teaching.teach(self.vocabulary.matrix(tickets), learning.probabilities(logits))

    def inputs(self, tickets: Sequence[Words]) -> learning.Inputs:
        """Return tickets as numbers; only for one that has a vocabulary."""
        if self.vocabulary is None:
            raise ArtefactError("This classifier has no vocabulary: let it study tickets first.")
        logits, groups = evidence(self.prior, tickets)
        words = self.vocabulary.matrix(tickets)
        heard = logits if self.taught is None else self.taught.heard(words)
        return learning.Inputs(phrases=logits, heard=heard, groups=groups, words=words)

    def confidences(self, tickets: Sequence[Words]) -> Floats:
        """Return the confidence (n, symptoms) of each symptom in each ticket; nothing where a text cannot be judged."""
        if self.vocabulary is None:
            logits, groups = evidence(self.prior, tickets)
        else:
            inputs = self.inputs(tickets)
            logits, groups = inputs.logits, inputs.groups
            if self.weights is not None:
                logits = self.weights.logits(inputs)
        sure = settled(logits, self.prior.rest)
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
        silence = None
        if not any(confidence >= ASSERTED for _, confidence in told):
            silence = Silence.NO_WORDS if words.is_empty else Silence.UNSURE if row.any() else Silence.LANGUAGE
        symptoms = tuple(sorted(told, key=lambda one: (-one[1], one[0])))
        return Judgement(symptoms=symptoms, reasons=reasons, silence=silence)

    def to_bytes(self) -> bytes:
        """Return what was learned as an .npz of numbers and text: nothing in it is ever run."""
        words = self.vocabulary
        head = {
            "format": FORMAT,
            "symptoms": self.keys,
            "n_groups": len(self.prior.owner),
            "words": [] if words is None else list(words.words.items()),
            "letters": [] if words is None else list(words.letters.items()),
        }
        arrays: dict[str, Floats] = {}
        if words is not None:
            arrays |= {"words_idf": words.words_idf, "letters_idf": words.letters_idf}
        if self.taught is not None:
            arrays |= {"taught_constant": self.taught.constant, "taught_by_word": self.taught.by_word}
        if self.weights is not None:
            arrays |= {name: getattr(self.weights, name) for name in _WEIGHTS}
        buffer = io.BytesIO()
        text = np.frombuffer(orjson.dumps(head), dtype=np.uint8)
        narrow = {name: array.astype(np.float32) for name, array in arrays.items()}
        np.savez_compressed(buffer, head=text, **narrow)  # type: ignore[arg-type]
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
        groups = (head.get("n_groups"), head.get("symptoms"))
        if head.get("format") not in READABLE or groups != (len(plain.prior.owner), plain.keys):
            raise ArtefactError("The stored classifier was learned for another taxonomy: train it anew.")
        wide = {name: array.astype(np.float64) for name, array in arrays.items()}
        if "words_idf" not in wide:
            return plain
        # scikit-learn takes a second to load, which a process that only reads phrases need not spend.
        from incidents.tickets.classifier import features, teaching

        plain.vocabulary = features.Vocabulary(
            words=dict(head["words"]),
            words_idf=wide["words_idf"],
            letters=dict(head["letters"]),
            letters_idf=wide["letters_idf"],
        )
        if "taught_constant" in wide:
            plain.taught = teaching.Taught(constant=wide["taught_constant"], by_word=wide["taught_by_word"])
        if "constant" in wide:
            wide.setdefault("shared", START)
            plain.weights = learning.Weights(**{name: wide[name] for name in _WEIGHTS})
        return plain


def settled(logits: Floats, rest: int | None = None) -> Floats:
    """Return confidences (n, symptoms): the probabilities, and the strongest of each ticket said where it may be.

    Where it lies below a half it is lifted to it, since silence would be wrong more often: measured by
    benchmarks/classify.py, with the calibration error that it costs. The symptom in column `rest` is by its definition
    none of the others: of it and the strongest other one, only the stronger is said.
    """
    sure = learning.probabilities(logits)
    if not sure.size:
        return sure
    if rest is not None and sure.shape[1] > 1:
        others = np.arange(sure.shape[1]) != rest
        both = (sure[:, rest] >= ASSERTED) & (sure[:, others].max(axis=1) >= ASSERTED)
        wins = sure[:, rest] > sure[:, others].max(axis=1)
        sure[both & ~wins, rest] = UNSAID
        loses = (both & wins)[:, None] & others & (sure >= ASSERTED)
        sure[loses] = UNSAID
    rows, best = np.arange(len(sure)), sure.argmax(axis=1)
    strongest = sure[rows, best]
    lifted = (strongest >= SURE_ENOUGH) & (strongest < ASSERTED)
    sure[rows[lifted], best[lifted]] = ASSERTED
    return sure


def shown_matrix(keys: Sequence[str], examples: Sequence[Example]) -> Floats:
    """Return (n, symptoms): 1 where the example shows the symptom."""
    return np.array([[float(key in example.symptoms) for key in keys] for example in examples], dtype=np.float64)
