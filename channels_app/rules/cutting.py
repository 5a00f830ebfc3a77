"""Cuts a text that came out longer than its road carries: between words where one is near, never within a character
as people see it.
"""

import unicodedata

NEAR = 0.2  # of the room: a word's end that near is where the cut is made
_JOINER = "\u200d"
_EXTENDING = ("Mn", "Me", "Mc")


def cut(text: str, chars: int, *, mark: str = "…") -> str:
    """At most `chars` characters of the text, `mark` included when something is missing."""
    if len(text) <= chars:
        return text
    return _ended(text, chars - len(mark), mark) if chars > len(mark) else text[: _boundary(text, chars)]


def cut_bytes(text: str, most: int, *, mark: str = "…") -> str:
    """At most `most` bytes of UTF-8, by the same rules; nothing where not even the mark has room."""
    raw = text.encode()
    if len(raw) <= most:
        return text
    room = most - len(mark.encode())
    return _ended(text, len(raw[:room].decode(errors="ignore")), mark) if room > 0 else ""


def _ended(text: str, room: int, mark: str) -> str:
    """What of the first `room` characters is kept, and the mark."""
    end = _boundary(text, room)
    blank = max(text.rfind(" ", 0, end + 1), text.rfind("\n", 0, end + 1))
    if blank > 0 and blank >= end - int(room * NEAR):
        end = blank
    return text[:end].rstrip() + mark


def _boundary(text: str, at: int) -> int:
    """The last place up to `at` where no character as people see it is torn apart (most of UAX 29)."""
    while 0 < at < len(text) and not _between(text, at):
        at -= 1
    return at


def _between(text: str, at: int) -> bool:
    before, after = text[at - 1], text[at]
    if after == _JOINER or before == _JOINER or unicodedata.category(after) in _EXTENDING or _is_modifier(after):
        return False
    if before == "\r" and after == "\n":
        return False
    if _is_flag(before) and _is_flag(after):
        start = at
        while start > 0 and _is_flag(text[start - 1]):
            start -= 1
        return (at - start) % 2 == 0
    return not (_is_jamo(before) and _is_jamo(after))


def _is_modifier(character: str) -> bool:
    """Skin tones, and the tags that flags of regions are written with."""
    return "\U0001f3fb" <= character <= "\U0001f3ff" or "\U000e0020" <= character <= "\U000e007f"


def _is_flag(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _is_jamo(character: str) -> bool:
    return "\u1100" <= character <= "\u11ff"
