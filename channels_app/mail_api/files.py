"""The files that go along with a mail: those that were written into it, and those that have to be fetched."""

import base64

from django.conf import settings

from channels_app.channels.email import ATTACHED_BYTES, EmailContent
from channels_app.contract import Call, Refused, Retry
from channels_app.parts import Attachment
from channels_app.rules.mime import File
from kernel.safe_http import Answer, Blocked, fetch


class NoFile(Exception):
    """A file could not be had; `result` is what that means for the message."""

    def __init__(self, result: Retry | Refused) -> None:
        super().__init__(result.code)
        self.result = result


def files_of(content: EmailContent, *, call: Call) -> tuple[File, ...]:
    """All files, the fetched ones in base64 like the others. Fetching is bound by the call; raises NoFile.

    Nothing of the message has gone out while this runs: say so before.
    """
    room = ATTACHED_BYTES - sum(len(file.content_base64) * 3 // 4 for file in content.attachments)
    files = []
    for file in content.attachments:
        content_base64 = file.content_base64
        if file.url:
            data = _fetched(file, call=call, room=room)
            room -= len(data)
            content_base64 = base64.b64encode(data).decode()
        files.append(File(file.filename, file.content_type, content_base64))
    return tuple(files)


def _fetched(file: Attachment, *, call: Call, room: int) -> bytes:
    allowed = frozenset(settings.EGRESS_ALLOW)
    try:
        answer = fetch(file.url, timeout_seconds=call.remaining(), max_bytes=max(room, 0) + 1, allow=allowed)
    except Blocked as blocked:
        raise NoFile(Refused("attachment_blocked", blocked.message, reason="render_error")) from None
    except TimeoutError:
        raise NoFile(_later("attachment_timeout", "the server of an attachment was too slow")) from None
    except OSError as trouble:
        raise NoFile(_later("attachment_out", type(trouble).__name__)) from None
    _require_success(answer)
    if len(answer.body) > room:
        text = f"more than {ATTACHED_BYTES:,} bytes with it"
        raise NoFile(Refused("attachments_too_large", text, reason="render_error"))
    return answer.body


def _require_success(answer: Answer) -> None:
    if answer.status == 200:
        return
    told = f"the server of an attachment answered {answer.status}"
    if answer.status >= 500 or answer.status in (408, 425, 429):
        raise NoFile(_later("attachment_out", told))
    raise NoFile(Refused("attachment_missing", told, reason="render_error"))


def _later(code: str, detail: str) -> Retry:
    return Retry(code, detail, provider_fault=False)
