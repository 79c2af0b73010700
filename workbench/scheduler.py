"""The scheduler's own Celery application: `celery -A workbench.scheduler beat`.

It sends tasks by name and does none, so it loads neither Django nor the tasks: a third of the memory, a tenth of the start.
"""

from celery import Celery

from workbench import settings

app = Celery("workbench", fixups=[])
app.config_from_object(settings, namespace="CELERY")
