"""All settings, read from the environment. Without any, the embedded default runs: SQLite and a file broker in var/.

The names are a contract with other programs; README.md lists them with their meaning.
"""

import logging
import os
import secrets
import sys
from datetime import timedelta
from pathlib import Path

from config import desk
from config.reading import Reading

env = Reading()
BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env.str("SERVICEDROP_VAR", default=str(BASE_DIR / "var")))
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
DEBUG = env.flag("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="") or _kept_secret(VAR_DIR / "secret_key")
SECRET_KEY_IS_MADE_HERE = not env.str("SECRET_KEY", default="")  # and is no other machine's
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])  # secrets of before: what they signed still counts
ALLOWED_HOSTS = env.names("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.names("CSRF_TRUSTED_ORIGINS", default=[])
PUBLIC_URL = env.str("PUBLIC_URL", default="http://localhost:8000").rstrip("/")
IS_HTTPS = PUBLIC_URL.startswith("https://")  # what stands on this would lock people out of a plain http://localhost

INSTALLED_APPS = [
    "unfold",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
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
    "beckn_adapter.signed_form.SignedForms",  # first: what is signed needs no session, no CSRF token, no login
    "django.middleware.security.SecurityMiddleware",
    "connections.access.policy.PagePolicy",  # before whatever answers, so that no answer goes without
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "config.probes.CommonButForProbes",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "connections.access.sessions.SessionLimits",
    "django_otp.middleware.OTPMiddleware",
    "connections.access.second_step.SecondStep",  # after it, which knows whether this session proved the second factor
    "axes.middleware.AxesMiddleware",  # last, as it wants
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
FORMAT_MODULE_PATH = "config.formats"
TIME_ZONE = env.str("TIME_ZONE", default="America/Los_Angeles")  # of the screen; the database keeps UTC
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
MEDIA_ROOT = VAR_DIR / "files"  # private: nothing here is served but through a view that asks who wants it
MEDIA_URL = "https://private.invalid/"  # so no address of ours leads there, by no mistake
STORAGES = {
    "default": {"BACKEND": "connections.documents.keeping.WholeFiles"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
FILE_UPLOAD_PERMISSIONS = 0o600
DOCUMENT_MAX_BYTES = env.whole("DOCUMENT_MAX_BYTES", default=10_000_000)  # one file of the document form
WHITENOISE_USE_FINDERS = True  # so that a fresh clone needs no collectstatic

# --- The doors: transport, cookies, log-in. docs/security.md says what each one is for ---------------------------
TRUSTED_PROXIES = env.whole("TRUSTED_PROXIES", default=0)  # of ours, each of which appends to X-Forwarded-For
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]  # asked by machines beside us, over http
SECURE_HSTS_SECONDS = env.whole("HSTS_SECONDS", default=31_536_000) if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IS_HTTPS
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_ENGINE = "connections.access.sessions"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
if IS_HTTPS:  # a browser takes such a cookie from this very host and over https alone
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
SESSION_STAFF_IDLE_MINUTES = env.whole("SESSION_STAFF_IDLE_MINUTES", default=60)
SESSION_STAFF_HOURS = env.whole("SESSION_STAFF_HOURS", default=12)
SESSION_PHONE_IDLE_HOURS = env.whole("SESSION_PHONE_IDLE_HOURS", default=168)
SESSION_PHONE_DAYS = env.whole("SESSION_PHONE_DAYS", default=30)
SESSION_COOKIE_AGE = SESSION_PHONE_DAYS * 86400
PASSWORD_HASHERS = [
    "connections.access.passwords.Argon2",  # a password kept in another way is kept so at its next log-in
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2SHA1PasswordHasher",
    "django.contrib.auth.hashers.BCryptSHA256PasswordHasher",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
]
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
LOGIN_REDIRECT_URL = "/field/"  # of those who are no staff
LOGIN_TRIES = env.whole("LOGIN_TRIES", default=5)  # wrong passwords for one name from one address
LOGIN_LOCK_MINUTES = env.whole("LOGIN_LOCK_MINUTES", default=15)
ACCOUNTS_CONTACT = env.str("ACCOUNTS_CONTACT", default="whoever keeps the accounts in your office")
AXES_HANDLER = "connections.access.throttle.Throttle"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"], "username", "ip_address"]
AXES_LOCKOUT_CALLABLE = "connections.access.throttle.locked_out"
AXES_CLIENT_IP_CALLABLE = "connections.access.address.address_of"
AXES_CLIENT_STR_CALLABLE = "connections.access.throttle.nobody"
AXES_FAILURE_LIMIT = LOGIN_TRIES
AXES_COOLOFF_TIME = timedelta(minutes=LOGIN_LOCK_MINUTES)
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # who keeps trying is let in again all the same, in time
AXES_DISABLE_ACCESS_LOG = True  # no list of who logs in when and from where
AXES_ENABLE_ADMIN = AXES_VERBOSE = False  # connections/admin/failed_logins.py shows them
OTP_TOTP_ISSUER = "Servicedrop"
# Whom a password is not enough for: names of groups, `*` for all staff, empty for nobody.
SECOND_FACTOR_GROUPS = env.names("SECOND_FACTOR_GROUPS", default=["*"] if IS_HTTPS else [])

# --- What the phone's script sends: by who is logged in, with the form's token, JSON back (fieldwork/phone/sync.py) --
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.MultiPartParser", "rest_framework.parsers.FormParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
}

# --- Database -------------------------------------------------------------------------------------------------
DATABASES = {"default": env.database("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'servicedrop.sqlite3'}")}
# A connection per request costs 6.5 ms of two cores. One a thread is kept instead: in a web worker one for each thread
# that has served a page, and three for the network; in a Celery process two. docs/capacity.md adds them up.
DATABASES["default"]["CONN_MAX_AGE"] = None
DATABASE_TIMEOUTS = {  # seconds; 0 is none
    "statement_timeout": env.whole("DATABASE_STATEMENT_TIMEOUT", default=20),
    "lock_timeout": env.whole("DATABASE_LOCK_TIMEOUT", default=5),
    # A process that hangs in a transaction holds its locks; the database lets it go.
    "idle_in_transaction_session_timeout": env.whole("DATABASE_IDLE_TIMEOUT", default=30),
}
DATABASE_POOLED = env.flag("DATABASE_POOLED", default=False)  # PgBouncer stands before it, in transaction mode
# What goes over whole tables takes its time, an index as well as a count; waiting for a lock does not.
if {"migrate", "backup", "restore", "verify_audit", "after_upgrade"} & set(sys.argv[1:2]):
    DATABASE_TIMEOUTS |= {"statement_timeout": 0, "idle_in_transaction_session_timeout": 0}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",  # a writer waits at BEGIN instead of failing at its first write
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
    }
else:
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True  # so a restart of the database costs no request
    DATABASES["default"].setdefault("OPTIONS", {}).update(
        server_side_binding=True,  # quoting a message's bytes into the statement costs half of keeping it
        connect_timeout=2,  # a gateway strikes off who does not answer within 5 s
        tcp_user_timeout=5000,  # ms until a connection whose other end vanished is given up
    )
    if DATABASE_POOLED:  # each transaction may meet another server: nothing outlives one, and the role has the timeouts
        DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = True
    else:
        settled = " ".join(f"-c {name}={seconds * 1000}" for name, seconds in DATABASE_TIMEOUTS.items())
        DATABASES["default"]["OPTIONS"].update(
            # Compiling a plan takes PostgreSQL longer (50 to 150 ms) than any statement of ours, and so does calling
            # helpers for one (7 to 15 ms), whose cores others are waiting for.
            options=f"{settled} -c jit=off -c max_parallel_workers_per_gather=0",
            # To plan a statement by its key costs ten times what it costs to run it: from the fifth time on the plan
            # is kept. What waits in a queue is found by an index that hangs on a value: connections/queues.py.
            prepare_threshold=5,
        )

CACHES = {"default": env.cache_url("CACHE_URL", default=f"filecache://{VAR_DIR / 'cache'}")}
if "RedisCache" in CACHES["default"]["BACKEND"]:  # without a timeout whoever asks a hung server waits for ever
    CACHES["default"]["OPTIONS"] = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5}

# --- Celery: the wake-up call. The database is the record, so every message here may be lost or come twice --------
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default="filesystem://localhost")
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "celerybeat-schedule")
CELERY_TASK_IGNORE_RESULT = True  # nobody waits for one: no result store to fill, or to fail
# A task is acknowledged when it is done: with an early acknowledgement 4 to 6 of 6,000 were lost in each ordinary
# restart, and the running ones in each kill. It costs nothing, and a task that runs twice finds its work done.
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True  # one whose process was killed goes back at once, not after the visibility
CELERY_WORKER_PREFETCH_MULTIPLIER = 1  # what a busy process has fetched nobody else can take; more brings no speed
CELERY_WORKER_CONCURRENCY = env.whole("CELERY_CONCURRENCY", default=2)
CELERY_TASK_TIME_LIMIT = 55  # below the visibility timeout, or a long task would be started twice
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True  # a worker may come up before its broker
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # and outlives it: by default it ends after a hundred tries
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False  # the work is in the database, not on the line
CELERY_TASK_PUBLISH_RETRY = False  # the sweep finds what a lost nudge left behind
CELERY_BROKER_POOL_LIMIT = 2  # one nudge at a time goes out of each process
# Seconds between SIGTERM and a worker's end, at most (config/celery.py). What is in hand is finished, which is done
# sooner unless somebody hangs; what is cut off goes back to the queue, or the sweep finds it.
WORKER_GRACE_SECONDS = env.number("WORKER_GRACE_SECONDS", default=20)
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
        # What a killed worker had is given out again after this: by default an hour of silence.
        "visibility_timeout": 60,
        # How often kombu looks for it: by default every 100 s.
        "unacked_restore_interval": 1,
        "unacked_restore_throttle": 1,
        # A hung server (SIGSTOP, a lost route) blocks a publisher for ever without these.
        "socket_timeout": 5,
        "socket_connect_timeout": 1,
        "socket_keepalive": True,
        # A half-open line is found by asking, not by waiting for the next message.
        "health_check_interval": 10,
    }

# --- E-mail to applicants ---------------------------------------------------------------------------------------
vars().update(env.email_url("EMAIL_URL", default="filemail://"))
EMAIL_FILE_PATH = VAR_DIR / "mail"  # where letters go as files while no server is named
EMAIL_TIMEOUT = 10  # seconds for each answer of the server
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="no-reply@localhost")  # the name is each provider's

# --- Beckn ----------------------------------------------------------------------------------------------------
BECKN_SUBSCRIBER_ID = env.str("BECKN_SUBSCRIBER_ID", default="servicedrop.localhost")
BECKN_SUBSCRIBER_URI = env.str("BECKN_SUBSCRIBER_URI", default=f"{PUBLIC_URL}/beckn").rstrip("/")
BECKN_KEY_ID = env.str("BECKN_KEY_ID", default="k1").strip()
BECKN_SIGNING_KEY = env.str("BECKN_SIGNING_KEY", default="")
BECKN_ENCRYPTION_KEY = env.str("BECKN_ENCRYPTION_KEY", default="")
# Published beside the first and never signed with: the new pair before the switch, the old one after it (docs/keys.md).
BECKN_SECOND_KEY_ID = env.str("BECKN_SECOND_KEY_ID", default="").strip()
BECKN_SECOND_SIGNING_KEY = env.str("BECKN_SECOND_SIGNING_KEY", default="")
BECKN_SECOND_ENCRYPTION_KEY = env.str("BECKN_SECOND_ENCRYPTION_KEY", default="")
BECKN_REGISTRY_URL = env.str("BECKN_REGISTRY_URL", default="").strip().rstrip("/")
BECKN_REGISTRY_DIALECT = env.str("BECKN_REGISTRY_DIALECT", default="core")
BECKN_REGISTRY_API_KEY = env.str("BECKN_REGISTRY_API_KEY", default="").strip()  # where onboarding wants one
BECKN_REGISTRY_SIGNING_PUBLIC_KEY = env.str("BECKN_REGISTRY_SIGNING_PUBLIC_KEY", default="")
BECKN_REGISTRY_ENCRYPTION_PUBLIC_KEY = env.str("BECKN_REGISTRY_ENCRYPTION_PUBLIC_KEY", default="")
BECKN_CHALLENGE_MODE = env.str("BECKN_CHALLENGE_MODE", default="decrypt")  # or sign
BECKN_DOMAINS = env.names("BECKN_DOMAINS", default=["service"])
BECKN_WIRE_PROFILE = env.str("BECKN_WIRE_PROFILE", default="guide")
BECKN_STRICT_IDS = env.flag("BECKN_STRICT_IDS", default=False)
BECKN_NACK_STATUS = env.whole("BECKN_NACK_STATUS", default=400, among=(200, *range(400, 500)))
BECKN_ALLOW_PRIVATE_CALLBACKS = env.flag("BECKN_ALLOW_PRIVATE_CALLBACKS", default=False)
BECKN_MODE = env.str("BECKN_MODE", default="direct")  # or adapter: behind a protocol-server or ONIX (docs/adapter.md)
BECKN_ADAPTER_URL = env.str("BECKN_ADAPTER_URL", default="").strip().rstrip("/")
BECKN_ADAPTER_ADDRESSES = env.names("BECKN_ADAPTER_ADDRESSES", default=["127.0.0.1", "::1"])
BECKN_MAX_BYTES = env.whole("BECKN_MAX_BYTES", default=200_000)  # the network's own limit on a message
BECKN_REQUIRE_GATEWAY = env.flag("BECKN_REQUIRE_GATEWAY", default=False)  # a search must bear a gateway's signature
# A second, for each web process; ten seconds' worth may come at once; 0 is no limit (beckn_adapter/limits.py).
BECKN_RATE_PER_SUBSCRIBER = env.number("BECKN_RATE_PER_SUBSCRIBER", default=1000)
BECKN_RATE_PER_ADDRESS = env.number("BECKN_RATE_PER_ADDRESS", default=2000)
BECKN_FAILURES_PER_ADDRESS = env.number("BECKN_FAILURES_PER_ADDRESS", default=10)
BECKN_LOOKUP_RATE = env.number("BECKN_LOOKUP_RATE", default=20)
BECKN_REFUSAL_DAYS = env.whole("BECKN_REFUSAL_DAYS", default=14)
BECKN_SEARCH_DAYS = env.whole("BECKN_SEARCH_DAYS", default=30)  # of messages that led to no order; 0: for ever
# Seconds that two honest clocks may differ, for signatures and for context.timestamp: a minute, and what the way takes.
BECKN_CLOCK_SKEW = env.whole("BECKN_CLOCK_SKEW", default=75)
BECKN_TIMESTAMP_SKEW = env.whole("BECKN_TIMESTAMP_SKEW", default=75)
BECKN_SIGNATURE_TTL = env.whole("BECKN_SIGNATURE_TTL", default=300)  # seconds that our own signatures hold
BECKN_KEY_CACHE_SECONDS = env.whole("BECKN_KEY_CACHE_SECONDS", default=300)
BECKN_KEY_STALE_SECONDS = env.whole("BECKN_KEY_STALE_SECONDS", default=3600)  # served while the registry is down
BECKN_ACK_HEADSTART_MS = env.whole("BECKN_ACK_HEADSTART_MS", default=20)  # a callback never overtakes its ACK
BECKN_CALLBACK_TIMEOUT = env.whole("BECKN_CALLBACK_TIMEOUT", default=8)  # seconds for one attempt, all in
BECKN_CALLBACK_MIN_LIFE = env.whole("BECKN_CALLBACK_MIN_LIFE", default=3600)  # keep trying this long whatever the ttl


UNFOLD = desk.UNFOLD

# --- Seen from outside (docs/watching.md) -------------------------------------------------------------------------
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")  # who reads /metrics; without one, private addresses alone
OTEL_EXPORTER_OTLP_ENDPOINT = env.str("OTEL_EXPORTER_OTLP_ENDPOINT", default="")  # traces go there, if anywhere

# --- Logs: one JSON object a line, for people with grep and for machines -----------------------------------------
# No line names threads, processes and places in the code, and asking for them costs as much as the line.
logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
logging._srcfile = None  # Python's own advice (logging: "Optimization")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "config.logs.JsonLine"}},
    "filters": {
        "discreet": {"()": "connections.privacy.logs.Discreet"},
        "trail": {"()": "beckn_adapter.trail.Trail"},
    },
    "handlers": {
        "console": {
            "class": "beckn_adapter.trail.Lines",
            "formatter": "json",
            "filters": ["discreet", "trail"],
        }
    },
    "root": {"handlers": ["console"], "level": env.word("LOG_LEVEL", logging.getLevelNamesMapping(), default="INFO")},
    "loggers": {name: {"level": "WARNING"} for name in ("celery", "kombu", "axes", "fontTools", "fpdf")},
}
