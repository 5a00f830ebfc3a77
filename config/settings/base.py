"""Which apps there are and how a request reaches them."""

from config.environment import DEBUG as DEBUG_VARIABLE
from config.environment import SCHEDULE_TIMEZONE_DEFAULT
from config.processes import REALTIME
from config.settings.values import CURRENT_PROCESS, ENV

DEBUG = ENV[DEBUG_VARIABLE]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"

CARILLON_APPS = (
    "tenants",
    "events",
    "audience",
    "channels_app",
    "templates_app",
    "preferences",
    "notifications",
    "orchestrator",
    "analytics",
)
INSTALLED_APPS = [
    "config",
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "channels",
    "django_celery_beat",
    "django_prometheus",
    *CARILLON_APPS,
]
_EVERY_REQUEST = [
    "config.middleware.context.RequestContext",
    "config.middleware.slash.OptionalSlash",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
]
MIDDLEWARE = [
    "config.middleware.context.RequestContext",
    "config.middleware.admission.Admission",
    # Its companion for the end of the list costs some twenty figures per request and has a label per method sent.
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "config.middleware.slash.OptionalSlash",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.common.CommonMiddleware",
    "config.middleware.pages.AdminScope",
    "config.middleware.pages.Sessions",
    "django.middleware.csrf.CsrfViewMiddleware",
    "config.middleware.pages.Authentication",
    "config.middleware.pages.Messages",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
if CURRENT_PROCESS is REALTIME:
    MIDDLEWARE = _EVERY_REQUEST  # no pages there, and all of these work without a thread
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
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
UNFOLD = {"SIDEBAR": {"navigation": "config.sidebar.navigation"}}
APPEND_SLASH = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
SCHEDULE_TIMEZONE = ENV[SCHEDULE_TIMEZONE_DEFAULT]
