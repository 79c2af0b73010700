"""Settings of the workbench, read from the environment by `workbench.env`.

Production sets DJANGO_SECRET_KEY, DJANGO_ALLOWED_HOSTS, DATABASE_URL and BROKER_URL. `make up` sets them for a
machine of one's own; DJANGO_DEBUG is for development alone.
"""

from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from workbench import env

BASE_DIR = Path(__file__).resolve().parent.parent
WORKBENCH_HOME = Path(env.text("WORKBENCH_HOME", str(BASE_DIR / ".workbench")))

DEBUG = env.flag("DJANGO_DEBUG", default=False)
SECRET_KEY = env.text("DJANGO_SECRET_KEY")
ALLOWED_HOSTS = env.items("DJANGO_ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
CSRF_TRUSTED_ORIGINS = env.items("DJANGO_CSRF_TRUSTED_ORIGINS")
# Served over TLS behind a proxy unless told otherwise; `make up` serves plain HTTP on loopback alone.
TLS = env.flag("WORKBENCH_TLS", default=True)

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django.contrib.staticfiles",
    "django_htmx",
    "axes",
    "csp",
    "incidents.apps.IncidentsConfig",
]

MIDDLEWARE = [
    # First, so that a public page which was made before costs one question to the database and nothing else.
    "incidents.web.public.answers.PublicAnswers",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "incidents.web.public.hosts.ProductHosts",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "incidents.web.middleware.WorkbenchErrors",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "workbench.urls"
WSGI_APPLICATION = "workbench.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "incidents.web.context.shell",
            ],
            "builtins": ["incidents.templatetags.workbench"],
        },
    },
]


def database(url: str) -> dict[str, object]:
    """Return Django's description of a `postgresql://user:password@host:port/name?host=/socket/folder` address."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise env.BadEnvironmentError("DATABASE_URL must start with postgresql://; no other database is supported.")
    query = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "workbench",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
        "OPTIONS": {"application_name": "workbench", **query},
    }


DATABASES = {"default": database(env.text("DATABASE_URL"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "public-home"
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "accounts/locked_out.html"
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(env.text("WORKBENCH_STATIC_ROOT", str(WORKBENCH_HOME / "static")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "workbench.static.HashedStaticFilesStorage"},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
MEDIA_ROOT = WORKBENCH_HOME / "uploads"
# A bundle may be large: it goes to a file, never into memory.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
BUNDLE_MAX_BYTES = env.integer("WORKBENCH_BUNDLE_MAX_BYTES", 1024**3)

# Plotly sets inline style attributes; nothing else may be inline.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "style-src-attr": ["'unsafe-inline'"],
        "img-src": ["'self'", "data:", "blob:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = TLS
SECURE_HSTS_SECONDS = 31_536_000 if TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = TLS
SECURE_HSTS_PRELOAD = TLS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TLS else None
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SESSION_COOKIE_SECURE = TLS
CSRF_COOKIE_SECURE = TLS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 14 * 24 * 3600

# Where readers find the public pages, for links in letters and webhooks.
PUBLIC_URL = env.text("WORKBENCH_PUBLIC_URL", f"{'https' if TLS else 'http'}://{ALLOWED_HOSTS[0].lstrip('.')}")
# The public pages as files, for a proxy to serve; all processes of the workbench share this folder.
PUBLIC_SITE_ROOT = Path(env.text("WORKBENCH_PUBLIC_SITE", str(WORKBENCH_HOME / "site")))
# Webhooks go to the public internet; networks of one's own are named here, as 10.1.0.0/16.
OUTBOUND_NETWORKS = [text for text in env.items("WORKBENCH_OUTBOUND_NETWORKS", "") if text]

# Without a mail server, letters are written into a folder, where they can be read.
EMAIL_HOST = env.text("WORKBENCH_MAIL_HOST", "")
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'filebased'}.EmailBackend"
EMAIL_FILE_PATH = WORKBENCH_HOME / "mail"
EMAIL_PORT = env.integer("WORKBENCH_MAIL_PORT", 587)
EMAIL_HOST_USER = env.text("WORKBENCH_MAIL_USER", "")
EMAIL_HOST_PASSWORD = env.text("WORKBENCH_MAIL_PASSWORD", "")
EMAIL_USE_TLS = env.flag("WORKBENCH_MAIL_STARTTLS", default=EMAIL_PORT == 587)
EMAIL_USE_SSL = env.flag("WORKBENCH_MAIL_SSL", default=EMAIL_PORT == 465)
EMAIL_TIMEOUT = 20
MAIL_FROM = env.text("WORKBENCH_MAIL_FROM", "workbench@localhost")
DEFAULT_FROM_EMAIL = SERVER_EMAIL = MAIL_FROM

# Celery only wakes workers: the job of record is a row (incidents.jobs).
CELERY_BROKER_URL = env.text("BROKER_URL")
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 1800,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 10,
    "socket_connect_timeout": 3,
    "max_retries": 1,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 1500
CELERY_TASK_SOFT_TIME_LIMIT = 1440
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 3.0
CELERY_TIMEZONE = "UTC"
# How many jobs that nobody sits before (daily triage, learning, labelling) run at a time; fewer than worker processes.
PATIENT_JOBS = env.integer("WORKBENCH_PATIENT_JOBS", 1)
CELERY_BEAT_SCHEDULE = {
    "sweep-jobs": {"task": "incidents.sweep_jobs", "schedule": 3.0, "options": {"expires": 3}},
    # Readers count for themselves what is not counted yet: these only keep them fast.
    "refresh-ticket-counts": {
        "task": "incidents.refresh_ticket_counts",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "refresh-metric-rollups": {
        "task": "incidents.refresh_metric_rollups",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "reminders": {"task": "incidents.enqueue_reminders", "schedule": 3600.0, "options": {"expires": 3600}},
    "check-public-site": {"task": "incidents.check_public_site", "schedule": 5.0, "options": {"expires": 5}},
    "merge-marks": {"task": "incidents.merge_marks", "schedule": 300.0, "options": {"expires": 300}},
    "daily-triage": {"task": "incidents.daily_triage", "schedule": 3600.0, "options": {"expires": 3600}},
}
CELERY_BEAT_SCHEDULE_FILENAME = str(WORKBENCH_HOME / "beat-schedule")

# The optional assistant: an endpoint that speaks OpenAI's or Anthropic's API; without an address no button shows.
ASSISTANT_URL = env.text("WORKBENCH_ASSISTANT_URL", "")
ASSISTANT_API = env.text("WORKBENCH_ASSISTANT_API", "openai")
ASSISTANT_MODEL = env.text("WORKBENCH_ASSISTANT_MODEL", "")
ASSISTANT_KEY = env.text("WORKBENCH_ASSISTANT_KEY", "")
ASSISTANT_SECONDS = env.integer("WORKBENCH_ASSISTANT_SECONDS", 60)
if ASSISTANT_URL and (ASSISTANT_API not in {"openai", "anthropic"} or not ASSISTANT_MODEL):
    raise env.BadEnvironmentError(
        "WORKBENCH_ASSISTANT_API must be openai or anthropic, and WORKBENCH_ASSISTANT_MODEL must name a model."
    )

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.text("WORKBENCH_LOG_LEVEL", "INFO")},
}

# Every process that reads these settings wakes workers through our own Celery application, not Celery's default one.
import workbench.celery  # noqa: E402, F401
