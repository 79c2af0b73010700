"""Keeping the marks of the data's versions few."""

from celery import shared_task

from incidents.catalog.versions import merge_marks


@shared_task(name="incidents.merge_marks")
def merge() -> None:
    """Put each product's marks together."""
    merge_marks()
