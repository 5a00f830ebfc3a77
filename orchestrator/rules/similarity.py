"""How alike two texts are: SimHash over their words. Pure.

Each word votes on every bit by a hash of its own, as often as it comes (Charikar's SimHash). Texts that share
most of their words agree in most of the bits; of unrelated ones about half of the bits differ.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any

BITS = 64
_WORD = re.compile(r"\w+")


def normalised(text: str) -> str:
    """Text without what nobody hears: NFKC, case folded, every stretch of white space one space. Digits stay."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def texts_in(value: Any) -> Iterator[str]:
    """Every text, number and truth value in a document, in the order of its keys."""
    match value:
        case str():
            yield value
        case None:
            return
        case Mapping():
            for name in sorted(value):
                yield from texts_in(value[name])
        case Sequence():
            for item in value:
                yield from texts_in(item)
        case _:
            yield str(value)


def simhash(texts: Sequence[str]) -> int:
    """64 bits that differ in few places for texts with mostly the same words, in whatever order; as a signed number."""
    words = Counter(word for text in texts for word in _WORD.findall(normalised(text)))
    weights = [0] * BITS
    for word, count in words.items():
        hashed = int.from_bytes(blake2b(word.encode(), digest_size=BITS // 8).digest(), "big")
        for bit in range(BITS):
            weights[bit] += count if hashed >> bit & 1 else -count
    found = sum(1 << bit for bit, weight in enumerate(weights) if weight > 0)
    return found - (1 << BITS) if found >> (BITS - 1) else found


def distance(one: int, other: int) -> int:
    """In how many of the 64 bits they differ."""
    return ((one ^ other) & ((1 << BITS) - 1)).bit_count()
