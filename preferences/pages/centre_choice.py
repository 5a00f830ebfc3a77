"""What a preference document has to say for one choice on the page: merge patches (RFC 7396). Pure."""

from collections.abc import Mapping
from typing import Any

from preferences.catalogue import channel_names
from preferences.topics import Topic

EVERYTHING = "channels"  # what a topic is about that stands for all messages


def choice(topic: Topic, channel: str, *, yes: bool, document: Mapping[str, Any]) -> dict[str, Any]:
    """The change of a document that switches one channel of a topic, and of each kind that was told otherwise."""
    if topic.about == EVERYTHING:
        return {"channels": {channel: yes}}
    if not topic.category:
        return {"types": {topic.key: _on_channel(document.get("types", {}).get(topic.key), channel, yes=yes)}}
    said = document.get("types", {})
    own = _on_channel(document.get("categories", {}).get(topic.key), channel, yes=yes)
    types = {
        kind.key: _on_channel(said[kind.key], channel, yes=yes)
        for kind in topic.kinds
        if _says(said.get(kind.key), channel) is (not yes)
    }
    return {"categories": {topic.key: own}, **({"types": types} if types else {})}


def _on_channel(before: Any, channel: str, *, yes: bool) -> dict[str, bool]:
    """The change of a choice; one for all channels goes on counting for the others."""
    spread = dict.fromkeys(channel_names(), before) if isinstance(before, bool) else {}
    return {**spread, channel: yes}


def _says(choice: Any, channel: str) -> bool | None:
    """What a choice says about a channel."""
    found = choice.get(channel) if isinstance(choice, Mapping) else choice
    return found if isinstance(found, bool) else None


def frequency_choice(topic: Topic, every: str, *, at: str, on: str) -> dict[str, Any]:
    """The change of a document that says how often; `every` is now, hour, day or week."""
    fields = {"every": every, "at": at if every in ("day", "week") else None, "on": on if every == "week" else None}
    said = (
        {"mode": "immediate", "every": None, "at": None, "on": None} if every == "now" else {"mode": "digest", **fields}
    )
    return {"frequency": {topic.about: said}}
