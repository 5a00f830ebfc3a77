"""What somebody who writes back to a sender means: to be left alone, to be written to again, or to be told how.

Since 2025-04-11 "stop", "quit", "end", "revoke", "opt out", "cancel" and "unsubscribe" must work in the United States,
and so must any other reasonable way of saying it: 47 CFR 64.1200(a)(10), FCC 24-24, read 2026-11. START, UNSTOP, HELP
and INFO are what carriers expect (CTIA Messaging Principles, read 2026-11). The words are in `opt_out_phrases`.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Literal

from preferences.rules import opt_out_phrases as phrases

Meaning = Literal["stop", "start", "help"]

MANDATORY = ("stop", "quit", "end", "revoke", "opt out", "cancel", "unsubscribe")
MOST_CHARS = 1_600  # ten SMS; nobody says no at greater length
FEW_WORDS = 6  # of a text that is a single word with politeness around it

_NOT_A_WORD = re.compile(r"[^\w\s]|_")
_SPACES = re.compile(r"\s+")
_LONG = re.compile(r"([^\W\d])\1{2,}")  # stoppp
_AGAIN = re.compile(r"\b(\w+)(?:\s+\1\b)+")  # stop stop
_SENTENCE_ENDS = re.compile(r"[.,;:!?…\n。，！？،؟]+")
_SPELLED = re.compile(r"(?:\w ){2,}\w")
_VOWELS_ARE_MARKS = re.compile(r"[\u0900-\u097f\u3040-\u30ff\uac00-\ud7af]")  # Hindi, Japanese, Korean
_ALIKE = str.maketrans(
    {"ł": "l", "ø": "o", "ı": "i", "đ": "d", "ß": "ss", "أ": "ا", "إ": "ا", "آ": "ا", "ة": "ه", "ى": "ي", "’": " "}
)


def meaning_of(text: str) -> Meaning | None:
    """What a text that somebody wrote back asks for; `None` is an ordinary reply."""
    plain = _plain(text[:MOST_CHARS])
    said = plain.replace(" ", "") if _SPELLED.fullmatch(plain) else plain  # "s t o p"
    for words, meaning in _MEANINGS:
        if said in words or _surrounded(said, words):
            return meaning
    sentences = [_plain(sentence) for sentence in _SENTENCE_ENDS.split(text[:MOST_CHARS])]
    if any(said in _PLAIN_STOP or _surrounded(said, _PLAIN_STOP) for said in sentences):
        return "stop"
    return "stop" if _says_no(plain) else None


def _says_no(plain: str) -> bool:
    spaced = f"{plain} "
    if any(way.search(spaced) for way in _NOT_MEANT):
        return False
    return any(way.search(spaced) for way in _WAYS) or any(fragment in plain for fragment in _FRAGMENTS)


def _surrounded(plain: str, words: frozenset[str]) -> bool:
    """Is it one of `words` with nothing but politeness around it?"""
    said = plain.split(" ")
    if len(said) > FEW_WORDS:
        return False
    return any(
        " ".join(said[start:end]) in words and _POLITE.issuperset(said[:start] + said[end:])
        for start in range(len(said))
        for end in range(start + 1, len(said) + 1)
    )


def _plain(text: str) -> str:
    """In lower case, without accents, punctuation and pictures."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    if not _VOWELS_ARE_MARKS.search(plain):
        decomposed = unicodedata.normalize("NFKD", plain)
        plain = "".join(c for c in decomposed if not unicodedata.combining(c)).translate(_ALIKE)
        plain = _NOT_A_WORD.sub(" ", plain)
    else:
        plain = "".join(c if c.isspace() or unicodedata.category(c)[0] in "LMN" else " " for c in plain)
    return _SPACES.sub(" ", _AGAIN.sub(r"\1", _LONG.sub(r"\1", plain))).strip()


def _words(table: Mapping[str, str]) -> frozenset[str]:
    return frozenset(_plain(word) for words in table.values() for word in words.split(","))


def _ways(patterns: Iterable[str]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(r"(?<!\w)" + "".join(map(_token, pattern.split()))) for pattern in patterns)


def _token(written: str) -> str:
    """One place of a way, with the space behind it."""
    if written == "..":
        return r"(?:\w+ ){0,3}"
    choices = "|".join(
        _plain(choice.replace("_", " ")) + (r"\w*" if choice.endswith("*") else "")
        for choice in written.removesuffix("?").split("|")
    )
    return f"(?:(?:{choices}) )" + ("?" if written.endswith("?") else "")


_POLITE = frozenset(_plain(word) for words in phrases.POLITE.values() for word in words.split())
_WAYS = _ways(way for ways in phrases.WAYS.values() for way in ways)
_NOT_MEANT = _ways(phrases.NOT_MEANT)
_FRAGMENTS = tuple(_plain(fragment) for line in phrases.FRAGMENTS for fragment in line.split(","))
_PLAIN_STOP = _words(phrases.PLAIN_STOP_WORDS)
_MEANINGS: tuple[tuple[frozenset[str], Meaning], ...] = (
    (_words(phrases.STOP_WORDS), "stop"),
    (_words(phrases.START_WORDS), "start"),
    (_words(phrases.HELP_WORDS), "help"),
)
