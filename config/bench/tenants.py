"""`python -m config.bench.tenants KEY...`: makes tenants, each with an API key for everything; prints the keys."""

import json
import os
import sys

import django

from config.processes import MANAGE, enter


def main(names: list[str]) -> None:
    """Make them; `{tenant: API key}` goes to the standard output."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    enter(MANAGE)
    django.setup()

    from kernel.clock import now  # noqa: PLC0415 - after Django is set up
    from tenants.scope import platform_scope  # noqa: PLC0415
    from tenants.services import create_tenant, issue_key  # noqa: PLC0415

    at, keys = now(), {}
    with platform_scope():
        for name in names:
            tenant = create_tenant(name, name=name.capitalize(), actor="bench", at=at)
            issued = issue_key(tenant.id, mode="live", scopes=("admin",), name="bench", actor="bench", at=at)
            keys[name] = issued.text
    sys.stdout.write(json.dumps(keys))


if __name__ == "__main__":
    main(sys.argv[1:])
