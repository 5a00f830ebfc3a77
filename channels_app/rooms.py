"""A message into a chat room through its incoming webhook: what Slack, Teams and Discord have in common.

The URL is the address and its own credential, so there is nothing to configure. Anybody may name one, so it is called
through the safe client like every address of a stranger.
"""

from abc import abstractmethod
from dataclasses import replace
from typing import Any, ClassVar, cast

from channels_app.addressed import post_json
from channels_app.channels.chat import ChatContent
from channels_app.contract import Call, Capabilities, Message, Provider, Refused, SendResult, Sent
from channels_app.rules.api_replies import Reply, Words, judge, retry_after
from kernel.clock import now
from kernel.safe_http import Answer


class Room(Provider):
    """A subclass says how a content is written in its product and what the product answers."""

    channel = "chat"
    capabilities = Capabilities(idempotency="none", concurrency=16)
    needs_credentials = False
    one_server = False
    words: ClassVar[Words]
    gone: ClassVar[frozenset[str]]  # codes after which a URL never works again
    unreadable: ClassVar[frozenset[str]] = frozenset()  # codes for a layout the product does not take

    def send_one(self, message: Message, *, call: Call) -> SendResult:
        """Write it down and post it."""
        call.nothing_went_out()
        body = self.body(cast(ChatContent, message.content))
        answer = post_json(self.url(message.address), body, message=message, call=call)
        if not isinstance(answer, Answer):
            return answer
        reply = self.reply(answer)
        if 200 <= reply.status < 300:
            return Sent(self.message_id(answer) or str(message.delivery_id), delivered=True)
        return self._judged(reply)

    @abstractmethod
    def body(self, content: ChatContent) -> Any:
        """The content as JSON of the product."""

    @abstractmethod
    def reply(self, answer: Answer) -> Reply:
        """The answer with the product's own code."""

    def url(self, address: str) -> str:
        """The URL to call for an address."""
        return address

    def message_id(self, answer: Answer) -> str:
        """The product's own name of the message, "" when it gives none."""
        return ""

    def _judged(self, reply: Reply) -> SendResult:
        result = judge(reply, self.words)
        if not isinstance(result, Refused):
            return result
        if reply.code in self.gone:
            return replace(result, reason="invalid_address", address_gone=True)
        return replace(result, reason="render_error") if reply.code in self.unreadable else result


def reply_of(answer: Answer, *, code: str = "") -> Reply:
    """An answer as the tables want it. Its text is kept from everybody: whoever named the URL could read with it."""
    return Reply(answer.status, code, after=retry_after(answer.headers.get("retry-after", ""), at=now()))
