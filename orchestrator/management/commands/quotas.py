"""`manage.py quotas`: what tenants are allowed and what they used; `set` and `lift` change it."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from kernel.clock import iso, now
from orchestrator.models import Quota
from orchestrator.rules.quotas import ends_at
from orchestrator.selectors_quotas import with_use
from orchestrator.services.quota_setting import BadQuota, Place, lift_quota, set_quota
from tenants.models import Tenant
from tenants.scope import platform_scope
from tenants.selectors import tenant_by_key

ACTOR = "command:quotas"


class Command(BaseCommand):
    help = "Say how many messages a tenant may begin in a day or a month, and see how many it began."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", metavar="show | set | lift")
        show = actions.add_parser("show", help="quotas with use so far (the default)")
        show.add_argument("tenant", nargs="?", default="", help="the tenant's key; without it: of everybody")
        put = actions.add_parser("set", help="set or change a quota")
        put.add_argument("allowed", type=int, metavar="N", help="messages in a period; 0 allows critical ones alone")
        put.add_argument(
            "--over", choices=Quota.Over.values, default="wait", help="what becomes of the others (default wait)"
        )
        lift = actions.add_parser("lift", help="take a quota away")
        for one in (put, lift):
            one.add_argument("--tenant", required=True, help="the tenant's key")
            one.add_argument("--per", choices=Quota.Period.values, required=True, help="of UTC")
            counted = one.add_mutually_exclusive_group()
            counted.add_argument("--channel", default="", help="count this channel alone")
            counted.add_argument("--account", default="", help="count the calls through this provider account alone")

    def handle(self, *, action: str | None, **said: Any) -> None:
        with platform_scope():
            match action:
                case "set":
                    self._set(_tenant(said["tenant"]), _place(said), allowed=said["allowed"], over=said["over"])
                case "lift":
                    self._lift(_tenant(said["tenant"]), _place(said))
                case _:
                    self._show(said.get("tenant") or "")

    def _set(self, tenant: Tenant, place: Place, *, allowed: int, over: str) -> None:
        try:
            set_quota(tenant.id, place, allowed=allowed, over=over, actor=ACTOR, at=now())
        except BadQuota as bad:
            raise CommandError(str(bad)) from bad
        self._show(tenant.key)

    def _lift(self, tenant: Tenant, place: Place) -> None:
        if not lift_quota(tenant.id, place, actor=ACTOR, at=now()):
            raise CommandError(f"{tenant.key} has no {place}; see `manage.py quotas show {tenant.key}`")
        self.stdout.write(f"{tenant.key}: {place} is lifted")

    def _show(self, key: str) -> None:
        at = now()
        rows = with_use(Quota.objects.select_related("tenant").order_by("tenant__key", "channel", "account"), at=at)
        for row in rows.filter(tenant=_tenant(key)) if key else rows:
            counted, until = row.account or row.channel or "all", iso(ends_at(row.period, at=at))
            use = f"{row.used} of {row.allowed} a {row.period} until {until}, the others {row.over}"
            self.stdout.write(f"{row.tenant.key}  {counted}  {use}")


def _tenant(key: str) -> Tenant:
    tenant = tenant_by_key(key)
    if tenant is None:
        raise CommandError(f"no tenant '{key}'; make it with create_tenant")
    return tenant


def _place(said: dict[str, Any]) -> Place:
    return Place(period=said["per"], channel=said["channel"], account=said["account"])
