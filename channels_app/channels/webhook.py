"""Webhook: JSON to an address of the recipient's own."""

import msgspec

from channels_app.contract import Channel, ContentFault
from channels_app.parts import Json, Part
from channels_app.registry import channels
from channels_app.rules.content import at_most

BODY_BYTES = 256 * 1024


class WebhookContent(Part, frozen=True):
    """What a webhook receives: any JSON. The texts in it are templates."""

    body: Json


class Webhook(Channel):
    """A call to every webhook of a recipient. Servers come back, so it is tried for hours."""

    key = "webhook"
    title = "Webhook"
    address_kind = "url"
    content = WebhookContent
    fan_out = True
    patient = True
    interrupts = False
    timeout_setting = "sms_timeout_seconds"

    def validate(self, content: WebhookContent) -> tuple[ContentFault, ...]:
        """Judge what was written: templates rarely make it smaller, so its size is judged already."""
        return self.validate_rendered(content)

    def validate_rendered(self, content: WebhookContent) -> tuple[ContentFault, ...]:
        """Judge the size of the final body."""
        size = len(msgspec.json.encode(content.body))
        return tuple(at_most("/body", found=size, allowed=BODY_BYTES, unit="bytes"))


channels.register(Webhook())
