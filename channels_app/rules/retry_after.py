"""How long a provider wants to be left alone, from its answers to a batch: pure."""

from collections.abc import Iterable
from datetime import timedelta

from channels_app.values import Retry, SendResult


def pause_of(results: Iterable[SendResult]) -> timedelta:
    """The longest Retry-After; nothing when nobody asked. What lies with a recipient stops no one else."""
    asked = (result.after for result in results if isinstance(result, Retry) and result.provider_fault and result.after)
    return max(asked, default=timedelta())
