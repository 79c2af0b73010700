"""The registry of models: it only re-exports, so that Django finds every one of them."""

from incidents.attribution.models import AttributionRun
from incidents.catalog.models import Dimension, DimensionValue, Membership, Product, Segment, Source, Symptom
from incidents.changes.models import ArtifactVersion, Change, ChangeLink, RolloutStep
from incidents.core.models import AuditEntry
from incidents.documents.models import (
    Claim,
    Document,
    DocumentPolicy,
    DocumentTemplate,
    Review,
    ReviewRequest,
    Revision,
    TemplateRevision,
)
from incidents.jobs.models import Heartbeat, Job
from incidents.metrics.models import EvalRun, ExposureCount, Metric, MetricPoint, MetricSeries
from incidents.publishing.models import Publication
from incidents.response.models import (
    CandidateChange,
    Evidence,
    Incident,
    IncidentRole,
    PublicityEvent,
    Reference,
    Statement,
    TimelineEntry,
)
from incidents.tickets.models import ClassifierVersion, Ticket, TicketSymptom

__all__ = [
    "ArtifactVersion",
    "AttributionRun",
    "AuditEntry",
    "CandidateChange",
    "Change",
    "ChangeLink",
    "Claim",
    "ClassifierVersion",
    "Dimension",
    "DimensionValue",
    "Document",
    "DocumentPolicy",
    "DocumentTemplate",
    "EvalRun",
    "Evidence",
    "ExposureCount",
    "Heartbeat",
    "Incident",
    "IncidentRole",
    "Job",
    "Membership",
    "Metric",
    "MetricPoint",
    "MetricSeries",
    "Product",
    "Publication",
    "PublicityEvent",
    "Reference",
    "Review",
    "ReviewRequest",
    "Revision",
    "RolloutStep",
    "Segment",
    "Source",
    "Statement",
    "Symptom",
    "TemplateRevision",
    "Ticket",
    "TicketSymptom",
    "TimelineEntry",
]
