"""Which of these overlapping changes raised complaints, by how much, and what cannot be told apart.

Question, model, assumptions and limits stand in docs/statistics/attribution.md.
"""

from incidents.stats.attribution.engine import attribute
from incidents.stats.attribution.evidence import (
    UNKNOWN,
    Carrier,
    CaseEvidence,
    ChangeExposure,
    Dimension,
    Evaluation,
    EvidenceError,
    MetricPanel,
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
    "Separation",
    "Settings",
    "SymptomExcess",
    "UnattributedRise",
    "Usage",
    "attribute",
]
