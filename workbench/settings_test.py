"""Settings of the tests: the production settings over servers that tests/conftest.py starts in a folder of its own.

The folder's name is settled here, before anything is started, because Django reads its settings first. Worker processes
of a parallel run inherit the name and so share one server, each with its own database.
"""

import os
import tempfile
from pathlib import Path

if "WORKBENCH_TEST_HOME" not in os.environ:
    os.environ["WORKBENCH_TEST_HOME"] = tempfile.mkdtemp(prefix="workbench-test-")
_home = Path(os.environ["WORKBENCH_TEST_HOME"])
_external = os.environ.get("WORKBENCH_TEST_DATABASE_URL")
os.environ["WORKBENCH_HOME"] = str(_home)
os.environ["WORKBENCH_STATIC_ROOT"] = str(_home / "static")
os.environ["WORKBENCH_TLS"] = "0"
os.environ["DJANGO_SECRET_KEY"] = "only-for-tests-" + "x" * 50
os.environ["DATABASE_URL"] = _external or f"postgresql://workbench@/workbench?host={_home}/run/postgres"
# A broker has one queue for all, so each worker process of a parallel run has a broker of its own.
BROKER_HOME = _home / os.environ.get("PYTEST_XDIST_WORKER", "main")
os.environ["BROKER_URL"] = f"redis+socket://{BROKER_HOME}/run/broker/broker.sock"

from workbench.settings import *  # noqa: E402, F403

# The middleware that serves static files warns where the folder is missing, and warnings are errors.
Path(os.environ["WORKBENCH_STATIC_ROOT"]).mkdir(parents=True, exist_ok=True)
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost", "public.example"]
# Fast, and never for real passwords.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# The files' real names: no collecting before a test. tests/workbench/test_static.py checks the production storage.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
MEDIA_ROOT = _home / "uploads"
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
# A wake-up finds no broker in most tests and must give up at once.
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = False
