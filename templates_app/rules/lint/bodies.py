"""The body of a mail as it arrives: too big, or nothing to read without its pictures."""

import re
from collections.abc import Iterator

from templates_app.rules.making import Made
from templates_app.values import Finding

CLIPPED_BYTES = 102 * 1024  # Gmail shows no more and says "message clipped": support of several senders, 2026-11
_WORD = re.compile(r"\w")


def heavy_mails(made: Made) -> Iterator[Finding]:
    """Measured as it is filled in: layout, styles and all."""
    for piece in made.pieces:
        size = len(str(getattr(piece.ready, "html", "")).encode())
        if size > CLIPPED_BYTES:
            message = f"{size / 1024:,.0f} KB; Gmail cuts off what is beyond {CLIPPED_BYTES // 1024} KB"
            pointer = f"{piece.pointer}/{'mjml' if getattr(piece.written, 'mjml', '') else 'html'}"
            yield Finding("mail_too_big", message, "warning", pointer, piece.channel, piece.locale)


def mails_without_text(made: Made) -> Iterator[Finding]:
    """A text is made of the page where none was written; there must be words to make it of."""
    for piece in made.pieces:
        if getattr(piece.ready, "html", "") and not _WORD.search(str(getattr(piece.ready, "text", ""))):
            message = "nothing to read where pictures are not shown; a text would do, or words beside the pictures"
            yield Finding(
                "plain_text_missing", message, "warning", f"{piece.pointer}/text", piece.channel, piece.locale
            )
