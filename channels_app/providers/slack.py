"""Slack rooms, through incoming webhooks: docs.slack.dev "Sending messages using incoming webhooks", 2026-11."""

import re
from typing import Any

from channels_app.channels.chat import ChatContent
from channels_app.registry import providers
from channels_app.rooms import Room, reply_of
from channels_app.rules.api_replies import Reply, Words
from kernel.safe_http import Answer

_CODE = re.compile(r"[a-z_]{3,60}")


@providers.register
class Slack(Room):
    """Answers "ok", or one word that says what is wrong."""

    key = "slack"
    title = "Slack"
    kinds = ("slack",)
    gone = frozenset(
        {
            "channel_is_archived",
            "channel_not_found",
            "invalid_token",
            "no_active_hooks",
            "no_service",
            "no_service_id",
            "no_team",
            "team_disabled",
        }
    )
    unreadable = frozenset({"invalid_blocks", "invalid_payload", "no_text", "too_many_attachments"})
    words = Words(
        bad_address=gone,
        busy=frozenset({"rollup_error"}),  # the message was not posted, and a later one may be
        not_ours=frozenset({"action_prohibited", "posting_to_general_channel_denied"}),
    )

    def body(self, content: ChatContent) -> Any:
        """Text is only text: `<!channel>` in a name calls nobody. Where there are blocks it is their summary."""
        text = content.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return {"text": text, **({"blocks": content.blocks} if content.blocks else {})}

    def reply(self, answer: Answer) -> Reply:
        """The whole body is the code."""
        word = answer.body.decode("utf-8", "replace").strip()
        return reply_of(answer, code=word if _CODE.fullmatch(word) else "")
