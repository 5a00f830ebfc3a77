"""What a tenant sends, as people choose among it: kinds of messages by category. Floors above lend them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

MOST_TOPICS = 100  # a page that nobody reads to its end helps nobody


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of message. `reachable` are the channels of it that need no address."""

    key: str
    name: str  # "" = its key has to do
    category: str
    purpose: str  # whose consent it needs; "" = by category
    channels: tuple[str, ...]
    reachable: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Topic:
    """What is switched on and off as one: a category, or a kind of message that has none."""

    about: str  # "category:…" or "type:…", as documents name it
    name: str
    kinds: tuple[Kind, ...]
    channels: tuple[str, ...]

    @property
    def key(self) -> str:
        return self.about.partition(":")[2]

    @property
    def category(self) -> str:
        return self.key if self.about.startswith("category:") else ""

    @property
    def type(self) -> str:
        return "" if self.category else self.key


Kinds = Callable[[UUID], Sequence[Kind]]
_sources: list[Kinds] = []


def register_kinds(kinds: Kinds) -> None:
    """Let `kinds(tenant_id)` tell what a tenant sends, in its scope; called once at start."""
    if kinds not in _sources:
        _sources.append(kinds)


def topics_of(tenant_id: UUID, *, channels: Iterable[str]) -> tuple[Topic, ...]:
    """What a tenant sends to somebody who has addresses on `channels`, in the order of the names."""
    return gathered([kind for source in _sources for kind in source(tenant_id)], channels=channels)


def gathered(kinds: Sequence[Kind], *, channels: Iterable[str]) -> tuple[Topic, ...]:
    """Kinds by category. Channels keep the order they come in; a topic that reaches nobody is left out."""
    addresses = frozenset(channels)
    by_topic: dict[str, list[Kind]] = {}
    for kind in kinds:
        by_topic.setdefault(f"category:{kind.category}" if kind.category else f"type:{kind.key}", []).append(kind)
    topics = [_topic(about, tuple(found), addresses) for about, found in by_topic.items()]
    return tuple(sorted((topic for topic in topics if topic.channels), key=lambda topic: topic.name)[:MOST_TOPICS])


def spoken(key: str) -> str:
    """A key as people say it: `order_updates` → `Order updates`."""
    words = key.replace("_", " ").replace("-", " ").strip()
    return words[:1].upper() + words[1:]


def _topic(about: str, kinds: tuple[Kind, ...], addresses: frozenset[str]) -> Topic:
    name = spoken(kinds[0].category) if kinds[0].category else kinds[0].name or spoken(kinds[0].key)
    channels = dict.fromkeys(
        channel for kind in kinds for channel in kind.channels if channel in addresses | kind.reachable
    )
    return Topic(about, name, kinds, tuple(channels))
