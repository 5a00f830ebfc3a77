"""`python -m config.bench.post_office.hand`: makes the tables when told a size of 0, else queues letters, then sends.

What may not be installed is imported by name, after Django is set up.
"""

import os
from importlib import import_module

import django
from django.core.management import call_command

from config.bench import letter
from config.bench.processes import answer, told

AT_ONCE = 500
LOG_ALL = 2  # its LOG_LEVEL: a row for each mail that was sent or failed, the default
SENDER = "shop@example.org"


def main() -> None:
    """Do what was told, each at the word."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.bench.post_office.settings")
    django.setup()
    task = told()
    if not task["size"]:
        _prepare()
        answer("done")
        return
    answer("ready")
    told()
    _queue(task["size"])
    answer("queued")
    told()
    import_module("post_office.mail").send_queued_mail_until_done(task["lockfile"], task["processes"], LOG_ALL)
    answer("sent")


def _prepare() -> None:
    call_command("migrate", verbosity=0, interactive=False)
    words = {"subject": letter.SUBJECT, "content": letter.TEXT, "html_content": letter.HTML}
    import_module("post_office.models").EmailTemplate.objects.get_or_create(name="order", defaults=words)


def _queue(size: int) -> None:
    mail = import_module("post_office.mail")
    for start in range(0, size, AT_ONCE):
        mail.send_many(
            [
                {
                    "recipients": letter.address(number),
                    "sender": SENDER,
                    "template": "order",
                    "context": letter.context(number),
                }
                for number in range(start, min(start + AT_ONCE, size))
            ]
        )


if __name__ == "__main__":
    main()
