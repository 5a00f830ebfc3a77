"""What a notification type asks of the decisions about its messages, as `/types` takes it: pure.

Everything left out asks for nothing. Durations are whole seconds or minutes as the name says; times of day are "08:00"
on the recipient's own clock. Defaults are left out when a policy is written again.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from kernel import structs

TimeOfDay = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", examples=["08:00"])]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Name = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]*$")]
# Where in the notification's data a value lies: names with dots between them.
DataPath = Annotated[
    str, Meta(max_length=200, pattern=r"^[A-Za-z_][\w-]*(\.[A-Za-z0-9_][\w-]*)*$", examples=["order.id"])
]


class DedupPolicy(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, frozen=True):
    """When a message counts as said before to the same person, beside a key that the request itself names.

    `content`: the same words; `near`: nearly the same ones, at most `distance` of 64 SimHash bits apart; `type`:
    anything of this type; `correlation`: anything with the same correlation id, whatever its type, words and channels.
    `sliding`: each repetition keeps the window open for as long again. `across_types`: said under whatever type.
    """

    by: tuple[Literal["content", "near", "type", "correlation"], ...] = ()
    window_minutes: Annotated[int, Meta(ge=1, le=525_600)] | None = None  # None = ORCHESTRATOR_DEDUP_WINDOW_MINUTES
    sliding: bool = False
    distance: Annotated[int, Meta(ge=1, le=12)] = 3
    across_types: bool = False


class DigestWindow(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, frozen=True):
    """When a digest closes: `fixed` so long after its first item; `sliding` so long after its last one, at most
    `max_seconds` after its first; `calendar` at the next such moment of the recipient's clock."""

    mode: Literal["fixed", "sliding", "calendar"] = "fixed"
    seconds: Annotated[int, Meta(ge=1, le=31 * 86_400)] = 3600
    max_seconds: Annotated[int, Meta(ge=1, le=31 * 86_400)] | None = None
    every: Literal["hour", "day", "week"] = "day"
    at: TimeOfDay = "08:00"
    on: Day = "mon"


class KeyPart(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, frozen=True):
    """One value of the key of a digest, in a form of it: a moment as the `day`, the `week` or the `month` that it is in
    on the recipient's clock. `default` stands for what is not there, or is no moment where one is asked for."""

    path: DataPath
    form: Literal["text", "lower", "day", "week", "month"] = msgspec.field(name="as", default="text")
    default: Annotated[str, Meta(max_length=100)] = ""


DigestKey = DataPath | Annotated[tuple[DataPath | KeyPart, ...], Meta(min_length=1, max_length=5)]


class DigestPolicy(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, frozen=True):
    """Messages that are gathered and told as one. A type may have several of different `name`.

    `key`: gathered apart by this value, or by several of them; `leading`: the first one goes out at once and the window
    begins with it. Fewer than `min_items` are sent one by one, `max_items` close it early. `template` words it with
    `items`, `count` and `key`; left out, the type's own is used.
    """

    name: Name = "digest"
    key: DigestKey | None = None
    window: DigestWindow = DigestWindow()
    channels: tuple[str, ...] = ()  # the ones that gather; empty = all
    leading: bool = False
    min_items: Annotated[int, Meta(ge=1, le=1000)] = 1
    max_items: Annotated[int, Meta(ge=1, le=10_000)] = 1000
    template: Annotated[str, Meta(max_length=100)] = ""


class CapsPolicy(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, frozen=True):
    """How many messages one person gets at most, counted over this type, its category or everything. What is over the
    cap waits, joins the digest or is skipped."""

    hour: Annotated[int, Meta(ge=0, le=10_000)] | None = None
    day: Annotated[int, Meta(ge=0, le=10_000)] | None = None
    week: Annotated[int, Meta(ge=0, le=10_000)] | None = None
    counted: Literal["type", "category", "all"] = "type"
    over: Literal["wait", "digest", "skip"] = "wait"


class SendingWindow(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, frozen=True):
    """When messages may go out, on the recipient's clock; outside of all windows they wait for the next one."""

    days: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    begins: TimeOfDay = msgspec.field(name="from", default="09:00")
    ends: TimeOfDay = msgspec.field(name="to", default="20:00")


class TrackingPolicy(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, frozen=True):
    """What is noted of what people do with a message; nothing unless it is asked for (docs/tracking.md).

    `clicks`: links in e-mails lead through us, also in text messages if `shorten` makes those short. `opens`: a pixel.
    """

    opens: bool = False
    clicks: bool = False
    shorten: bool = False


class TypePolicy(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, frozen=True):
    """All that decisions need to know of a type beyond its defaults."""

    dedup: DedupPolicy = DedupPolicy()
    digests: Annotated[tuple[DigestPolicy, ...], Meta(max_length=10)] = ()
    caps: Annotated[tuple[CapsPolicy, ...], Meta(max_length=10)] = ()
    quiet: Literal["wait", "skip", "send"] = (
        "wait"  # what expires before the quiet is over: `send` goes out at its edge
    )
    windows: Annotated[tuple[SendingWindow, ...], Meta(max_length=20)] = ()
    holidays: bool = True  # False: not on public holidays where the recipient is
    purpose: Annotated[str, Meta(max_length=100)] = ""  # whose consent is needed; empty = by category
    value: Annotated[float, Meta(ge=0, le=1_000_000)] = 1.0  # ranks messages that compete under a cap
    tracking: TrackingPolicy = TrackingPolicy()
    success: Literal["", "sent", "delivered", "seen", "clicked", "read"] = ""  # "" = as its strategy says


NO_POLICY = TypePolicy()


def policy_in(stored: Mapping[str, Any]) -> TypePolicy:
    """The policy that a stored document holds; what an older or newer version wrote and we do not know is left out."""
    return structs.convert(_known(stored), TypePolicy) if stored else NO_POLICY


def policy_troubles(policy: TypePolicy, *, known_channels: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    """(pointer, code, message) of everything that is wrong with a policy beyond its shape."""
    names: set[str] = set()
    for index, digest in enumerate(policy.digests):
        here = f"/digests/{index}"
        if digest.name in names:
            yield f"{here}/name", "duplicate", f"two digests are called '{digest.name}'; give each a name of its own"
        names.add(digest.name)
        for pointer, code, message in _digest_troubles(digest, known_channels=known_channels):
            yield f"{here}{pointer}", code, message
    for index, caps in enumerate(policy.caps):
        if (caps.hour, caps.day, caps.week) == (None, None, None):
            yield f"/caps/{index}", "required", "says how many, but of no hour, day or week; give one of them"
        if caps.over == "digest" and not policy.digests:
            yield f"/caps/{index}/over", "contradiction", "there is no digest to join; give the type one"
    for index, sending in enumerate(policy.windows):
        if sending.begins == sending.ends:
            yield f"/windows/{index}", "empty_window", "begins and ends at the same time; leave the window out"


def _digest_troubles(digest: DigestPolicy, *, known_channels: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    for number, channel in enumerate(digest.channels):
        if channel not in known_channels:
            what = f"no channel '{channel}'; known: {', '.join(known_channels)}"
            yield f"/channels/{number}", "unknown_channel", what
    yield from _key_troubles(digest.key)
    window = digest.window
    if window.max_seconds is not None and window.max_seconds < window.seconds:
        what = f"max_seconds {window.max_seconds} is less than seconds {window.seconds}; give as many or more"
        yield "/window/max_seconds", "contradiction", what
    if digest.min_items > digest.max_items:
        yield "/min_items", "contradiction", f"min_items {digest.min_items} is more than max_items {digest.max_items}"


def _key_troubles(key: DigestKey | None) -> Iterator[tuple[str, str, str]]:
    parts = key if isinstance(key, tuple) else ()
    asked = [(part, "text") if isinstance(part, str) else (part.path, part.form) for part in parts]
    for number, (path, form) in enumerate(asked):
        if (path, form) in asked[:number]:
            yield f"/key/{number}", "duplicate", f"'{path}' is in the key as {form} already; leave it out"
    for number, part in enumerate(parts):
        if not isinstance(part, str) and not part.default.isprintable():
            what = "the default has characters that cannot be shown; give letters, digits, signs and spaces"
            yield f"/key/{number}/default", "bad_value", what


def _known(stored: Mapping[str, Any]) -> dict[str, Any]:
    fields = {field.encode_name for field in msgspec.structs.fields(TypePolicy)}
    return {name: value for name, value in stored.items() if name in fields}
