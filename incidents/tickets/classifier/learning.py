"""Learning from labels: logistic regression that starts from a logit of its own and moves where labels disagree.

All symptoms first learn together how their evidence is weighed (`weighing`). For each symptom the logit is then that
one plus a linear correction in the ticket's evidence and TF-IDF, with normal priors on all weights (ridge). With no
label it is what phrases and tickets say (`teaching`); each label moves it a little. The correction is solved
by Newton's method over the tickets rather than the features, which are a hundred times as many; its loss is convex, so
there is one answer. scikit-learn's logistic regression has no starting logit, and on the labelled tickets of
benchmarks/classify.py did worse without (docs/concepts/symptoms.md).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from incidents.tickets.classifier.prior import Floats
from incidents.tickets.classifier.weighing import START, marks, weigh

if TYPE_CHECKING:
    from scipy import sparse

# Prior variances of the correction's weights: per group of evidence, for TF-IDF as a whole, for the constant.
BY_GROUP, BY_WORDS, CONSTANT = 0.2, 4.0, 0.5
BY_LOGIT = 0.005
_STEPS, _HALVINGS, _CLOSE = 30, 12, 1e-7


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What is known of n tickets: logits (n, symptoms) by phrases and by words beside them, group scores, TF-IDF."""

    phrases: Floats
    heard: Floats  # the phrases' where no tickets taught
    groups: Floats  # (n, groups)
    words: "sparse.csr_matrix"  # (n, vocabulary)

    @property
    def logits(self) -> Floats:
        """Return what phrases and words say together before there are labels."""
        return self.weighed(START)

    def weighed(self, shared: Floats) -> Floats:
        """Return what phrases and words say together, weighed by these five numbers."""
        answer: Floats = marks(self.phrases, self.heard) @ shared
        return answer

    def rows(self, chosen: NDArray[np.int64] | list[int]) -> "Inputs":
        """Return some of the tickets."""
        return Inputs(
            phrases=self.phrases[chosen],
            heard=self.heard[chosen],
            groups=self.groups[chosen],
            words=self.words[chosen],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """The correction: one column a symptom; and the weights that all share."""

    constant: Floats  # (symptoms,)
    by_logit: Floats  # (symptoms, symptoms)
    by_group: Floats  # (groups, symptoms)
    by_word: Floats  # (vocabulary, symptoms)
    shared: Floats  # (5,)

    def logits(self, inputs: Inputs) -> Floats:
        """Return corrected logits (n, symptoms)."""
        corrected: Floats = (
            inputs.weighed(self.shared)
            + self.constant
            + inputs.logits @ self.by_logit
            + inputs.groups @ self.by_group
            + inputs.words @ self.by_word
        )
        return corrected


def fit(inputs: Inputs, shown: Floats) -> Weights:
    """Learn from labelled tickets; `shown` (n, symptoms) holds 1 where the ticket shows the symptom, else 0."""
    start = inputs.logits
    shared = weigh(marks(inputs.phrases, inputs.heard), shown)
    offset = inputs.weighed(shared)
    kernel = (
        CONSTANT
        + BY_LOGIT * start @ start.T
        + BY_GROUP * inputs.groups @ inputs.groups.T
        + BY_WORDS * np.asarray((inputs.words @ inputs.words.T).todense())
    )
    pulls = np.column_stack([_newton(kernel, offset[:, k], shown[:, k]) for k in range(shown.shape[1])])
    return Weights(
        constant=CONSTANT * pulls.sum(axis=0),
        by_logit=BY_LOGIT * start.T @ pulls,
        by_group=BY_GROUP * inputs.groups.T @ pulls,
        by_word=np.asarray(BY_WORDS * (inputs.words.T @ pulls)),
        shared=shared,
    )


def probabilities(logits: Floats) -> Floats:
    """Return 0..1 for logits, without overflow."""
    answer: Floats = np.exp(-np.logaddexp(0.0, -logits))
    return answer


def _newton(kernel: Floats, offset: Floats, shown: Floats) -> Floats:
    """Return each ticket's pull on the correction: the correction at ticket i is (kernel @ pulls)[i]."""
    sign = 2.0 * shown - 1.0

    def loss(pulls: Floats) -> float:
        moved = kernel @ pulls
        return float(0.5 * pulls @ moved + np.logaddexp(0.0, -sign * (offset + moved)).sum())

    pulls = np.zeros(len(shown))
    lost = loss(pulls)
    for _ in range(_STEPS):
        aim = _newton_target(kernel, kernel @ pulls, offset, shown)
        # A full step may overshoot far from the answer: halve it until it gains.
        for halving in range(_HALVINGS):
            tried = pulls + 0.5**halving * (aim - pulls)
            reached = loss(tried)
            if reached <= lost:
                break
        else:
            break
        gained, pulls, lost = lost - reached, tried, reached
        if gained < _CLOSE:
            break
    return pulls


def _newton_target(kernel: Floats, moved: Floats, offset: Floats, shown: Floats) -> Floats:
    """Return the pulls that one step of Newton's method aims at.

    After Rasmussen and Williams, Gaussian Processes for Machine Learning, algorithm 3.1: stable for any kernel.
    """
    sure = probabilities(offset + moved)
    weight = np.maximum(sure * (1.0 - sure), 1e-9)
    root = np.sqrt(weight)
    target = weight * moved + (shown - sure)
    inner = np.eye(len(shown)) + root[:, None] * kernel * root[None, :]
    aim: Floats = target - root * np.linalg.solve(inner, root * (kernel @ target))
    return aim
