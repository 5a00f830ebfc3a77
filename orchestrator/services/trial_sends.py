"""Send a template to oneself: through the same door, plan, accounts and providers as everything else."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import msgspec

from audience.selectors import recipient_ids
from channels_app.registry import channels
from kernel import structs
from notifications.services.accept import Door, accept
from notifications.values import Accepted, NotificationRequest, RecipientRef, Refused, Trouble
from templates_app.selectors import find_template, versions_of
from templates_app.values import TemplateSource

TAG = "test-send"
ADDRESSED = {"email": "email", "phone": "phone"}  # kinds of addresses that can be given as they are


@dataclass(frozen=True, slots=True)
class TrialSend:
    """What to send to whom: `to` is an address, or the id of a recipient. `version`: a number, `draft` or `live`."""

    key: str
    to: str
    channel: str
    locale: str = ""
    version: int | str | None = None
    data: dict[str, Any] | None = None


class NoSuchTemplate(Exception):
    """There is no such template, or no such version of it."""


def send_trial(asked: TrialSend, *, door: Door, at: datetime) -> Accepted | Refused:
    """Accept a notification with the template's words and its example data, on one channel. In the caller's scope.

    Raises `NoSuchTemplate`.
    """
    name, source = _named(asked, door)
    if asked.channel not in channels:
        what = f"no channel '{asked.channel}'; known: {', '.join(channels.keys())}"
        return Refused(422, "invalid", "1 error", (Trouble("/channel", "unknown_channel", what),))
    request = NotificationRequest(
        type=None,
        template=name,
        recipients=[_recipient(asked, door)],
        channels=[asked.channel],
        data=source.example_data if asked.data is None else asked.data,
        strategy="immediate",
        priority="high",
        tags=[TAG],
        metadata={"template": name},
    )
    (answer,) = accept(door=door, requests=[request], at=at)
    return answer


def _named(asked: TrialSend, door: Door) -> tuple[str, TemplateSource]:
    found = find_template(door.tenant_id, asked.key)
    if found is None:
        raise NoSuchTemplate(f"no template '{asked.key}'")
    template, draft, live = found
    match asked.version:
        case int():
            row = versions_of(template).filter(number=asked.version).first()
        case None:
            row = draft or live
        case _:
            row = {"draft": draft, "live": live}.get(asked.version)
    if row is None:
        raise NoSuchTemplate(f"template '{asked.key}' has no version '{asked.version}'")
    # While a canary runs, the bare key would be some people's new words.
    bare = row == live and template.canary_id is None
    version = "draft" if not row.number else "" if bare else str(row.number)
    source = structs.convert(row.source, TemplateSource)
    return f"{asked.key}@{version}" if version else asked.key, source


def _recipient(asked: TrialSend, door: Door) -> str | RecipientRef:
    """Somebody known, in their own language; or a person of its own for this address, who gets nothing else."""
    if asked.to in recipient_ids(door.tenant_id, (asked.to,)):
        return asked.to
    field = ADDRESSED.get(channels.get(asked.channel).address_kind)
    facts: dict[str, Any] = {field: asked.to} if field else {}
    id = f"{TAG}:{sha256(asked.to.encode()).hexdigest()[:16]}" if field else asked.to
    return RecipientRef(id=id, locale=asked.locale or msgspec.UNSET, **facts)
