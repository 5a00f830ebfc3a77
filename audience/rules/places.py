"""Where and in which language a person lives: IANA time zones and locales."""

import re
from zoneinfo import available_timezones

# Names some systems carry beside the zones; they mean "here" or "unknown" and would differ between machines.
_ZONES = frozenset(available_timezones() - {"localtime", "Factory", "posixrules"})

_LOCALE = re.compile(
    r"(?P<language>[A-Za-z]{2,3})(-(?P<script>[A-Za-z]{4}))?(-(?P<region>[A-Za-z]{2}|[0-9]{3}))?"
    r"(?P<variants>(-([A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*)"
)
MAX_LOCALE_CHARS = 35

# ISO 639-1, loc.gov/standards/iso639-2/php/code_list.php, read 2026-11. Three-letter codes are many: taken as given.
_TWO_LETTERS = """
aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en
eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv
ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne
ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn so sq sr ss
st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
"""
_LANGUAGES = frozenset(_TWO_LETTERS.split())


def is_timezone(name: str) -> bool:
    """Whether `name` is an IANA zone, written exactly so."""
    return name in _ZONES


def read_locale(text: str) -> str | None:
    """`zh-hant-tw` → `zh-Hant-TW` (BCP 47: language, script, region, variants); `None` when it is no locale."""
    found = _LOCALE.fullmatch(text)
    if found is None or len(text) > MAX_LOCALE_CHARS:
        return None
    language = found["language"].lower()
    if len(language) == 2 and language not in _LANGUAGES:
        return None
    script, region = found["script"], found["region"]
    parts = (language, script and script.title(), region and region.upper(), found["variants"].lower().strip("-"))
    return "-".join(part for part in parts if part)
