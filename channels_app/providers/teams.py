"""Teams channels, through the webhook of a Workflow: learn.microsoft.com "Create incoming webhooks with Workflows"
and "Send Adaptive Cards using an Incoming Webhook", 2026-11.
"""

import re
from dataclasses import replace
from typing import Any

import msgspec

from channels_app.channels.chat import ChatContent
from channels_app.registry import providers
from channels_app.rooms import Room, reply_of
from channels_app.rules.api_replies import Reply, Words
from kernel import structs
from kernel.safe_http import Answer

SCHEMA = "http://adaptivecards.io/schemas/adaptive-card.json"

# The older connectors answer 200 also when Teams itself said no, with this in the body.
_FAILED = re.compile(r"Webhook message delivery failed.*?HTTP error (\d{3})", re.DOTALL)


class _Error(msgspec.Struct):
    code: str = ""


class _Body(msgspec.Struct):
    error: _Error


@providers.register
class Teams(Room):
    """Takes Adaptive Cards; a Workflow answers 202 and posts a moment later."""

    key = "teams"
    title = "Microsoft Teams"
    kinds = ("teams",)
    gone = frozenset({"WorkflowNotFound", "WorkflowVersionNotFound", "http_404", "http_410"})
    unreadable = frozenset({"InvalidRequestContent", "TriggerInputSchemaMismatch"})
    words = Words(bad_address=gone, not_ours=frozenset({"WorkflowTriggerIsNotEnabled"}))

    def body(self, content: ChatContent) -> Any:
        """One card: the blocks, or the text as its only one. Old clients show the text."""
        blocks = content.blocks or ({"type": "TextBlock", "text": content.text, "wrap": True},)
        card = {"$schema": SCHEMA, "type": "AdaptiveCard", "version": "1.4", "fallbackText": content.text}
        attachment = {
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": None,
            "content": {**card, "body": blocks},
        }
        return {"type": "message", "attachments": [attachment]}

    def reply(self, answer: Answer) -> Reply:
        """Workflows say `{"error": {"code", "message"}}`, connectors a sentence."""
        text = answer.body.decode("utf-8", "replace")
        if answer.status == 200 and (failed := _FAILED.search(text)):
            return replace(reply_of(answer), status=int(failed[1]))
        try:
            error = structs.decode(answer.body, _Body).error
        except msgspec.MsgspecError:
            code = f"http_{answer.status}" if answer.status in (404, 410) else ""
            return reply_of(answer, code=code)
        return reply_of(answer, code=error.code)
