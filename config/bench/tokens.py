"""`python -m config.bench.tokens`: told `{"inboxes": [(tenant, recipient)]}`, answers a recipient token for each."""

import os
from uuid import UUID

import django

from config.bench.processes import answer, told
from config.processes import WEB, enter

LASTS_SECONDS = 24 * 3600


def main() -> None:
    """Issue them as the API does, without a request each."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    enter(WEB)
    django.setup()

    from audience.tokens import issue  # noqa: PLC0415 - after Django is set up
    from kernel.clock import now  # noqa: PLC0415

    at = now()
    inboxes = [(UUID(tenant), UUID(recipient)) for tenant, recipient in told()["inboxes"]]
    answer([issue(tenant, recipient, seconds=LASTS_SECONDS, at=at).text for tenant, recipient in inboxes])


if __name__ == "__main__":
    main()
