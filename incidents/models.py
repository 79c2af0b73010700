"""The registry of models: it only re-exports, so that Django finds every one of them."""

from incidents.attribution.models import AttributionRun
from incidents.catalog.models import DataMark, Dimension, DimensionValue, Membership, Product, Segment, Source, Symptom
from incidents.changes.models import ArtifactVersion, Change, ChangeLink, RolloutStep
from incidents.core.models import AuditEntry
from incidents.documents.models import (
    Claim,
    Comment,
    Document,
    DocumentPolicy,
    DocumentTemplate,
    InternalName,
    LeakSignOff,
    Review,
    ReviewRequest,
    Revision,
    TemplateRevision,
    WorkingCopy,
)
from incidents.jobs.models import Heartbeat, Job
from incidents.metrics.models import (
    EvalRun,
    ExposureCount,
    Metric,
    MetricPoint,
    MetricRollup,
    MetricSeries,
    MetricStale,
)
from incidents.publishing.models import Publication, PublicationSchedule, Theme
from incidents.publishing.subscribers.models import Delivery, Subscriber
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
from incidents.tickets.models import ClassifierVersion, Ticket, TicketRollup, TicketStale, TicketSymptom

__all__ = [
    "ArtifactVersion",
    "AttributionRun",
    "AuditEntry",
    "CandidateChange",
    "Change",
    "ChangeLink",
    "Claim",
    "ClassifierVersion",
    "Comment",
    "DataMark",
    "Delivery",
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
    "InternalName",
    "Job",
    "LeakSignOff",
    "Membership",
    "Metric",
    "MetricPoint",
    "MetricRollup",
    "MetricSeries",
    "MetricStale",
    "Product",
    "Publication",
    "PublicationSchedule",
    "PublicityEvent",
    "Reference",
    "Review",
    "ReviewRequest",
    "Revision",
    "RolloutStep",
    "Segment",
    "Source",
    "Statement",
    "Subscriber",
    "Symptom",
    "TemplateRevision",
    "Theme",
    "Ticket",
    "TicketRollup",
    "TicketStale",
    "TicketSymptom",
    "TimelineEntry",
    "WorkingCopy",
]
