"""Phone numbers as SMS providers want them: E.164, and the country a sender is chosen by."""

import re
from collections.abc import Mapping

import phonenumbers

_DIGITS = re.compile(r"\+?[0-9]{3,15}", re.ASCII)
_E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)


def e164(address: str) -> str:
    """The number in E.164, "" for what cannot be one. Numbers of plans we do not know yet pass."""
    plain = re.sub(r"[ ().-]", "", address)
    return plain if _E164.fullmatch(plain) else ""


def country_of(number: str) -> str:
    """ISO 3166 code of an E.164 number, "" when it belongs to none or nobody knows."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return ""
    found = phonenumbers.region_code_for_number(parsed)
    return "" if found in (None, "001", "ZZ") else str(found)


def sender_for(number: str, *, senders: Mapping[str, str], default: str) -> str:
    """Who a message to this number comes from: the sender of its country, else the default, which may be ""."""
    return senders.get(country_of(number), default) if senders else default


def takes_replies(sender: str) -> bool:
    """Whether a sender is a number or a short code; a name cannot be written to, nor somebody we do not know."""
    return bool(_DIGITS.fullmatch(sender))
