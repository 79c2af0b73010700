"""Plain rules and textbook models that the attribution engine has to beat, on the same cells.

| module | methods |
|---|---|
| `rules` | complaints before against after; the nearest preceding change |
| `regressions` | negative binomial regression; self-controlled case series (conditional Poisson) |
| `counterfactual` | a structural time series forecast per change, as CausalImpact does |
| `additive` | all changes at once in an additive Poisson model, by expectation-maximisation |

Each takes `CaseEvidence` and returns `Claims`; `answer` turns those into an answer with probabilities per ticket.
"""

from collections.abc import Callable

from benchmarks.baselines.additive import additive
from benchmarks.baselines.claims import Claims, answer
from benchmarks.baselines.counterfactual import structural_forecast
from benchmarks.baselines.regressions import negative_binomial, self_controlled
from benchmarks.baselines.rules import before_after, nearest_change
from incidents.stats.attribution import CaseEvidence

BASELINES: dict[str, Callable[[CaseEvidence], Claims]] = {
    "Before and after": before_after,
    "Nearest change": nearest_change,
    "Negative binomial regression": negative_binomial,
    "Self-controlled case series": self_controlled,
    "Structural forecast": structural_forecast,
    "Additive mixture": additive,
}

__all__ = ["BASELINES", "Claims", "answer"]
