"""`manage.py compile_engine`: compile the statistics' inner loops once for this machine. Safe to repeat."""

import os
import time
from contextlib import suppress
from typing import Any

from django.core.management.base import BaseCommand

from incidents.stats.warm import warm

NICE = 10


class Command(BaseCommand):
    """Fills the cache of compiled code; where it is filled already, this takes a second or two."""

    requires_system_checks = []
    requires_migrations_checks = False
    help = "Compile the attribution engine for this machine, so that no first case waits for it."

    def handle(self, *_: Any, **__: Any) -> None:
        """Compile with the least claim on the processor: whoever needs it at once compiles for themselves."""
        with suppress(OSError):
            os.nice(NICE)
        started = time.perf_counter()
        warm()
        self.stdout.write(f"The attribution engine is compiled ({time.perf_counter() - started:.1f} s).")
