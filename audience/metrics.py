"""The audience's counters, by the names operators see."""

from prometheus_client import Counter, Gauge

INBOX_PUBLISHED = Counter("carillon_inbox_published_total", "Realtime messages by what became of them.", ("outcome",))
REALTIME_CONNECTIONS = Gauge(
    "carillon_realtime_connections", "Open inbox streams.", ("transport",), multiprocess_mode="livesum"
)
REALTIME_DROPPED = Counter("carillon_realtime_dropped_total", "Streams closed because their reader was too slow.")
