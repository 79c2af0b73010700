"""The registry of tasks: importing a concept's `tasks` module registers its handlers. Celery loads this file.

tests/jobs/test_registry.py fails when a `tasks` module is missing here.
"""

from incidents.attribution import tasks as attribution_tasks
from incidents.catalog import tasks as catalog_tasks
from incidents.ingest import tasks as ingest_tasks
from incidents.jobs import tasks as jobs_tasks
from incidents.metrics import tasks as metrics_tasks
from incidents.publishing import tasks as publishing_tasks
from incidents.publishing.subscribers import tasks as subscribers_tasks
from incidents.tickets import tasks as tickets_tasks
from incidents.web.public import tasks as public_tasks

__all__ = [
    "attribution_tasks",
    "catalog_tasks",
    "ingest_tasks",
    "jobs_tasks",
    "metrics_tasks",
    "public_tasks",
    "publishing_tasks",
    "subscribers_tasks",
    "tickets_tasks",
]
