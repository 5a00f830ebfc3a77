"""Web push: a message to the browsers somebody allowed it in (RFC 8030)."""

from channels_app.contract import Channel, ContentFault
from channels_app.registry import channels
from channels_app.rules.push_content import PushContent, final, fitting, written


class WebPush(Channel):
    """A message to every subscribed browser of a person."""

    key = "web_push"
    title = "Web push"
    address_kind = "subscription"
    content = PushContent
    fan_out = True
    timeout_setting = "push_timeout_seconds"

    def validate(self, content: PushContent) -> tuple[ContentFault, ...]:
        """Judge what was written."""
        return tuple(written(content))

    def fit(self, content: PushContent) -> PushContent:
        """The body cut so that the whole fits what push services carry."""
        return fitting(content)

    def validate_rendered(self, content: PushContent) -> tuple[ContentFault, ...]:
        """Judge the final texts and their size altogether."""
        return tuple(final(content))


channels.register(WebPush())
