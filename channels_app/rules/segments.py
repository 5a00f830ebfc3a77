"""How many SMS a text becomes: what providers charge for.

GSM 03.38 (3GPP TS 23.038 6.2.1) has 128 characters of one septet and ten of two; a text with any other character goes
out in UCS-2. 160 septets or 70 units of 16 bits fit one SMS; parts of a longer text carry a header of 6 octets, which
leaves 153 and 67 (TS 23.040 9.2.3.24.1). Read 2026-11.
"""

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = frozenset("\f^{}\\[~]|€")  # an escape and a second septet, which parts never separate
SINGLE_SEPTETS, PART_SEPTETS = 160, 153
SINGLE_UNITS, PART_UNITS = 70, 67


def segments(text: str) -> int:
    """The number of SMS a text is sent as, 1 at least."""
    if is_gsm(text):
        return _parts([2 if character in EXTENDED else 1 for character in text], SINGLE_SEPTETS, PART_SEPTETS)
    return _parts([2 if ord(character) > 0xFFFF else 1 for character in text], SINGLE_UNITS, PART_UNITS)


def is_gsm(text: str) -> bool:
    """Whether the text goes out in seven bits a character."""
    return all(character in BASIC or character in EXTENDED for character in text)


def _parts(sizes: list[int], single: int, part: int) -> int:
    if sum(sizes) <= single:
        return 1
    count, room = 1, part
    for size in sizes:
        if size > room:
            count, room = count + 1, part
        room -= size
    return count
