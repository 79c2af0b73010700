"""What unlabelled tickets teach: which other words go with the phrases that speak for a symptom.

Phrases judge the tickets first; a linear model of TF-IDF then learns their judgement, probabilities as they are, and so
hears also the words that no phrase names. Both say half of the answer. This needs no label, only tickets, and loads
scikit-learn.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from incidents.tickets.classifier.prior import Floats

FEWEST_TICKETS = 100  # below this the words that go together do so by chance
_NOTHING = 0.02  # probabilities below this teach nothing
_INVERSE_PENALTY = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Taught:
    """The linear model: one column a symptom."""

    constant: Floats  # (symptoms,)
    by_word: Floats  # (vocabulary, symptoms)

    def heard(self, words: sparse.csr_matrix) -> Floats:
        """Return what the words beside the phrases say, as logits (n, symptoms)."""
        said: Floats = self.constant + words @ self.by_word
        return said


def teach(words: sparse.csr_matrix, sure: Floats) -> Taught:
    """Learn the judgement of phrases; `words` (n, vocabulary) TF-IDF, `sure` (n, symptoms) probabilities."""
    n, n_symptoms = sure.shape
    # A probability is two tickets, one that shows the symptom and one that does not, weighing as much as it says.
    twice = sparse.csr_matrix(sparse.vstack([words, words]))
    shown = np.repeat([1.0, 0.0], n)
    constant, by_word = np.zeros(n_symptoms), np.zeros((words.shape[1], n_symptoms))
    for k in range(n_symptoms):
        weight = np.concatenate([sure[:, k], 1.0 - sure[:, k]])
        heard = weight > _NOTHING
        mean = float(np.clip(sure[:, k].mean(), 1e-4, 1.0 - 1e-4))
        if len(np.unique(shown[heard])) < 2 or not words.shape[1]:
            constant[k] = np.log(mean / (1.0 - mean))
            continue
        # The dual form is solved by coordinate descent in random order: the seed makes the answer repeatable.
        model = LogisticRegression(C=_INVERSE_PENALTY, solver="liblinear", dual=True, tol=1e-2, random_state=0)
        model.fit(twice[heard], shown[heard], sample_weight=weight[heard])
        constant[k], by_word[:, k] = model.intercept_[0], model.coef_[0]
    return Taught(constant=constant, by_word=by_word)
