"""What text messages that promote something must say: how to stop them. Pure.

Asked of templates, which are told what will be added, and kept for everything when it is sent: what does not say it
gets a line at its end. Advertising names a way to object every time: Directive 2002/58/EC article 13(4), whose
electronic mail includes texts (recital 40); § 7(3) no. 4 UWG in Germany. In the United States STOP must work (47 CFR
64.1200(a)(10)), and carriers want it said (CTIA Messaging Principles 5.1.3). A sender that is a name cannot be written
to (developers.telnyx.com, alphanumeric sender id), so there a link is said instead. All read 2026-11.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from templates_app.rules.lint.texts import as_written
from templates_app.rules.making import Made
from templates_app.values import Finding

WITHOUT_STOP = "sms_without_stop"
OWN_WORDS = "sms_opt_out"  # of the brand: a text, or one for each language
MOST_CHARS = 160

_REPLY = {
    "en": "Reply STOP to opt out",
    "fr": "Répondez STOP pour vous désinscrire",
    "de": "Zum Abmelden STOP antworten",
    "ar": "لإلغاء الاشتراك أرسل STOP",
}
_FOLLOW = {"en": "Opt out: {}", "fr": "Se désinscrire : {}", "de": "Abmelden: {}", "ar": "لإلغاء الاشتراك: {}"}

# A verb of writing and STOP soon after it, or STOP and what it is for. What is in doubt is said once more.
_WRITES = (
    r"repl(?:y|ies)|respond|text|txt|send|type|répond\w*|repond\w*|envoy\w*|antwort\w*|sende\w*|schreib\w*|simse\w*|"
    r"respond\w*|rispond\w*|envi\w*|invia\w*|stuur|antwoord\w*|أرسل|ارسل|أرسلوا|الرد|رد|اكتب"
)
_STOP = r"[\"'«„“‘]?(?:STOPP?|ARRET|إيقاف|ايقاف|توقف)\b"  # in capitals, as people are told to write it
_SAYS = re.compile(
    rf"\b(?i:{_WRITES})\W+(?:\w+\W+){{0,2}}{_STOP}"
    rf"|(?<!\w){_STOP}\W{{0,3}}(?i:2|to|an|au|al|pour|para|per|zum|für)\W{{0,2}}"
    r"(?i:\d{3,}|opt|end|quit|cancel|unsub|leave|stop|out|vous|se|ne|den|das|nicht|darse|cancell|abmeld|abbestell)"
    rf"|(?<!\w){_STOP}\W{{1,3}}(?i:senden|antworten)\b"
    r"|\bSTOP2(?:END|QUIT|STOP|CANCEL)\b"
)


def says_how_to_stop(text: str) -> bool:
    """Whether a text tells that STOP may be written back, in one of the languages that we add it in, and a few more."""
    return bool(_SAYS.search(text))


def way_to_stop(text: str, *, answerable: bool, url: str, brand: Mapping[str, Any], locale: str) -> str:
    """What is to be added to a finished text; empty when it says enough, or when there is no way to name.

    `answerable`: whoever gets it can write back. `url` is where they leave, empty where they cannot.
    """
    if own := own_words(brand, locale):
        return "" if own in text else own
    if url and url in text:
        return ""
    if answerable:
        return "" if says_how_to_stop(text) else _in(_REPLY, locale)
    return _in(_FOLLOW, locale).format(url) if url else ""


def own_words(brand: Mapping[str, Any], locale: str) -> str:
    """How the tenant wants it said, in the language or in English; empty where the tenant does not say."""
    said = brand.get(OWN_WORDS, "")
    if isinstance(said, Mapping):
        said = said.get(_language(locale)) or said.get("en") or ""
    return said.strip()[:MOST_CHARS] if isinstance(said, str) else ""


def own_words_fault(brand: Mapping[str, Any]) -> str:
    """What is wrong with how the tenant wants it said, and what would do; empty when nothing is."""
    said = brand.get(OWN_WORDS, "")
    texts = list(said.values()) if isinstance(said, Mapping) else [said]
    if all(isinstance(text, str) and len(text) <= MOST_CHARS and text.isprintable() for text in texts):
        return ""
    return f'takes a line of at most {MOST_CHARS} characters, or one for each language, as {{"fr": "STOP au 36111"}}'


def texts_without_stop(made: Made, *, brand: Mapping[str, Any], default_locale: str) -> Iterator[Finding]:
    """Texts of a template that will get a line of ours, and what they cost with it."""
    for piece in made.pieces:
        shape = made.shapes[piece.channel]
        if shape.units("") is None:
            continue
        locale = piece.locale or default_locale
        for spot in as_written(piece):
            if "unsubscribe_url" in spot.text:
                continue
            words = spot.fixed_words()
            line = way_to_stop(words, answerable=True, url="", brand=brand, locale=locale)
            if line:
                units = shape.units(f"{words}\n{line}")
                message = f"does not say how to stop it; with '{line}' at its end it is {units} segments or more"
                yield spot.finding(WITHOUT_STOP, message)


def _in(words: Mapping[str, str], locale: str) -> str:
    return words.get(_language(locale), words["en"])


def _language(locale: str) -> str:
    return locale.partition("-")[0].partition("_")[0].lower()
