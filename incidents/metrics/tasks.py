"""Keeping the rollups of metrics current."""

from celery import shared_task

from incidents.metrics.rollups import refresh_metric_rollups


@shared_task(name="incidents.refresh_metric_rollups")
def refresh() -> None:
    """Count the hours whose points changed; until then readers count these points themselves."""
    refresh_metric_rollups()
