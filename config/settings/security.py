"""Secrets, hosts and browser protection."""

from urllib.parse import urlsplit

from config import environment as names
from config.settings.values import ENV

SECRET_KEY = ENV[names.SECRET_KEY] or names.UNSAFE_SECRET_KEY
SECRET_KEY_FALLBACKS = list(ENV[names.SECRET_KEY_FALLBACKS])
PUBLIC_URL = ENV[names.PUBLIC_URL].rstrip("/")
REALTIME_URL = ENV[names.REALTIME_URL].rstrip("/") or PUBLIC_URL
_public = urlsplit(PUBLIC_URL)
ALLOWED_HOSTS = list(ENV[names.ALLOWED_HOSTS]) or [str(_public.hostname), "localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{_public.netloc}", *ENV[names.CSRF_TRUSTED_ORIGINS]]

_https = _public.scheme == "https"
SECURE_SSL_REDIRECT = _https
SECURE_REDIRECT_EXEMPT = ["^healthz$", "^readyz$", "^metrics$", "^version$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _https else None
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _https
SECURE_HSTS_PRELOAD = _https
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = _https
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_SECURE = _https
X_FRAME_OPTIONS = "DENY"
