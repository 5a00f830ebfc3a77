"""`manage.py templates pull|push|diff FOLDER`: move words between places and git, as readable files."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from kernel.clock import now
from templates_app.folders import Unpushable, compare, pull, push
from templates_app.starter.folder import BadFolder
from tenants.scope import platform_scope
from tenants.selectors import tenant_by_key

ACTOR = "command:templates"


class Command(BaseCommand):
    help = "Write templates and what is around them into a folder (pull), take them in (push), or compare (diff)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("verb", choices=("pull", "push", "diff"))
        parser.add_argument("folder", type=Path)
        parser.add_argument("--tenant", help="key of the tenant; without it the platform's defaults")
        parser.add_argument("--publish", metavar="NOTE", help="push: put what differs into use, with this note")

    def handle(
        self, *args: Any, verb: str, folder: Path, tenant: str | None, publish: str | None, **options: Any
    ) -> None:
        try:
            with platform_scope():
                tenant_id = _tenant_id(tenant)
                match verb:
                    case "pull":
                        names = pull(tenant_id, folder)
                        self.stdout.write(f"{len(names)} written to {folder}")
                    case "push":
                        for name in push(tenant_id, folder, actor=ACTOR, at=now(), publish_note=publish):
                            self.stdout.write(f"{name}: {'published' if _is_published(name, publish) else 'saved'}")
                    case _:
                        self._tell(tenant_id, folder)
        except (BadFolder, Unpushable) as trouble:
            raise CommandError(str(trouble)) from trouble

    def _tell(self, tenant_id: UUID | None, folder: Path) -> None:
        """Every difference; the exit status is 1 when there is one, as of `diff`."""
        found = compare(tenant_id, folder)
        for one in found:
            for entry in one.entries:
                self.stdout.write(f"{one.name}{entry.pointer}: {entry.change}")
                for line in entry.lines:
                    self.stdout.write(f"  {line.sign}{line.text}")
        if found:
            raise SystemExit(1)


def _is_published(name: str, note: str | None) -> bool:
    return note is not None and name.startswith(("templates/", "partials/"))


def _tenant_id(key: str | None) -> UUID | None:
    if key is None:
        return None
    tenant = tenant_by_key(key)
    if tenant is None:
        raise CommandError(f"no tenant '{key}'")
    return tenant.id
