"""Settings. Everything that differs between installations comes from the environment (.env.example)."""

import ipaddress
import os
from pathlib import Path
from typing import Any

import django_stubs_ext
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from kombu import Queue

from costinsights.env import env, required
from costinsights.logging import logging_settings
from tenants.postgresql_backend.pool import forget_identity
from tenants.staff.look import UNFOLD as UNFOLD  # django-unfold reads it from here

django_stubs_ext.monkeypatch()  # generic classes of Django and DRF become subscriptable at run time

BASE_DIR = Path(__file__).resolve().parent.parent
VERSION = "0.1.0"

DEBUG = env.bool("DEBUG", default=False)
DEMO_MODE = env.bool("DEMO_MODE", default=False)
SECRET_KEY = required("SECRET_KEY", "Give at least 50 random characters.")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
FIELD_ENCRYPTION_KEYS = env.list("FIELD_ENCRYPTION_KEYS", default=[])

# Where the product is reached -----------------------------------------------------------------

BASE_DOMAIN = env.str("BASE_DOMAIN", default="localhost")
# Administration, for staff only, lives apart from the pages that anybody opens.
STAFF_HOST = env.str("STAFF_HOST", default="") or f"admin.{BASE_DOMAIN}"
PUBLIC_SCHEME = env.str("PUBLIC_SCHEME", default="http" if DEMO_MODE or DEBUG else "https")
PUBLIC_PORT = int(env.str("PUBLIC_PORT", default="") or 0) or None
# TenantMiddleware, first in line, is stricter: a host without a domain row gets its 404 there, and
# tenants bring domains of their own that no list written at start could know.
ALLOWED_HOSTS = ["*"]
# Behind a proxy that sets it; never trusted by default.
if env.bool("TRUST_FORWARDED_PROTO", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# Apps: none stands in both lists, so a missing tenant table can never fall back to the platform's.

SHARED_APPS = [
    "tenants",  # before django_tenants: our commands of the same names are the ones that run
    "unfold.apps.BasicAppConfig",  # before django_tenants, which overrides one of its templates
    "django_tenants",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "tenants.apps.StaffAdminConfig",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "waffle",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "template_partials",
    "csp",
    "costinsights.core",
    "costinsights.workspace",
    "costinsights.operations",
]
TENANT_APPS = [
    "costinsights.accounts",
    "costinsights.costs",
    "reporting",
    "anomalies",
    "axes",
]
INSTALLED_APPS = [*SHARED_APPS, *TENANT_APPS]
if env.bool("LOCAL_TOOLS", default=False):
    INSTALLED_APPS.append(
        "costinsights.local"
    )  # demo tenants, replay; never in the production image

TENANT_MODEL = "tenants.Tenant"
TENANT_DOMAIN_MODEL = "tenants.Domain"
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
ROOT_URLCONF = "costinsights.urls"
PUBLIC_SCHEMA_URLCONF = "costinsights.urls_public"
STAFF_URLCONF = "costinsights.urls_staff"
WSGI_APPLICATION = "costinsights.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

MIDDLEWARE = [
    # Before the tenant is known, and with nothing of a tenant in them: probes come by address.
    "costinsights.operations.middleware.ProbesMiddleware",
    "costinsights.core.middleware.RequestIdMiddleware",
    "costinsights.operations.middleware.AccessMiddleware",
    "tenants.middleware.TenantMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # A page of costs is 100 kB of table; Django pads what it compresses against BREACH, and the CSRF token is
    # masked anew in each answer.
    "django.middleware.gzip.GZipMiddleware",
    "costinsights.core.middleware.PrivateAnswersMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "costinsights.accounts.acting.ActorMiddleware",
    "costinsights.workspace.support.visits.SupportVisitMiddleware",
    "costinsights.accounts.middleware.SecondFactorMiddleware",
    "costinsights.workspace.settings.middleware.WorkspaceMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "tenants.staff.middleware.StaffSessionMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
    # The door of the API: who calls, how often, and whether this request was answered before.
    "costinsights.accounts.door.RateLimitMiddleware",
    "costinsights.accounts.idempotency.IdempotencyMiddleware",
]

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
                "costinsights.context.shell",
            ],
        },
    }
]

# Database: the wall ---------------------------------------------------------------------------

_database = env.db_url_config(
    required("DATABASE_URL", "Give postgres://login:password@host:5432/name, or run `make demo`.")
)
if "postgres" not in _database["ENGINE"]:
    raise ImproperlyConfigured("DATABASE_URL must name a Postgres database.")
DATABASES = {
    "default": {
        **_database,
        "ENGINE": "tenants.postgresql_backend",
        "ATOMIC_REQUESTS": True,
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            **_database.get("OPTIONS", {}),
            "pool": {
                "min_size": 1,
                "max_size": env.int("DATABASE_POOL_SIZE", default=8),
                "timeout": 10,
                "reset": forget_identity,
            },
            "options": "-c statement_timeout=30000 -c lock_timeout=5000",
            "application_name": "costinsights",
        },
    }
}

# Cache and jobs -------------------------------------------------------------------------------

REDIS_URL = required("REDIS_URL", "Give redis://host:6379/0, or run `make demo`.")
_redis_cache = {
    "BACKEND": "costinsights.core.cache.SharedServerRedisCache",
    "LOCATION": REDIS_URL,
}
# What a change of a switch by raw SQL, which flushes nothing, may take to arrive: a minute at most.
SWITCH_CACHE_SECONDS = env.int("SWITCH_CACHE_SECONDS", default=30)
CACHES = {
    "default": {**_redis_cache, "KEY_FUNCTION": "costinsights.core.cache.tenant_key"},
    "shared": {
        **_redis_cache,
        "KEY_FUNCTION": "costinsights.core.cache.shared_key",
        "TIMEOUT": SWITCH_CACHE_SECONDS,
    },
}
WAFFLE_CACHE_NAME = "shared"
WAFFLE_SWITCH_MODEL = "tenants.FeatureSwitch"

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_DEFAULT_QUEUE = "celery"
# A worker without --queues takes all of them. OpenCosts that hang keep only the workers of `slow` waiting.
CELERY_TASK_QUEUES = [Queue(name) for name in ("celery", "history", "slow")]
CELERY_TASK_ROUTES = {
    "costs.keep_history": {"queue": "history"},
    "costs.keep_slow_history": {"queue": "slow"},
    "costs.keep_layers": {"queue": "slow"},  # nobody waits for them
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 600_000  # kB; a large answer leaves its memory behind
WORKER_MEMORY_MB = env.int("WORKER_MEMORY_MB", default=2048)
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 10
CELERY_TASK_SOFT_TIME_LIMIT = 540
CELERY_TASK_TIME_LIMIT = 600
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 900,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 30,
    "socket_connect_timeout": 5,
    "global_keyprefix": "g:jobs:",
}
CELERY_TIMEZONE = "UTC"

# Sign-in --------------------------------------------------------------------------------------

AUTH_USER_MODEL = "tenants.StaffUser"  # staff only; a tenant's members are accounts.User
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "costinsights.accounts.backends.TenantBackend",
    "tenants.backends.StaffBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "/"  # exists on tenants' hosts and on the platform's
LOGOUT_REDIRECT_URL = "/"
PASSWORD_RESET_TIMEOUT = 3600
# The one account whose code the staff sign-in shows by itself. A check refuses it outside of a demo.
DEMO_STAFF = "staff@costinsights.test" if DEMO_MODE else ""

SESSION_ENGINE = "costinsights.accounts.sessions"
# From signing in, however busy the session is.
SESSION_COOKIE_AGE = env.int("SESSION_MAX_AGE_SECONDS", default=14 * 24 * 3600)
# From the last request; a member's session ends with whichever comes first.
SESSION_IDLE_SECONDS = env.int("SESSION_IDLE_SECONDS", default=24 * 3600)
SESSION_COOKIE_SAMESITE = "Lax"
_secure = PUBLIC_SCHEME == "https"
SESSION_COOKIE_SECURE = _secure
# The __Host- prefix makes browsers enforce: secure, no Domain, path /.
SESSION_COOKIE_NAME = "__Host-session" if _secure else "session"
CSRF_USE_SESSIONS = True
CSRF_FAILURE_VIEW = "costinsights.error_views.csrf_failure"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

AXES_HANDLER = "costinsights.accounts.lockout.TenantAxesHandler"
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25  # hours
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_PARAMETERS = [["username"], ["ip_address"]]
AXES_USERNAME_FORM_FIELD = "username"
AXES_IPWARE_PROXY_COUNT = env.int("PROXY_COUNT", default=0) or None
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_CLIENT_IP_CALLABLE = "costinsights.accounts.clients.client_ip"
AXES_LOCKOUT_CALLABLE = "costinsights.accounts.lockout.locked_response"
AXES_CACHE = "shared"  # the platform's own host; tenants count in their schema
# Trying on while locked does not lengthen the lock: nobody can keep a member out for good.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_DISABLE_ACCESS_LOG = True  # sessions say who signed in
AXES_SENSITIVE_PARAMETERS = [
    "username",
    "email",
    "ip_address",
    "csrfmiddlewaretoken",
    "code",
    "proof",
]

# HTTP -----------------------------------------------------------------------------------------

SECURE_SSL_REDIRECT = _secure and env.bool("SSL_REDIRECT", default=True)
SECURE_HSTS_SECONDS = 31_536_000 if _secure else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _secure
SECURE_HSTS_PRELOAD = _secure
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin" if _secure else None
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static" / "dist"]
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_MANIFEST_STRICT = True

# API ------------------------------------------------------------------------------------------

# Every request under /api/v1/ passes these in turn, before its view (costinsights/accounts/door.py).
API_LIMITERS = ["costinsights.core.api.throttling.per_caller"]
API_RATE = env.str("API_RATE", default="600/min")
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "costinsights.accounts.authentication.TokenAuthentication",
        "costinsights.accounts.authentication.MemberSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["costinsights.accounts.permissions.IsMember"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["costinsights.core.api.quota.DailyQuota"],
    "EXCEPTION_HANDLER": "costinsights.core.api.problems.exception_handler",
    "UNAUTHENTICATED_USER": None,
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Cost Insights API",
    "DESCRIPTION": (
        "What Kubernetes costs, from your own OpenCost. Money is decimal text with its currency "
        "beside it; instants are RFC 3339 in UTC; periods include their start and exclude their end. "
        "Errors are RFC 9457 problem details with a stable `code`."
    ),
    "VERSION": VERSION,
    "OAS_VERSION": "3.1.0",
    "LICENSE": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    "SERVERS": [
        {
            "url": "{scheme}://{workspace}.{domain}",
            "description": "Your workspace's own address",
            "variables": {
                "scheme": {"default": "https", "enum": ["https", "http"]},
                "workspace": {"default": "acme"},
                "domain": {"default": "costinsights.example"},
            },
        }
    ],
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "REDOC_DIST": "SIDECAR",
    "SWAGGER_UI_DIST": "SIDECAR",
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "costinsights.core.api.schema.add_problems",
        "costinsights.core.api.idempotency.document_header",
    ],
    "ENUM_NAME_OVERRIDES": {
        "Role": "costinsights.accounts.models.Role.choices",
        "TokenState": ["active", "expired", "revoked"],
        "ClusterState": ["connected", "failing", "waiting"],
        "ReportKind": "reporting.models.ReportKind",
        "BudgetState": "costinsights.costs.budgets.models.BudgetState",
        "PlanName": "tenants.models.Plan",
        "SourceState": ["fresh", "stale", "failed", "excluded", "waiting"],
        "StepState": ["ok", "warning", "failed", "skipped"],
        "RowKind": ["workload", "idle", "unmounted", "unallocated", "others", "total"],
        "RowFlag": ["unknown_cost", "idle_shared", "idle_not_shared", "negative", "sample"],
    },
}

# Days of the SaaS plan that a workspace gets which signed up by itself; 0 for none.
SIGN_UP_TRIAL_DAYS = env.int("SIGN_UP_TRIAL_DAYS", default=0)

# OpenCost -------------------------------------------------------------------------------------

OUTBOUND_ALLOWED_NETWORKS = env.list("OUTBOUND_ALLOWED_NETWORKS", default=[])
OPENCOST_DEADLINE_SECONDS = env.float("OPENCOST_DEADLINE_SECONDS", default=300)
OPENCOST_MAX_BODY_BYTES = env.int("OPENCOST_MAX_BODY_BYTES", default=256 * 1024 * 1024)
# What the queue `history` waits for one answer at most; a cluster that takes longer is read by the queue `slow`.
HISTORY_PATIENCE_SECONDS = env.float("HISTORY_PATIENCE_SECONDS", default=30)
HISTORY_READS_PER_TENANT = env.int("HISTORY_READS_PER_TENANT", default=2)
CURRENT_COSTS_FRESH_SECONDS = env.int("CURRENT_COSTS_FRESH_SECONDS", default=60)

# Kept reports -----------------------------------------------------------------------------------

# A bucket keeps them where web and worker share no disk; the directory is for one machine or a shared volume.
REPORTS_S3_BUCKET = env.str("REPORTS_S3_BUCKET", default="")
REPORTS_DIRECTORY = env.str("REPORTS_DIRECTORY", default="") or str(BASE_DIR / ".local" / "reports")
REPORTS_LINK_SECONDS = env.int("REPORTS_LINK_SECONDS", default=7 * 24 * 3600)
if REPORTS_S3_BUCKET:
    STORAGES["reports"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": REPORTS_S3_BUCKET,
            "endpoint_url": env.str("REPORTS_S3_ENDPOINT", default="") or None,
            "region_name": env.str("REPORTS_S3_REGION", default="") or None,
            # Empty: the role of the machine or the pod.
            "access_key": env.str("REPORTS_S3_ACCESS_KEY", default="") or None,
            "secret_key": env.str("REPORTS_S3_SECRET_KEY", default="") or None,
            "location": env.str("REPORTS_S3_PREFIX", default=""),
            "default_acl": None,
            "file_overwrite": True,
        },
    }
else:
    STORAGES["reports"] = {
        "BACKEND": "reporting.storage.WholeFileStorage",
        "OPTIONS": {"location": REPORTS_DIRECTORY, "file_permissions_mode": 0o640},
    }

# Mail, time, logs -------------------------------------------------------------------------------

_mail = env.email_url("EMAIL_URL", default="consolemail://")
EMAIL_BACKEND = _mail["EMAIL_BACKEND"]
EMAIL_FILE_PATH = _mail.get("EMAIL_FILE_PATH")  # of filemail:///directory, as in the demo
EMAIL_HOST = _mail.get("EMAIL_HOST") or "localhost"
EMAIL_PORT = _mail.get("EMAIL_PORT") or 25
EMAIL_HOST_USER = _mail.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD = _mail.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS = bool(_mail.get("EMAIL_USE_TLS"))
EMAIL_USE_SSL = bool(_mail.get("EMAIL_USE_SSL"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default=f"Cost Insights <noreply@{BASE_DOMAIN}>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# Watching it ----------------------------------------------------------------------------------

METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
METRICS_ALLOWED_NETWORKS = [
    ipaddress.ip_network(text) for text in env.list("METRICS_ALLOWED_NETWORKS", default=[])
]
METRICS_DIRECTORY = env.str("METRICS_DIRECTORY", default="")
if METRICS_DIRECTORY:
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = METRICS_DIRECTORY  # read when the library is imported
SENTRY_DSN = env.str("SENTRY_DSN", default="")
SENTRY_ENVIRONMENT = env.str("SENTRY_ENVIRONMENT", default="production")
OTEL_EXPORTER_OTLP_ENDPOINT = env.str("OTEL_EXPORTER_OTLP_ENDPOINT", default="")

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False
FORMAT_MODULE_PATH = ["costinsights.formats"]

LOGGING_CONFIG = None
logging_settings(debug=DEBUG, as_json=env.bool("LOG_JSON", default=not (DEBUG or DEMO_MODE)))
