"""Begin a provider: its file, its protocol in the sandbox, and its world for the contract tests."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from channels_app.registry import channels
from channels_app.skeletons import ROOT, CannotBegin, begin

ADDRESSES = {"email": "ben@example.org", "phone": "+14155550100"}


class Command(BaseCommand):
    """`manage.py startprovider pigeon --channel sms`"""

    requires_system_checks: tuple[str, ...] = ()
    help = "Write the files of a new provider that passes the contract tests and sends to the sandbox as it is."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("key", help="its name in code, accounts and metrics")
        parser.add_argument("--channel", required=True, choices=channels.keys(), help="the channel it carries")
        parser.add_argument("--title", default="", help="its name for people")

    def handle(self, *, key: str, channel: str, title: str, **_: Any) -> None:
        files = {
            "provider": f"channels_app/providers/{key}.py",
            "protocol": f"channels_app/sandbox/protocols/{key}.py",
            "world": f"tests/channels_app/worlds/{key}.py",
        }
        address = ADDRESSES.get(channels.get(channel).address_kind, "an-address")
        content = channels.get(channel).content
        words = {
            "__CHANNEL__": channel,
            "__ADDRESS__": address,
            "__CONTENT_MODULE__": content.__module__,
            "__CONTENT__": content.__name__,
        }
        try:
            written = begin(key, title=title or key.replace("_", " ").title(), files=files, words=words)
        except CannotBegin as cannot:
            raise CommandError(str(cannot)) from None
        for path in written:
            self.stdout.write(f"wrote {path.relative_to(ROOT)}")
        self.stdout.write(
            "\nNow it sends to the sandbox, and passes:\n"
            f"  ./carillon test tests/channels_app/test_contract.py -k {key}\n"
            "docs/adding-a-channel.md tells how to judge what to change."
        )
