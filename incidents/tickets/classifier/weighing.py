"""What all symptoms learn together from labels: how far each kind of evidence is believed, and how symptoms exclude.

Two hundred labels are few for a symptom of its own and many for five numbers that all symptoms share. A logistic
regression of "the ticket shows the symptom" over all pairs of ticket and symptom, with a normal prior around what holds
without labels; solved by Newton's method.
"""

import numpy as np

from incidents.tickets.classifier.prior import Floats

# For a symptom speak phrases and the words beside them; then the strongest other symptom by phrases, and by words; a
# constant.
START = np.array([0.5, 0.5, 0.0, 0.0, 0.0])
_CONSTANT = 4
PRIOR_PRECISION = 12.0  # of a weight whose mark has a standard deviation of 1
_STEPS, _CLOSE = 30, 1e-8


def marks(phrases: Floats, heard: Floats) -> Floats:
    """Return (n, symptoms, 5), what START weighs, from the logits by phrases and by the words beside them."""
    ones = np.ones_like(phrases)
    answer: Floats = np.stack([phrases, heard, _strongest_other(phrases), _strongest_other(heard), ones], axis=-1)
    return answer


def weigh(told: Floats, shown: Floats) -> Floats:
    """Return weights (5,) learned from `marks` (n, symptoms, 5) and what is `shown` (n, symptoms)."""
    rows, true = told.reshape(-1, len(START)), shown.ravel()
    if not len(rows):
        return START.copy()
    scale = rows.std(axis=0)
    scale[_CONSTANT] = 1.0
    precision = PRIOR_PRECISION * (scale + 1e-6) ** 2
    weights = START.copy()
    for _ in range(_STEPS):
        sure = np.exp(-np.logaddexp(0.0, -(rows @ weights)))
        slope = rows.T @ (sure - true) + precision * (weights - START)
        bend = (rows * (sure * (1.0 - sure))[:, None]).T @ rows + np.diag(precision)
        step = np.linalg.solve(bend, slope)
        # Far steps overshoot where nearly all is certain.
        step *= min(1.0, 1.0 / float(np.abs(step).max() + 1e-12))
        weights = weights - step
        if float(np.abs(step).max()) < _CLOSE:
            break
    return weights


def _strongest_other(logits: Floats) -> Floats:
    """Return for each symptom the largest logit of the others; of one symptom alone nothing."""
    if logits.shape[1] < 2 or not len(logits):
        return np.zeros_like(logits)
    ranked = np.sort(logits, axis=1)
    best, second = ranked[:, [-1]], ranked[:, [-2]]
    answer: Floats = np.where(np.arange(logits.shape[1]) == logits.argmax(axis=1)[:, None], second, best)
    return answer
