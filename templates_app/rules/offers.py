"""What a template can say to whom: per channel and locale, a tenant's own words before the platform's."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from templates_app.rules.locales import nearest
from templates_app.values import Chosen


@dataclass(frozen=True, slots=True)
class Tier:
    """The live version of a template, of the tenant or of the platform: the locales it has, by channel."""

    version_id: UUID
    written: Mapping[str, Collection[str]]
    default_locale: str = ""

    def nearest(self, channel: str, *, locale: str) -> str | None:
        """The locale of the words for a person who reads `locale`; `None` when there are none for this channel."""
        return nearest(locale, default=self.default_locale, written=self.written.get(channel, ()))


@dataclass(frozen=True, slots=True)
class Offer:
    """A template as it is now: its tiers, the tenant's first."""

    tiers: tuple[Tier, ...]

    def channels(self) -> tuple[str, ...]:
        """The channels there are words for."""
        return tuple(dict.fromkeys(channel for tier in self.tiers for channel in tier.written))

    def choose(self, channel: str, *, locale: str) -> Chosen | None:
        """The words for a person who reads `locale`; `None` when there are none for this channel."""
        for tier in self.tiers:
            found = tier.nearest(channel, locale=locale)
            if found is not None:
                return Chosen(tier.version_id, found)
        return None
