"""The counters and histograms of Carillon, by the names operators see.

Labels are closed lists, never ids of tenants or people. Figures that must be looked up are in `kernel/gauges.py`.
"""

from prometheus_client import Counter, Histogram

_REQUEST_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_CALL_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_LATENCY_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300)

HTTP_SECONDS = Histogram(
    "carillon_http_request_duration_seconds",
    "Requests, by the time they took.",
    ("method", "route", "status"),
    buckets=_REQUEST_SECONDS,
)
NOTIFICATIONS = Counter("carillon_notifications_total", "Notifications accepted.", ("priority",))
DELIVERIES = Counter("carillon_deliveries_total", "Provider calls, by outcome.", ("channel", "provider", "outcome"))
DELIVERY_SECONDS = Histogram(
    "carillon_delivery_duration_seconds",
    "Provider calls, by the time they took.",
    ("channel", "provider"),
    buckets=_CALL_SECONDS,
)
ORCHESTRATION_SECONDS = Histogram(
    "carillon_orchestration_latency_seconds",
    "Notifications, by the time from accepted to planned.",
    ("priority",),
    buckets=_LATENCY_SECONDS,
)
TIMER_LATENESS = Histogram(
    "carillon_timer_lateness_seconds",
    "Moments at which something fell due, by how much later its bell had rung.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5),
)
RETRIES = Counter("carillon_retries_total", "Provider calls after the first of their delivery.", ("channel",))
PROVIDER_ERRORS = Counter("carillon_provider_errors_total", "Provider calls that failed.", ("provider", "class"))
COST_MICROS = Counter("carillon_cost_micros_total", "What was spent, in millionths.", ("channel", "currency"))
BELLS = Counter("carillon_bells_total", "Wake-ups, by what became of them.", ("outcome",))
RECEIPTS = Counter("carillon_receipts_total", "What providers told us, repetitions left out.", ("provider", "kind"))
RECEIPTS_FORGED = Counter("carillon_receipts_forged_total", "Calls to our hooks that were refused.", ("provider",))
