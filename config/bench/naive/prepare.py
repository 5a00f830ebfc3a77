"""`python -m config.bench.naive.prepare SIZE`: makes the tables of the naive build, its template and its people."""

import os
import sys

import django
from django.core.management import call_command


def main(size: int) -> None:
    """Make what is missing."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.bench.naive.settings")
    django.setup()

    from config.bench.letter import HTML, SUBJECT, TEXT  # noqa: PLC0415 - after Django is set up
    from config.bench.naive.models import Preference, Template  # noqa: PLC0415

    call_command("migrate", run_syncdb=True, verbosity=0, interactive=False)
    Template.objects.get_or_create(name="order", defaults={"subject": SUBJECT, "html": HTML, "text": TEXT})
    people = (Preference(user_id=f"person-{number}", channel="email") for number in range(size))
    Preference.objects.bulk_create(people, batch_size=1000, ignore_conflicts=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
