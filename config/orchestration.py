"""What operators may say about orchestration, as one typed value."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Orchestration:
    """`settings.ORCHESTRATOR`. Seconds are floats, percents whole numbers from 1 to 100."""

    max_concurrent_requests: int
    default_strategy: str
    breaker_threshold_percent: int
    breaker_timeout_seconds: float
    email_timeout_seconds: float
    sms_timeout_seconds: float
    push_timeout_seconds: float
    dedup_window_minutes: int
    dedup_cache_size: int
    analytics_batch_size: int
    analytics_flush_seconds: float
    engagement_half_life_days: int
    retry_max_attempts: int
    schedule_timezone_default: str
