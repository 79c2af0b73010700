"""Settings for commands that work on files alone: nothing needs to be set, and no server can be reached by mistake."""

import os
import secrets

for name, value in {
    "DJANGO_SECRET_KEY": secrets.token_urlsafe(48),
    "DATABASE_URL": "postgresql:///unused",
    "BROKER_URL": "redis://127.0.0.1:0/0",
}.items():
    os.environ.setdefault(name, value)

from workbench.settings import *  # noqa: E402, F403 - the variables must stand first

DATABASES = {}
