"""Django's command line: `python manage.py help` lists the commands."""

import os
import sys

from django.core.management import execute_from_command_line

import workbench  # noqa: F401 - limits threads before NumPy comes in

# Commands that work on files alone run with nothing set in the environment.
OFFLINE = {"attribute", "classify", "write_demo"}

if __name__ == "__main__":
    offline = len(sys.argv) > 1 and sys.argv[1] in OFFLINE
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "workbench.settings_offline" if offline else "workbench.settings")
    execute_from_command_line(sys.argv)
