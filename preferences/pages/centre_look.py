"""How somebody's choices stand, for the preference centre: what is on, what is locked and why."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audience.values import Person
from preferences.address_hash import Contact
from preferences.catalogue import channel_names
from preferences.consent_requirements import requirements_of
from preferences.documents import merged
from preferences.pages.centre_choice import EVERYTHING, choice, frequency_choice
from preferences.rules import REQUIRED_CATEGORIES, Ban, Batch, Reason, Wishes, clock_of, frequency_for, judged
from preferences.rules.consent import EVERY_CHANNEL, Requirements, Said, demand_of, newest_word
from preferences.rules.levels import FORCED, RECIPIENT, level_in, wishes_among
from preferences.rules.quiet_hours import DAYS, Window
from preferences.selectors import bans_on, document_of, wishes_of
from preferences.selectors_consents import consent_state_of
from preferences.topics import Topic, spoken, topics_of
from tenants.models import Tenant

Pair = tuple[str, str]  # what it is about, and the channel


@dataclass(frozen=True, slots=True)
class Switch:
    """One channel of a topic. `locked` tells why it cannot be moved: required, forced, stop, blocked, consent."""

    about: str
    channel: str
    on: bool
    locked: str = ""

    @property
    def pair(self) -> Pair:
        return self.about, self.channel


@dataclass(frozen=True, slots=True)
class Agreement:
    """A purpose on a channel for which the person is asked. `said` is their newest word."""

    purpose: str
    channel: str
    said: Said | None
    about: str = ""  # the topic it lets through; "" = none of those shown

    @property
    def pair(self) -> Pair:
        return self.purpose, self.channel

    @property
    def given(self) -> bool:
        return self.said is not None and self.said.given


@dataclass(frozen=True, slots=True)
class Centre:
    """Everything that one look found."""

    tenant: Tenant
    person: Person
    document: Mapping[str, Any]
    wishes: Wishes
    topics: tuple[Topic, ...]
    switches: Mapping[str, tuple[Switch, ...]]  # by topic
    agreements: tuple[Agreement, ...]
    often: Mapping[str, Batch | None]  # by topic; None = at once
    often_locked: Collection[str]
    quiet: tuple[Window, ...]
    quiet_locked: bool
    zone: str
    bans: Mapping[Contact, Sequence[Ban]]


def look(tenant: Tenant, person: Person, *, at: datetime) -> Centre:
    """How things stand at `at`; inside the tenant's scope, in a constant number of statements."""
    document = document_of(tenant_id=tenant.id, recipient_id=person.id)
    wishes = wishes_of([person.id]).get(person.id, Wishes())
    topics = topics_of(tenant.id, channels=person.endpoints) or _everything(person)
    bans = bans_on(
        {
            Contact(tenant.id, channel, endpoint.address)
            for channel, endpoints in person.endpoints.items()
            for endpoint in endpoints
        }
    )
    said, requirements = consent_state_of(person.id), requirements_of([tenant.id])[tenant.id]
    eye = _Eye(person, document, wishes, bans, said, requirements, at)
    quiet, quiet_locked = _quiet(wishes, at=at)
    return Centre(
        tenant=tenant,
        person=person,
        document=document,
        wishes=wishes,
        topics=topics,
        switches={topic.about: tuple(eye.switch(topic, channel) for channel in topic.channels) for topic in topics},
        agreements=_agreements(topics, said, requirements),
        often={topic.about: eye.often(topic, wishes) for topic in topics},
        often_locked={topic.about for topic in topics if eye.often_is_locked(topic)},
        quiet=quiet,
        quiet_locked=quiet_locked,
        zone=clock_of(wishes, own=person.timezone, otherwise=tenant.timezone, at=at),
        bans=bans,
    )


@dataclass(frozen=True, slots=True)
class _Eye:
    """Judges one switch after the other."""

    person: Person
    document: Mapping[str, Any]
    wishes: Wishes
    bans: Mapping[Contact, Sequence[Ban]]
    said: Sequence[Said]
    requirements: Requirements
    at: datetime

    def switch(self, topic: Topic, channel: str) -> Switch:
        if topic.category in REQUIRED_CATEGORIES:
            return Switch(topic.about, channel, on=True, locked="required")
        on = self._goes(topic, channel, self.wishes)
        if _is_asked(self.requirements, self.said, topic, channel):
            return Switch(topic.about, channel, on=on, locked="consent")
        if banned := self._banned(channel):
            return Switch(topic.about, channel, on=False, locked=banned)
        moves = self._if_chosen(topic, channel, yes=True) != self._if_chosen(topic, channel, yes=False)
        left = self._left(topic, channel)
        return Switch(topic.about, channel, on=on and not left, locked="" if moves else "forced")

    def often(self, topic: Topic, wishes: Wishes) -> Batch | None:
        found = frequency_for(wishes, type=topic.type, category=topic.category, at=self.at)
        return found if isinstance(found, Batch) else None

    def often_is_locked(self, topic: Topic) -> bool:
        """What is locked stays as it is, whatever is said."""
        if topic.about == EVERYTHING or topic.category in REQUIRED_CATEGORIES:
            return True
        hourly, never = (
            self.often(topic, self._if_said(frequency_choice(topic, every, at="", on=""))) for every in ("hour", "now")
        )
        return hourly == never

    def _goes(self, topic: Topic, channel: str, wishes: Wishes) -> bool:
        return judged(wishes, channel=channel, category=topic.category, type=topic.type, at=self.at) is None

    def _if_chosen(self, topic: Topic, channel: str, *, yes: bool) -> bool:
        return self._goes(topic, channel, self._if_said(choice(topic, channel, yes=yes, document=self.document)))

    def _if_said(self, change: Mapping[str, Any]) -> Wishes:
        others = [level for level in self.wishes.levels if level.name != RECIPIENT]
        return wishes_among([*others, level_in(merged(self.document, change))])

    def _banned(self, channel: str) -> str:
        """Why the whole channel is closed, when every address on it is."""
        whole = [{ban.reason for ban in known if not ban.scope} for _, known in self._on(channel)]
        if any(Reason.STOP in reasons for reasons in whole):
            return "stop"
        closed = sum(1 for reasons in whole if reasons)
        return "blocked" if closed and closed == len(self.person.endpoints.get(channel, ())) else ""

    def _left(self, topic: Topic, channel: str) -> bool:
        """Whether they unsubscribed from it by a link in a message."""
        return any(Ban(Reason.UNSUBSCRIBE, topic.about) in known for _, known in self._on(channel))

    def _on(self, channel: str) -> list[tuple[Contact, Sequence[Ban]]]:
        return [(contact, known) for contact, known in self.bans.items() if contact.channel == channel]


def _everything(person: Person) -> tuple[Topic, ...]:
    """For a tenant that has no types yet: the channels as such."""
    channels = tuple(channel for channel in channel_names() if channel in person.endpoints)
    return (Topic(EVERYTHING, "", (), channels),) if channels else ()


def _agreements(topics: Sequence[Topic], said: Sequence[Said], requirements: Requirements) -> tuple[Agreement, ...]:
    """What the person may be asked, and what they once spoke of; each pair once."""
    found: dict[Pair, str] = {}
    for topic in topics:
        for channel in topic.channels:
            if _is_asked(requirements, said, topic, channel):
                found.setdefault((topic.category, channel), topic.about)
        for kind in topic.kinds:
            for channel in kind.channels:
                if kind.purpose and channel in topic.channels:
                    found.setdefault((kind.purpose, channel), "")
    for word in said:
        found.setdefault((word.purpose, word.channel), "")
    return tuple(
        Agreement(purpose, channel, _word(said, purpose, channel), about)
        for (purpose, channel), about in found.items()
        if purpose not in REQUIRED_CATEGORIES
    )


def _is_asked(requirements: Requirements, said: Sequence[Said], topic: Topic, channel: str) -> bool:
    """Whether the topic needs a word of the person on this channel: always, or since they took theirs back."""
    newest = newest_word(said, purpose=topic.category, channel=channel) if topic.category else None
    if newest is not None and not newest.given:
        return True
    demand = demand_of(requirements, category=topic.category, purpose="")
    return demand is not None and demand.silence_is_no_on(channel)


def _word(said: Sequence[Said], purpose: str, channel: str) -> Said | None:
    if channel == EVERY_CHANNEL:
        return next((word for word in said if (word.purpose, word.channel) == (purpose, channel)), None)
    return newest_word(said, purpose=purpose, channel=channel)


def _quiet(wishes: Wishes, *, at: datetime) -> tuple[tuple[Window, ...], bool]:
    """The windows that count, and whether the tenant forces them."""
    for level in wishes.in_force(at):
        if level.quiet is not None:
            return level.quiet, level.name == FORCED
    return (), False


def window_in_words(window: Window) -> dict[str, Any]:
    """A window as documents hold it."""
    days = [DAYS[day] for day in sorted(window.days)]
    return {"days": days, "from": f"{window.begins:%H:%M}", "to": f"{window.ends:%H:%M}"}


def purpose_name(purpose: str, topics: Sequence[Topic]) -> str:
    """How a purpose is called on the page."""
    return next((topic.name for topic in topics if topic.category == purpose), spoken(purpose))
