"""Prints every name of the environment that Carillon reads, as a Markdown table for the documentation."""

from typing import Any

from django.core.management.base import BaseCommand

from config.environment import TABLE
from config.processes import WEB
from kernel.env import Entry, Family


class Command(BaseCommand):
    help = __doc__ or ""
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write("| Name | Kind | Default | Meaning |\n|---|---|---|---|")
        for entry in TABLE:
            self.stdout.write(row(entry))
        self.stdout.write("\nEvery name also works as `NAME_FILE`, the path of a file that holds the value.")


def row(entry: Entry) -> str:
    """One line of the table."""
    if isinstance(entry, Family):
        names, default = f"`{entry.prefix}{entry.placeholder}`", ""
    else:
        names = " or ".join(f"`{name}`" for name in entry.names)
        default = f"`{entry.default}`" if entry.default else ""
        if entry.name in WEB.needs:
            default = "required"
    secret = " Secret." if entry.secret else ""
    cells = (names, entry.kind.words.rstrip(","), default, entry.meaning + secret)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
