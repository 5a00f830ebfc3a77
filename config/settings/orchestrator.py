"""The orchestrator's own settings, and what channels and providers are told."""

from config import environment as names
from config.orchestration import Orchestration
from config.settings.values import ENV

ORCHESTRATOR = Orchestration(
    max_concurrent_requests=ENV[names.MAX_CONCURRENT_REQUESTS],
    default_strategy=ENV[names.DEFAULT_STRATEGY],
    breaker_threshold_percent=ENV[names.BREAKER_THRESHOLD],
    breaker_timeout_seconds=ENV[names.BREAKER_TIMEOUT],
    email_timeout_seconds=ENV[names.EMAIL_TIMEOUT],
    sms_timeout_seconds=ENV[names.SMS_TIMEOUT],
    push_timeout_seconds=ENV[names.PUSH_TIMEOUT],
    dedup_window_minutes=ENV[names.DEDUP_WINDOW_MINUTES],
    dedup_cache_size=ENV[names.DEDUP_CACHE_SIZE],
    analytics_batch_size=ENV[names.ANALYTICS_BATCH_SIZE],
    analytics_flush_seconds=ENV[names.ANALYTICS_FLUSH_INTERVAL],
    engagement_half_life_days=ENV[names.ENGAGEMENT_HALF_LIFE],
    retry_max_attempts=ENV[names.RETRY_MAX_ATTEMPTS],
    schedule_timezone_default=ENV[names.SCHEDULE_TIMEZONE_DEFAULT],
)

DEFAULT_FROM_EMAIL = ENV[names.DEFAULT_FROM_EMAIL]
CHANNEL_ENABLE_LIST = ENV[names.CHANNEL_ENABLE_LIST]  # empty is every channel
RATE_LIMIT_GLOBAL = ENV[names.RATE_LIMIT_GLOBAL]
RATE_LIMIT_CHANNEL = ENV.family(names.RATE_LIMIT_CHANNEL)
RATE_LIMIT_TENANT = ENV[names.RATE_LIMIT_TENANT]
RATE_LIMIT_RECIPIENT_HOUR = ENV[names.RATE_LIMIT_RECIPIENT_HOUR]  # 0 is no limit
RATE_LIMIT_RECIPIENT_DAY = ENV[names.RATE_LIMIT_RECIPIENT_DAY]
PROVIDER_CREDENTIALS = ENV.family(names.PROVIDER_CREDENTIALS)
EGRESS_ALLOW = ENV[names.EGRESS_ALLOW]
SANDBOX_URL = ENV[names.SANDBOX_URL]  # empty is no sandbox, and then no test mode
SANDBOX_SMTP_URL = ENV[names.SANDBOX_SMTP_URL]
SANDBOX_LIVE = ENV[names.SANDBOX_LIVE]  # and then live keys lead there too where a channel has no account
