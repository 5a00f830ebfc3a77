"""Shares that people compare messages by: every one with the counts that it comes from. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from analytics.values import Figures


@dataclass(frozen=True, slots=True)
class Rate:
    """So many of so many."""

    count: int
    of: int

    @property
    def rate(self) -> float | None:
        """`None` of nothing; above 1 where what was counted is of messages from before."""
        return self.count / self.of if self.of else None


RATES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "success": (("sent",), ("sent", "failed", "dead")),  # of what was tried to the end, what a provider took
    "delivery": (("delivered",), ("sent",)),
    "bounce": (("bounced",), ("sent",)),
    "open": (("opened",), ("sent",)),
    "click": (("clicked",), ("sent",)),
    "click_to_open": (("clicked",), ("opened",)),
    "conversion": (("converted",), ("sent",)),
    "unsubscribe": (("unsubscribed",), ("sent",)),
    "complaint": (("complained",), ("sent",)),
}


def rates_of(figures: Figures) -> dict[str, Rate]:
    """Every one of `RATES`."""
    return {
        name: Rate(sum(map(figures.number, counted)), sum(map(figures.number, of)))
        for name, (counted, of) in RATES.items()
    }
