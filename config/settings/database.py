"""PostgreSQL, the Redis cache and the realtime layer: how they are reached and how long they may keep us waiting."""

from config.environment import DATABASE_ROLE, DATABASE_URL
from config.environment import REDIS_URL as REDIS_URL_VARIABLE
from config.processes import APP_ROLE, TIMEKEEPER, WORKER
from config.settings.values import CURRENT_PROCESS, ENV

CONNECT_SECONDS = 3
# A server that is gone without a word (no RST) is noticed in about half a minute instead of hours.
_NOTICE_SILENCE = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
# A prepared statement keeps its plan. One that was made while a table was empty would read all of it when it is not;
# nothing that workers do means to. And what they look up by key was just written: pages cost next to nothing beside
# planning, which PostgreSQL would else do again for every small batch.
_BY_INDEX = "-c enable_seqscan=off -c random_page_cost=0.02 -c seq_page_cost=0.02"
_WEB_LIMITS = "-c statement_timeout=15s -c lock_timeout=5s -c idle_in_transaction_session_timeout=30s"


def _session_options(role: str) -> str:
    """What every connection starts with, as libpq writes it."""
    start_as = f"-c role={role}" if role else ""
    limits = _WEB_LIMITS if CURRENT_PROCESS.role == APP_ROLE else ""
    plans = _BY_INDEX if CURRENT_PROCESS in (WORKER, TIMEKEEPER) else ""
    # Compiling statements pays after a second of work; ours take milliseconds, and guesses of their cost are wrong.
    return f"{start_as} {limits} {plans} -c jit=off -c default_transaction_isolation=read\\ committed".strip()


_address = dict(ENV[DATABASE_URL])
_role = ENV[DATABASE_ROLE] or CURRENT_PROCESS.role
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _address.pop("dbname"),
        "USER": _address.pop("user", ""),
        "PASSWORD": _address.pop("password", ""),
        "HOST": _address.pop("host", ""),
        "PORT": _address.pop("port", ""),
        # No pool: Celery would close it after each task. Connections live as long as their thread.
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            # Statements that come again are prepared: half of what PostgreSQL does for a small batch is planning it.
            # Django prepares none unless it is told from which time on.
            "server_side_binding": True,
            "prepare_threshold": 5,
            "connect_timeout": CONNECT_SECONDS,
            **_NOTICE_SILENCE,
            "application_name": f"carillon-{CURRENT_PROCESS.name or 'unnamed'}",
            **_address,
            "options": f"{_address.get('options', '')} {_session_options(_role)}".strip(),
        },
    }
}

REDIS_URL = ENV[REDIS_URL_VARIABLE]
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "carillon:cache",
        "OPTIONS": {"socket_timeout": 0.5, "socket_connect_timeout": 0.3},
    }
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": "carillon:realtime"},
    }
}
