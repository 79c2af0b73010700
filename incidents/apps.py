"""The one app of the project."""

from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    """Registers every model and checks under the label `incidents`."""

    name = "incidents"
    label = "incidents"
    verbose_name = "Incident workbench"
    default_auto_field = "django.db.models.BigAutoField"
