"""Push: a message to the apps on somebody's devices."""

from channels_app.contract import Channel, ContentFault
from channels_app.registry import channels
from channels_app.rules.push_content import PushContent, final, fitting, written
from kernel.env_kinds import Rate


class Push(Channel):
    """A message to every device of a person."""

    key = "push"
    title = "Push"
    address_kind = "token"
    content = PushContent
    fan_out = True
    limit = Rate(50_000, 3600)
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


channels.register(Push())
