"""What a template can say to whom: per channel and locale, a tenant's own words before the platform's."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from templates_app.rules.canary import gets_canary
from templates_app.rules.locales import nearest
from templates_app.values import Chosen


@dataclass(frozen=True, slots=True)
class Trial:
    """A version that some get first, on the channels that the version in use has words for."""

    template_id: UUID
    version_id: UUID
    written: Mapping[str, Collection[str]]
    percent: int


@dataclass(frozen=True, slots=True)
class Tier:
    """The live version of a template, of the tenant or of the platform: the locales it has, by channel."""

    version_id: UUID
    written: Mapping[str, Collection[str]]
    default_locale: str = ""
    trial: Trial | None = None

    def nearest(self, channel: str, *, locale: str) -> str | None:
        """The locale of the words for a person who reads `locale`; `None` when there are none for this channel."""
        return nearest(locale, default=self.default_locale, written=self.written.get(channel, ()))

    def first(self, channel: str, *, locale: str, recipient_id: UUID) -> Chosen | None:
        """The words of the trial, for those who get it."""
        if (trial := self.trial) is None:
            return None
        found = nearest(locale, default=self.default_locale, written=trial.written.get(channel, ()))
        if found is None or not gets_canary(trial.template_id, trial.version_id, recipient_id, percent=trial.percent):
            return None
        return Chosen(trial.version_id, found)


@dataclass(frozen=True, slots=True)
class Offer:
    """A template as it is now: its tiers, the tenant's first."""

    tiers: tuple[Tier, ...]

    def channels(self) -> tuple[str, ...]:
        """The channels there are words for."""
        return tuple(dict.fromkeys(channel for tier in self.tiers for channel in tier.written))

    def choose(self, channel: str, *, locale: str, recipient_id: UUID | None = None) -> Chosen | None:
        """The words for a person who reads `locale`; `None` when there are none for this channel. Nobody in particular
        gets what is in use for all.
        """
        for tier in self.tiers:
            found = tier.nearest(channel, locale=locale)
            if found is not None:
                first = tier.first(channel, locale=locale, recipient_id=recipient_id) if recipient_id else None
                return first or Chosen(tier.version_id, found)
        return None
