"""What a protocol of the sandbox is. One over HTTP gives routes; one with a port of its own starts a server."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Mapping
from typing import ClassVar

from aiohttp.web import AbstractRouteDef

from channels_app.sandbox.values import Accepted, OutgoingReport, Receipt
from channels_app.sandbox.world import World


class Protocol:
    """A way providers are spoken to. Nothing is asked of a subclass but its key; what it leaves out, it does not do."""

    key: ClassVar[str]  # "smtp"; also what behaviours and messages call the provider
    channel: ClassVar[str] = ""  # "email"; the page offers an outage of every provider that names its channel

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the command line options this protocol needs."""

    def routes(self, world: World) -> Iterable[AbstractRouteDef]:
        """The routes this protocol serves on the sandbox's HTTP port."""
        return ()

    def report(self, message: Accepted, receipt: Receipt) -> OutgoingReport | None:
        """The call that tells `message.hook` of a receipt, signed as this provider signs; `None`: it tells no such."""
        return None

    def reply(self, message: Accepted, text: str) -> OutgoingReport | None:
        """The call that tells a hook what the recipient wrote back; `None`: nobody writes back here."""
        return None

    async def start(self, world: World, *, options: Namespace) -> Mapping[str, str]:
        """Open what is not HTTP, and name its addresses: {"smtp": "127.0.0.1:1025"}. Raises OSError."""
        return {}

    async def stop(self) -> None:
        """Close what `start` opened, and every connection with it."""
