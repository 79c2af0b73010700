"""The WSGI entry: `granian --interface wsgi workbench.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "workbench.settings")
django_application = get_wsgi_application()

# Django is set up now.
from incidents.web.overlay.front import KeptFirst  # noqa: E402

application = KeptFirst(django_application)
