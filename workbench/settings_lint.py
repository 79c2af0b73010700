"""Settings of the checkers, which import the settings but open neither database nor broker."""

import os

os.environ.setdefault("DJANGO_SECRET_KEY", "only-for-checkers-" + "x" * 50)
os.environ.setdefault("DATABASE_URL", "postgresql://nobody@localhost/none")
os.environ.setdefault("BROKER_URL", "redis://localhost/0")

from workbench.settings import *  # noqa: F403
