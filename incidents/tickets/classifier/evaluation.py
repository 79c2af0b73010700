"""How good a classifier is: precision, recall and calibration per symptom, by cross-validation."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from incidents.tickets.classifier import learning
from incidents.tickets.classifier.engine import ASSERTED, Classifier, Example, settled, shown_matrix
from incidents.tickets.classifier.prior import Floats, Symptom
from incidents.tickets.classifier.text import Words, words_of

FOLDS = 5
BINS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class SymptomQuality:
    """One symptom: tickets that show it, that are said to, and both; the mean gap of confidence and truth."""

    key: str
    n_shown: int
    n_asserted: int
    n_right: int
    calibration_error: float

    @property
    def precision(self) -> float | None:
        """Share of what was said that is right."""
        return self.n_right / self.n_asserted if self.n_asserted else None

    @property
    def recall(self) -> float | None:
        """Share of what is there that was said."""
        return self.n_right / self.n_shown if self.n_shown else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """All symptoms together and each, on n labelled tickets."""

    n_tickets: int
    n_abstained: int
    micro_f1: float
    calibration_error: float
    symptoms: tuple[SymptomQuality, ...]


def measure(keys: Sequence[str], confidences: Floats, shown: Floats) -> Quality:
    """Compare confidences (n, symptoms) with the truth (n, symptoms; 0 or 1)."""
    said, true = confidences >= ASSERTED, shown >= 0.5
    n_right = int((said & true).sum())
    n_both = int(said.sum() + true.sum())
    return Quality(
        n_tickets=len(shown),
        n_abstained=int((~said.any(axis=1)).sum()) if len(shown) else 0,
        micro_f1=2.0 * n_right / n_both if n_both else 0.0,
        calibration_error=calibration_error(confidences.ravel(), shown.ravel()),
        symptoms=tuple(
            SymptomQuality(
                key=key,
                n_shown=int(true[:, k].sum()),
                n_asserted=int(said[:, k].sum()),
                n_right=int((said[:, k] & true[:, k]).sum()),
                calibration_error=calibration_error(confidences[:, k], shown[:, k]),
            )
            for k, key in enumerate(keys)
        ),
    )


def calibration_error(confidences: Floats, shown: Floats) -> float:
    """Return the expected calibration error: the mean gap between confidence and frequency over ten equal bins."""
    if not len(confidences):
        return 0.0
    bins = np.minimum((confidences * BINS).astype(np.int64), BINS - 1)
    gaps = np.zeros(BINS)
    np.add.at(gaps, bins, confidences - shown)
    return float(np.abs(gaps).sum() / len(confidences))


def cross_validate(
    taxonomy: Sequence[Symptom],
    examples: Sequence[Example],
    *,
    corpus: Sequence[Words] = (),
    n_labels: int | None = None,
    seed: int = 0,
) -> Floats:
    """Return confidences (n, symptoms) for each example from a classifier that did not learn from it.

    `n_labels` bounds how many of the other examples each fold learns from; 0 is the start without labels. The words of
    all tickets teach, as they do in use, but no ticket's own label.
    """
    plain = Classifier(taxonomy)
    read = [words_of(example.title, example.text) for example in examples]
    plain.study(list(dict.fromkeys([*read, *corpus])))
    if n_labels == 0 or len(examples) < 2 * FOLDS:
        return plain.confidences(read)
    inputs = plain.inputs(read)
    shown = shown_matrix(plain.keys, examples)
    order = np.random.default_rng(seed).permutation(len(examples))
    answer = np.zeros_like(shown)
    for fold in np.array_split(order, FOLDS):
        others: NDArray[np.int64] = order[~np.isin(order, fold)][:n_labels]
        weights = learning.fit(inputs.rows(others), shown[others])
        answer[fold] = settled(weights.logits(inputs.rows(fold)), plain.prior.rest)
    return answer
