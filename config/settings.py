"""All settings, read from the environment. Without any, the embedded default runs: SQLite and a file broker in var/.

The names are a contract with other programs; README.md lists them with their meaning.
"""

import json
import logging
import os
import re
import secrets
import time
from pathlib import Path
from typing import Any

import environ
from django.urls import reverse_lazy

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(os.environ.get("SERVICEDROP_VAR", BASE_DIR / "var"))
VAR_DIR.mkdir(parents=True, exist_ok=True)


def _kept_secret(path: Path) -> str:
    """The embedded default makes its own secret once and keeps it, so that sessions outlive a restart."""
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as handle:
            handle.write(secrets.token_urlsafe(50))
    except FileExistsError:
        pass
    return path.read_text()


# --- Django ---------------------------------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="") or _kept_secret(VAR_DIR / "secret_key")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
PUBLIC_URL = env.str("PUBLIC_URL", default="http://localhost:8000").rstrip("/")

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "connections",
    "fieldwork",
    "billing",
    "beckn_adapter",
]
MIDDLEWARE = [
    "beckn_adapter.door.BecknDoor",  # first: a signed message needs no session, no CSRF token, no login
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
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
            ]
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LANGUAGE_CODE = "en"
TIME_ZONE = env.str("TIME_ZONE", default="America/Los_Angeles")  # of the screen; the database keeps UTC
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
MEDIA_ROOT = VAR_DIR / "files"  # private: nothing here is served but through a view that asks who wants it
MEDIA_URL = "https://private.invalid/"  # so no address of ours leads there, by no mistake
FILE_UPLOAD_PERMISSIONS = 0o600
DOCUMENT_MAX_BYTES = env.int("DOCUMENT_MAX_BYTES", default=10_000_000)  # one file of the document form
WHITENOISE_USE_FINDERS = True  # so that a fresh clone needs no collectstatic
SECURE_CONTENT_TYPE_NOSNIFF = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC_URL.startswith("https://")

# --- Database -------------------------------------------------------------------------------------------------
DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'servicedrop.sqlite3'}")}
DATABASES["default"]["CONN_MAX_AGE"] = None  # a connection per request costs 6.5 ms of two cores
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",  # a writer waits at BEGIN instead of failing at its first write
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
    }
else:
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    DATABASES["default"].setdefault("OPTIONS", {})["connect_timeout"] = 5

CACHES = {"default": env.cache_url("CACHE_URL", default=f"filecache://{VAR_DIR / 'cache'}")}

# --- Celery ---------------------------------------------------------------------------------------------------
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default="filesystem://localhost")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True  # an early acknowledgement loses what runs when a worker is killed
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CONCURRENCY = env.int("CELERY_CONCURRENCY", default=2)
CELERY_TASK_TIME_LIMIT = 55  # below the visibility timeout, or a long task would be started twice
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY = False  # the sweep finds what a lost nudge left behind
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
if CELERY_BROKER_URL.startswith("filesystem:"):
    _queue = VAR_DIR / "broker"
    for folder in (_queue / "messages", _queue / "control"):
        folder.mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_queue / "messages"),
        "data_folder_out": str(_queue / "messages"),
        "control_folder": str(_queue / "control"),
        "polling_interval": 0.05,
    }
else:
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 60,
        "unacked_restore_interval": 1,
        "unacked_restore_throttle": 1,
        "socket_timeout": 5,
        "socket_connect_timeout": 1,
    }

# --- Beckn ----------------------------------------------------------------------------------------------------
BECKN_SUBSCRIBER_ID = env.str("BECKN_SUBSCRIBER_ID", default="servicedrop.localhost")
BECKN_SUBSCRIBER_URI = env.str("BECKN_SUBSCRIBER_URI", default=f"{PUBLIC_URL}/beckn").rstrip("/")
BECKN_KEY_ID = env.str("BECKN_KEY_ID", default="k1")
BECKN_SIGNING_KEY = env.str("BECKN_SIGNING_KEY", default="")
BECKN_ENCRYPTION_KEY = env.str("BECKN_ENCRYPTION_KEY", default="")
BECKN_REGISTRY_URL = env.str("BECKN_REGISTRY_URL", default="").rstrip("/")
BECKN_DOMAINS = env.list("BECKN_DOMAINS", default=["service"])
BECKN_WIRE_PROFILE = env.str("BECKN_WIRE_PROFILE", default="guide")
BECKN_STRICT_IDS = env.bool("BECKN_STRICT_IDS", default=False)
BECKN_NACK_STATUS = env.int("BECKN_NACK_STATUS", default=400)
BECKN_ALLOW_PRIVATE_CALLBACKS = env.bool("BECKN_ALLOW_PRIVATE_CALLBACKS", default=False)
BECKN_MODE = env.str("BECKN_MODE", default="direct")
BECKN_MAX_BYTES = env.int("BECKN_MAX_BYTES", default=200_000)  # the network's own limit on a message
BECKN_CLOCK_SKEW = env.int("BECKN_CLOCK_SKEW", default=30)  # seconds that two honest clocks may differ
BECKN_SIGNATURE_TTL = env.int("BECKN_SIGNATURE_TTL", default=300)  # seconds that our own signatures hold
BECKN_KEY_CACHE_SECONDS = env.int("BECKN_KEY_CACHE_SECONDS", default=300)
BECKN_KEY_STALE_SECONDS = env.int("BECKN_KEY_STALE_SECONDS", default=3600)  # served while the registry is down
BECKN_ACK_HEADSTART_MS = env.int("BECKN_ACK_HEADSTART_MS", default=40)  # a callback never overtakes its ACK
BECKN_CALLBACK_TIMEOUT = env.int("BECKN_CALLBACK_TIMEOUT", default=8)  # seconds for one attempt, all in
BECKN_CALLBACK_MIN_LIFE = env.int("BECKN_CALLBACK_MIN_LIFE", default=3600)  # keep trying this long whatever the ttl


# --- The admin's look -----------------------------------------------------------------------------------------
def _page(title: str, icon: str, app: str, model: str) -> dict[str, Any]:
    """A line of the side menu, for those who may view the model."""
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app}_{model}_changelist"),
        "permission": lambda request: request.user.has_perm(f"{app}.view_{model}"),
    }


UNFOLD = {
    "SITE_TITLE": "Servicedrop",
    "SITE_HEADER": "Servicedrop",
    "SITE_SUBHEADER": "New connections",
    "SITE_SYMBOL": "bolt",
    "SITE_URL": None,
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "DASHBOARD_CALLBACK": "connections.admin.dashboard.fill",
    "SIDEBAR": {
        "show_search": False,
        "navigation": [
            {
                "title": "Applications",
                "items": [
                    {"title": "Today", "icon": "dashboard", "link": reverse_lazy("admin:index")},
                    _page("Applications", "assignment", "connections", "application"),
                    _page("Calls for help", "support_agent", "connections", "supportrequest"),
                ],
            },
            {
                "title": "Field",
                "items": [
                    _page("Visits", "home_pin", "fieldwork", "visit"),
                    _page("Technicians", "engineering", "fieldwork", "technician"),
                    _page("Meters", "electric_meter", "fieldwork", "meter"),
                    _page("Windows of the day", "schedule", "fieldwork", "slot"),
                ],
            },
            {
                "title": "Catalogue",
                "items": [
                    _page("Providers", "domain", "connections", "provider"),
                    _page("Offerings", "sell", "connections", "offering"),
                ],
            },
            {
                "title": "Money",
                "items": [
                    {
                        "title": "Cashier",
                        "icon": "point_of_sale",
                        "link": reverse_lazy("admin:billing_cashier"),
                        "permission": lambda request: request.user.has_perm("billing.add_payment"),
                    },
                    _page("What is due", "request_quote", "billing", "instalment"),
                    {
                        "title": "Due back",
                        "icon": "undo",
                        "link": reverse_lazy("admin:billing_refunds"),
                        "permission": lambda request: request.user.has_perm("billing.refund_payment"),
                    },
                    {
                        **_page("Payments", "payments", "billing", "payment"),
                        "active": lambda request: re.search(r"/billing/payment/(\d+/|$)", request.path),
                    },
                    _page("Reported payments", "mark_email_unread", "billing", "paymentreport"),
                    _page("Waivers", "rule", "billing", "waiver"),
                    _page("Closings", "lock_clock", "billing", "closing"),
                    _page("Ledger", "menu_book", "billing", "entry"),
                ],
            },
            {
                "title": "Network",
                "items": [
                    _page("Messages", "call_received", "beckn_adapter", "message"),
                    _page("Callbacks", "call_made", "beckn_adapter", "callback"),
                ],
            },
            {
                "title": "People",
                "items": [
                    _page("Users", "person", "auth", "user"),
                    _page("Groups", "group", "auth", "group"),
                ],
            },
        ],
    },
}


# --- Logs: one JSON object a line, for people with grep and for machines -----------------------------------------
class JsonLine(logging.Formatter):
    """A log record as one JSON object: time (UTC), level, logger, message, and the traceback where there is one."""

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%SZ"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "config.settings.JsonLine"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {"celery": {"level": "WARNING"}, "kombu": {"level": "WARNING"}},
}
