"""Settings of the naive build: what `startproject` gives, plus its database and broker."""

import os

from psycopg.conninfo import conninfo_to_dict

_address = conninfo_to_dict(os.environ["NAIVE_DATABASE_URL"])

SECRET_KEY = "the naive build guards nothing"  # noqa: S105
ALLOWED_HOSTS = ["*"]
USE_TZ = True
INSTALLED_APPS = ["config.bench.naive", "rest_framework"]
ROOT_URLCONF = "config.bench.naive.urls"
MIDDLEWARE = ["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates"}]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _address["dbname"],
        "USER": _address["user"],
        "PASSWORD": _address["password"],
        "HOST": _address["host"],
        "PORT": _address["port"],
    }
}
REST_FRAMEWORK: dict[str, object] = {"UNAUTHENTICATED_USER": None, "DEFAULT_AUTHENTICATION_CLASSES": []}
EMAIL_HOST = os.environ.get("NAIVE_EMAIL_HOST", "")  # empty: mails go nowhere
EMAIL_PORT = int(os.environ.get("NAIVE_EMAIL_PORT", "25"))
DEFAULT_FROM_EMAIL = "shop@example.org"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
