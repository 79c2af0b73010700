"""The scheduler's own Celery application: `celery -A workbench.scheduler beat`.

It sends tasks by name and does none, so it loads neither Django nor the tasks: that saves memory and start-up time.
"""

from celery import Celery

from workbench import settings

app = Celery("workbench", fixups=[])
app.config_from_object(settings, namespace="CELERY")
