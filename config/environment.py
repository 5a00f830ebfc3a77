"""Every name of the environment that Carillon reads, in one table: its meaning, its kind, its default.

`manage.py environment` prints the table as documentation. Each name also works as NAME_FILE, for mounted secrets.
"""

from config.database_url import database_url
from config.processes import PROCESSES
from config.processes import VARIABLE as PROCESS_VARIABLE
from kernel.env import Entry, Family, Variable
from kernel.env_kinds import (
    boolean,
    choice,
    credentials,
    fraction,
    integer,
    listing,
    milliseconds,
    name,
    rate,
    secret_text,
    text,
    timezone,
    url,
)

UNSAFE_SECRET_KEY = "unsafe-key-for-tests-and-builds-that-serve-nobody-0123456789"  # noqa: S105 - not a secret

_REDIS = url(schemes=("redis", "rediss", "unix"), example="redis://host:6379/0")
_HTTP = url(schemes=("http", "https"), example="https://host")

# Where things are
DATABASE_URL = Variable(
    "DATABASE_URL",
    database_url(),
    "PostgreSQL 15 to 18, the only truth.",
    default="postgresql://127.0.0.1:5432/carillon",
    also=("DB_URL",),
    secret=True,
)
REDIS_URL = Variable(
    "REDIS_URL",
    _REDIS,
    "Redis or Valkey: cache, limits, breaker state and the default broker. May be lost at any moment.",
    default="redis://127.0.0.1:6379/0",
    also=("CACHE_URL",),
    secret=True,
)
BROKER_URL = Variable(
    "BROKER_URL",
    url(schemes=("redis", "rediss", "amqp", "amqps", "memory"), example="redis://host:6379/1"),
    "The Celery broker, which carries only wake-ups. Unset: `REDIS_URL`.",
    secret=True,
)
PUBLIC_URL = Variable(
    "PUBLIC_URL",
    _HTTP,
    "How the outside reaches this installation; `https` switches on HSTS, secure cookies and the redirect to https.",
    default="http://127.0.0.1:8000",
)
REALTIME_URL = Variable(
    "REALTIME_URL",
    _HTTP,
    "How browsers reach the realtime process. Unset: the same as `PUBLIC_URL`.",
)
SANDBOX_URL = Variable("SANDBOX_URL", _HTTP, "The provider sandbox that test keys send to; unset is no test mode.")
SANDBOX_SMTP_URL = Variable(
    "SANDBOX_SMTP_URL",
    url(schemes=("smtp",), example="smtp://host:1025"),
    "The mail side of the provider sandbox.",
)
SANDBOX_LIVE = Variable(
    "SANDBOX_LIVE",
    boolean(),
    "Live keys send to the provider sandbox where a channel has no account; for development.",
    default="false",
)

# Who may come in
SECRET_KEY = Variable(
    "SECRET_KEY", secret_text(at_least=50), "Signs tokens and keys the stored hashes of API keys.", secret=True
)
SECRET_KEY_FALLBACKS = Variable(
    "SECRET_KEY_FALLBACKS",
    listing(secret_text(at_least=50)),
    "Former values of `SECRET_KEY`, still good for reading while a new one takes over.",
    secret=True,
)
ALLOWED_HOSTS = Variable(
    "ALLOWED_HOSTS",
    listing(text()),
    "Host names requests may ask for; a leading dot allows subdomains. "
    "Unset: the host of `PUBLIC_URL` and this machine.",
)
CSRF_TRUSTED_ORIGINS = Variable(
    "CSRF_TRUSTED_ORIGINS", listing(_HTTP), "Further origins the admin pages may be posted from."
)
EGRESS_ALLOW = Variable(
    "EGRESS_ALLOW",
    listing(text()),
    "Named exceptions (`host:port`) to the rule that calls to addresses of tenants never reach private networks.",
)
API_MAX_BODY_BYTES = Variable(
    "API_MAX_BODY_BYTES",
    integer(low=1024, high=104_857_600),
    "Bytes the body of an API request may have.",
    default="1048576",
)
DEBUG = Variable("DEBUG", boolean(), "Pages with tracebacks, for development only.", default="false")

# What is watched
SENTRY_DSN = Variable("SENTRY_DSN", _HTTP, "Where our own errors are reported; unset is nowhere.", secret=True)
SENTRY_ENVIRONMENT = Variable(
    "SENTRY_ENVIRONMENT", text(), "What Sentry calls this installation.", default="production"
)
OTEL_EXPORTER_OTLP_ENDPOINT = Variable(
    "OTEL_EXPORTER_OTLP_ENDPOINT", _HTTP, "Where OpenTelemetry spans are sent by HTTP; unset is nowhere."
)
OTEL_TRACES_SAMPLE_RATIO = Variable(
    "OTEL_TRACES_SAMPLE_RATIO", fraction(), "The share of traces that is kept when no caller decided.", default="0.1"
)
PROMETHEUS_MULTIPROC_DIR = Variable(
    "PROMETHEUS_MULTIPROC_DIR", text(), "A folder in which the processes of one host share their counters."
)
METRICS_PORT = Variable(
    "METRICS_PORT",
    integer(low=0, high=65_535),
    "A port on which a worker, timekeeper or beat serves its own counters where no folder is shared; 0 is none.",
    default="0",
)
METRICS_TOKEN = Variable(
    "METRICS_TOKEN", secret_text(at_least=16), "The bearer token that `/metrics` then asks for.", secret=True
)
LOG_FORMAT = Variable(
    "LOG_FORMAT",
    choice(("auto", "json", "console")),
    "How log lines look; `auto` is `console` on a terminal and `json` elsewhere.",
    default="auto",
)
LOG_LEVEL = Variable(
    "LOG_LEVEL", choice(("DEBUG", "INFO", "WARNING", "ERROR")), "The least severe line that is written.", default="INFO"
)
GIT_SHA = Variable("GIT_SHA", text(), "The commit this was built from, shown by `/version`.")

# Channels and limits
DEFAULT_FROM_EMAIL = Variable(
    "DEFAULT_FROM_EMAIL",
    text(),
    "The sender of e-mails when neither type nor account names one.",
    default="Carillon <carillon@localhost>",
)
CHANNEL_ENABLE_LIST = Variable(
    "CHANNEL_ENABLE_LIST",
    listing(name()),
    "The channels that may be used, e.g. `email,in_app`; unset is every channel.",
)
RATE_LIMIT_GLOBAL = Variable(
    "RATE_LIMIT_GLOBAL", rate(), "How many deliveries may start altogether; unset is `100000/minute`."
)
RATE_LIMIT_CHANNEL = Family(
    "RATE_LIMIT_CHANNEL_",
    rate(),
    "The same for one channel; unset is 10000/hour for e-mail, 1000/hour for SMS, 50000/hour for push.",
    "<CHANNEL>",
)
RATE_LIMIT_TENANT = Variable(
    "RATE_LIMIT_TENANT", rate(), "How many deliveries of one tenant may start; unset is no limit for single tenants."
)
RATE_LIMIT_RECIPIENT_HOUR = Variable(
    "RATE_LIMIT_RECIPIENT_HOUR",
    integer(low=0, high=1_000_000),
    "Messages that reach out to one person in an hour; critical ones do not count. 0 is no limit.",
    default="20",
)
RATE_LIMIT_RECIPIENT_DAY = Variable(
    "RATE_LIMIT_RECIPIENT_DAY",
    integer(low=0, high=1_000_000),
    "The same in a day.",
    default="100",
)
PROVIDER_CREDENTIALS = Family(
    "PROVIDER_CREDENTIALS_",
    credentials(),
    "How to reach a provider and who we are there: a URL or a JSON object, "
    "e.g. `PROVIDER_CREDENTIALS_SMTP=smtp://user:password@host:587`.",
    "<PROVIDER>",
    secret=True,
)
RETRY_MAX_ATTEMPTS = Variable(
    "RETRY_MAX_ATTEMPTS",
    integer(low=1, high=20),
    "Calls to one provider account before the next way is tried.",
    default="3",
)
SCHEDULE_TIMEZONE_DEFAULT = Variable(
    "SCHEDULE_TIMEZONE_DEFAULT",
    timezone(),
    "The zone of local times when neither recipient nor tenant has one.",
    default="UTC",
)

# The orchestrator
MAX_CONCURRENT_REQUESTS = Variable(
    "ORCHESTRATOR_MAX_CONCURRENT_REQUESTS",
    integer(low=1, high=100_000),
    "Requests in progress in one web process; more are answered 503 with `Retry-After`.",
    default="1000",
)
DEFAULT_STRATEGY = Variable(
    "ORCHESTRATOR_DEFAULT_STRATEGY", name(), "The delivery strategy when the type names none.", default="smart"
)
BREAKER_THRESHOLD = Variable(
    "ORCHESTRATOR_CIRCUIT_BREAKER_THRESHOLD",
    integer(low=1, high=100),
    "Percent of the last 100 calls that must fail for a provider account to be left alone.",
    default="50",
)
BREAKER_TIMEOUT = Variable(
    "ORCHESTRATOR_CIRCUIT_BREAKER_TIMEOUT",
    milliseconds(low=100, high=3_600_000),
    "Milliseconds until a provider account that was left alone is tried again.",
    default="30000",
)
EMAIL_TIMEOUT = Variable(
    "ORCHESTRATOR_EMAIL_TIMEOUT",
    milliseconds(low=100, high=600_000),
    "Milliseconds one call to an e-mail provider may take altogether.",
    default="30000",
)
SMS_TIMEOUT = Variable(
    "ORCHESTRATOR_SMS_TIMEOUT",
    milliseconds(low=100, high=600_000),
    "Milliseconds one call to an SMS, webhook or chat provider may take altogether.",
    default="15000",
)
PUSH_TIMEOUT = Variable(
    "ORCHESTRATOR_PUSH_TIMEOUT",
    milliseconds(low=100, high=600_000),
    "Milliseconds one call to a push provider may take altogether.",
    default="10000",
)
DEDUP_WINDOW_MINUTES = Variable(
    "ORCHESTRATOR_DEDUP_WINDOW_MINUTES",
    integer(low=0, high=525_600),
    "Minutes in which the same message to the same recipient counts as a duplicate; 0 is never.",
    default="60",
)
DEDUP_CACHE_SIZE = Variable(
    "ORCHESTRATOR_DEDUP_CACHE_SIZE",
    integer(low=0, high=10_000_000),
    "Recent duplicates remembered in memory before the database is asked.",
    default="10000",
)
ANALYTICS_BATCH_SIZE = Variable(
    "ORCHESTRATOR_ANALYTICS_BATCH_SIZE",
    integer(low=1, high=100_000),
    "After a round with fewer events than this, consumers of the log wait for the next interval.",
    default="100",
)
ANALYTICS_FLUSH_INTERVAL = Variable(
    "ORCHESTRATOR_ANALYTICS_FLUSH_INTERVAL",
    milliseconds(low=1000, high=86_400_000),
    "Milliseconds between two rounds of the log consumers when nothing else wakes them.",
    default="60000",
)
ENGAGEMENT_HALF_LIFE = Variable(
    "ORCHESTRATOR_ENGAGEMENT_HALF_LIFE_DAYS",
    integer(low=1, high=3650),
    "Days after which what people did counts half in what `smart` learns; a change counts from then on.",
    default="60",
)
QUEUE_NAME = Variable(
    "ORCHESTRATOR_QUEUE_NAME",
    name(),
    "The stem of the names of the ordinary queues.",
    default="notification_orchestration",
)
PRIORITY_QUEUE_NAME = Variable(
    "ORCHESTRATOR_PRIORITY_QUEUE_NAME",
    name(),
    "The stem of the names of the queues of critical work.",
    default="priority_notifications",
)
DLQ_NAME = Variable(
    "ORCHESTRATOR_DLQ_NAME", name(), "The queue that wakes the keeper of dead letters.", default="failed_orchestrations"
)

# The processes themselves
PROCESS = Variable(
    PROCESS_VARIABLE,
    choice(tuple(PROCESSES)),
    "What this process is; every entry point knows it by itself.",
)
DATABASE_ROLE = Variable(
    "CARILLON_DATABASE_ROLE", text(), "The database role connections start as; unset follows from the kind of process."
)
WEB_WORKERS = Variable("WEB_WORKERS", integer(low=1, high=256), "Processes that serve the API.", default="2")
WEB_THREADS = Variable(
    "WEB_THREADS",
    integer(low=1, high=256),
    "Threads in each of them, each with a database connection. What they take at the same time is written together.",
    default="16",
)
WORKER_THREADS = Variable(
    "WORKER_THREADS", integer(low=1, high=256), "Bells one worker process answers at the same time.", default="8"
)
WEB_BIND = Variable("WEB_BIND", text(), "Where the API listens.", default="127.0.0.1:8000")

TABLE: tuple[Entry, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Variable | Family))
