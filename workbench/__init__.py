"""The project: settings, servers and doors; `incidents` is the application."""

import os

# The linear algebra here is many small problems: threads of their own would only wait for each other. Must stand before
# NumPy is first imported, and every entry (web, worker, commands) imports this package first.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
