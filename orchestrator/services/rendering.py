"""Put words together: the contents of a batch as their templates say them to each person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from audience.values import Person
from channels_app.registry import channels
from templates_app.rules.context import build_context
from templates_app.rules.liquid import render_batch
from templates_app.values import Job, RenderError


@dataclass(frozen=True, slots=True)
class Wording:
    """What one message is made of. `own_data` is what the request said for this person only; `at` is its moment."""

    channel: str
    content: Mapping[str, Any]  # the notification's, for all channels
    data: Mapping[str, Any]
    own_data: Mapping[str, Any] | None
    person: Person
    notification_id: UUID
    type: str
    at: datetime


def render(wordings: Sequence[Wording]) -> list[msgspec.Struct | RenderError]:
    """The finished content of each, in the channel's own shape, or why there is none."""
    found: list[msgspec.Struct | RenderError] = []
    written: dict[tuple[UUID, str], msgspec.Struct] = {}
    for wording, content in zip(wordings, render_batch(_job(w, written=written) for w in wordings), strict=True):
        if isinstance(content, RenderError):
            found.append(content)
            continue
        faults = channels.get(wording.channel).validate_rendered(content)
        found.append(RenderError(faults[0].code, faults[0].message, pointer=faults[0].pointer) if faults else content)
    return found


def _job(wording: Wording, *, written: dict[tuple[UUID, str], msgspec.Struct]) -> Job:
    """`written` keeps what was converted for the notification's other recipients."""
    # People who share the data share the object: what reads only that is filled in once for all of them.
    data = {**wording.data, **wording.own_data} if wording.own_data else wording.data
    about = {
        "id": wording.person.external_id,
        "locale": wording.person.locale,
        "timezone": wording.person.timezone,
        "attributes": wording.person.attributes,
    }
    notification = {"id": str(wording.notification_id), "type": wording.type}
    place = wording.notification_id, wording.channel
    if place not in written:
        shape = channels.get(wording.channel).content
        written[place] = msgspec.convert(wording.content[wording.channel], type=shape)
    return Job(
        wording.channel,
        written[place],
        build_context(data=data, recipient=about, notification=notification, now=wording.at),
    )
