"""Which of these overlapping changes raised complaints, by how much, and what cannot be told apart.

Question, model, assumptions and limits stand in docs/statistics/attribution.md. The engine and the compiler that it
needs are loaded when `attribute` is asked for: pages read findings, and never fit.
"""

from typing import TYPE_CHECKING, Any

from incidents.stats.attribution.evidence import (
    UNKNOWN,
    Carrier,
    CaseEvidence,
    ChangeExposure,
    Dimension,
    Evaluation,
    EvidenceError,
    MetricPanel,
    Reporting,
    Settings,
    Usage,
)
from incidents.stats.attribution.findings import (
    Attribution,
    ChangeFinding,
    Diagnostics,
    Estimate,
    EvidenceItem,
    Figure,
    Interaction,
    Layers,
    Separation,
    SymptomExcess,
    UnattributedRise,
)

if TYPE_CHECKING:
    from incidents.stats.attribution.engine import attribute

__all__ = [
    "UNKNOWN",
    "Attribution",
    "Carrier",
    "CaseEvidence",
    "ChangeExposure",
    "ChangeFinding",
    "Diagnostics",
    "Dimension",
    "Estimate",
    "Evaluation",
    "EvidenceError",
    "EvidenceItem",
    "Figure",
    "Interaction",
    "Layers",
    "MetricPanel",
    "Reporting",
    "Separation",
    "Settings",
    "SymptomExcess",
    "UnattributedRise",
    "Usage",
    "attribute",
]


def __getattr__(name: str) -> Any:
    if name != "attribute":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from incidents.stats.attribution.engine import attribute  # see above

    return attribute
