"""Begin a channel: its facts and the shape of its content."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from channels_app.skeletons import ROOT, CannotBegin, begin

KINDS = ("email", "phone", "token", "subscription", "url")


class Command(BaseCommand):
    """`manage.py startchannel letter --address-kind url`"""

    requires_system_checks: tuple[str, ...] = ()
    help = "Write the file of a new channel. Most of the time a provider is what you want: see startprovider."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("key", help="its name in code, requests and preferences")
        parser.add_argument("--address-kind", choices=KINDS, default="url", help="what its addresses are")
        parser.add_argument("--title", default="", help="its name for people")

    def handle(self, *, key: str, address_kind: str, title: str, **_: Any) -> None:
        files = {"channel": f"channels_app/channels/{key}.py"}
        try:
            written = begin(
                key, title=title or key.replace("_", " ").title(), files=files, words={"__KIND__": address_kind}
            )
        except CannotBegin as cannot:
            raise CommandError(str(cannot)) from None
        self.stdout.write(f"wrote {written[0].relative_to(ROOT)}")
        self.stdout.write(
            "\nStill to do: a content that passes in CONTENTS of tests/channels_app/messages.py, the reader of its\n"
            "addresses in audience/rules/endpoints.py, a provider:\n"
            f"  ./carillon manage startprovider my_{key} --channel {key}"
        )
