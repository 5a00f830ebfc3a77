"""The preference centre in words: what the template lays out, in the language of the reader. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale
from babel.dates import format_date, get_day_names

from kernel.masking import mask
from preferences.pages.centre_choice import EVERYTHING
from preferences.pages.centre_form import MOST_WINDOWS, OFTEN, Choices, Quiet
from preferences.pages.centre_look import Agreement, Centre, Switch, purpose_name
from preferences.pages.centre_words import CENTRE_WORDS, CHANNEL_WORDS, LANGUAGE_NAMES
from preferences.pages.frame import direction_of
from preferences.rules.quiet_hours import DAYS
from preferences.topics import Topic, spoken

MOST_ADDRESSES = 3  # of a channel, shown at the top


def shown(centre: Centre, choices: Choices, *, faults: Mapping[str, str], language: str) -> dict[str, Any]:
    """The context of the template."""
    words, sender = CENTRE_WORDS[language], _apart(centre.tenant.name, language)
    return {
        "sender": centre.tenant.name,
        "lead": words["lead"].format(sender=sender),
        "addresses": list(_addresses(centre, language)),
        "topics": [
            _topic(topic, number, centre, choices, faults, language) for number, topic in enumerate(centre.topics)
        ],
        "gathers": any(topic.about not in centre.often_locked for topic in centre.topics),
        "gather_at": choices.gather_at,
        "gather_on": choices.gather_on,
        "days": _days(language),
        "agreements": [_agreement(one, centre, choices, language) for one in centre.agreements],
        "quiet": list(_quiet_rows(centre, choices, faults, language)),
        "quiet_forced": words["quiet_forced"].format(sender=sender) if centre.quiet_locked else "",
        "languages": _languages(centre, words),
        "chosen_language": choices.language,
        "timezone": choices.timezone,
        "zones": _zones(),
        "faults": {field.replace("-", "_"): words[fault] for field, fault in faults.items()},
        "wrong": [{"field": _anchor(field), "message": words[fault]} for field, fault in faults.items()],
    }


def consent_text(agreement: Agreement, centre: Centre, *, language: str) -> str:
    """Exactly what somebody agrees to."""
    words = CENTRE_WORDS[language]
    what = purpose_name(agreement.purpose, centre.topics)
    _, by = channel_words(agreement.channel, language)
    text = words["consent"].format(sender=_apart(centre.tenant.name, language), what=_apart(what, language), channel=by)
    return f"{text} {words['consent_sms']}" if agreement.channel == "sms" else text


def channel_words(channel: str, language: str) -> tuple[str, str]:
    """How a channel is called, and how one is written to on it."""
    known = CHANNEL_WORDS[language]
    name, by = known.get(channel, known[""])
    return name.format(channel=spoken(channel)), by.format(channel=spoken(channel))


def _addresses(centre: Centre, language: str) -> Iterator[dict[str, str]]:
    for channel in dict.fromkeys(channel for topic in centre.topics for channel in topic.channels):
        name, _ = channel_words(channel, language)
        for endpoint in centre.person.endpoints.get(channel, ())[:MOST_ADDRESSES]:
            readable = "@" in endpoint.address or endpoint.address.startswith("+")
            yield {"channel": name, "address": mask(endpoint.address) if readable else endpoint.label}


def _topic(
    topic: Topic, number: int, centre: Centre, choices: Choices, faults: Mapping[str, str], language: str
) -> dict[str, Any]:
    words = CENTRE_WORDS[language]
    name = words["everything"] if topic.about == EVERYTHING else topic.name
    kinds = [kind.name or spoken(kind.key) for kind in topic.kinds]
    switches = centre.switches[topic.about]
    return {
        "name": name,
        "kinds": ", ".join(kinds) if kinds != [name] else "",
        "switches": [
            {
                "value": f"{switch.about}|{switch.channel}",
                "name": channel_words(switch.channel, language)[0],
                "on": switch.pair in choices.on,
                "locked": bool(switch.locked),
            }
            for switch in switches
            if switch.locked != "consent"
        ],
        "notes": list(dict.fromkeys(_notes(switches, centre, language))),
        "often_field": "" if topic.about in centre.often_locked else f"often-{number}",
        "often_label": words["often_of"].format(what=name),
        "often": [(every, words[every]) for every in OFTEN],
        "chosen_often": choices.often[topic.about],
        "often_fault": words[faults[f"often-{number}"]] if f"often-{number}" in faults else "",
    }


def _notes(switches: Sequence[Switch], centre: Centre, language: str) -> Iterator[str]:
    """Why switches cannot be moved."""
    words, sender = CENTRE_WORDS[language], _apart(centre.tenant.name, language)
    for switch in switches:
        name, _ = channel_words(switch.channel, language)
        match switch.locked:
            case "required":
                yield words["required"]
            case "consent":
                yield words["needs_consent"].format(channel=name)
            case "":
                pass
            case why:
                yield words[why].format(channel=name, sender=sender)


def _agreement(agreement: Agreement, centre: Centre, choices: Choices, language: str) -> dict[str, Any]:
    words, said = CENTRE_WORDS[language], agreement.said
    name, _ = channel_words(agreement.channel, language)
    stands = words["never"]
    if said is not None:
        stands = words["given" if said.given else "withdrawn"].format(day=_day(said.at, centre.zone, language))
    return {
        "value": f"{agreement.purpose}|{agreement.channel}",
        "name": f"{purpose_name(agreement.purpose, centre.topics)} · {name}",
        "text": consent_text(agreement, centre, language=language),
        "stands": stands,
        "on": agreement.pair in choices.agreed,
    }


def _quiet_rows(centre: Centre, choices: Choices, faults: Mapping[str, str], language: str) -> Iterator[dict[str, Any]]:
    """A row for each period, and an empty one while there may be more."""
    words, days = CENTRE_WORDS[language], _days(language)
    rows = list(choices.quiet)
    fresh = len(rows)
    if fresh < MOST_WINDOWS and not centre.quiet_locked:
        rows.append(Quiet())
    for number, row in enumerate(rows):
        field = f"quiet-{number}"
        yield {
            "field": field,
            "name": words["quiet_new" if number == fresh and fresh else "quiet_row"].format(number=number + 1),
            "begins": row.begins,
            "ends": row.ends,
            "days": [(day, short, long, day in row.days) for day, short, long in days],
            "fault": words[faults[field]] if field in faults else "",
        }


def _languages(centre: Centre, words: Mapping[str, str]) -> list[tuple[str, str]]:
    """The languages of the pages, and the person's own if it is another one."""
    locale = centre.person.locale
    if locale in LANGUAGE_NAMES:
        return list(LANGUAGE_NAMES.items())
    own = words["language_own"]
    return [(locale, f"{own} ({locale})" if locale else own), *LANGUAGE_NAMES.items()]


def _apart(name: str, language: str) -> str:
    """A name whose letters may run the other way, apart from the words around it."""
    return f"\u2068{name}\u2069" if direction_of(language) == "rtl" else name


def _anchor(field: str) -> str:
    """The id of the element that a list of faults leads to."""
    return f"{field}-from" if field.startswith("quiet") else field


@cache
def _days(language: str) -> list[tuple[str, str, str]]:
    """(key, short, long) of the days of the week, in the order in which that language counts them."""
    locale = Locale.parse(language)
    short, long = get_day_names("abbreviated", "stand-alone", locale), get_day_names("wide", "stand-alone", locale)
    first = DAYS.index("sat") if language == "ar" else 0
    return [(DAYS[day], short[day], long[day]) for day in ((first + step) % 7 for step in range(7))]


@cache
def _zones() -> list[str]:
    """The zones worth suggesting; every other one may be typed too."""
    return sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/")))


def _day(at: datetime, zone: str, language: str) -> str:
    return str(format_date(at.astimezone(ZoneInfo(zone)).date(), "long", locale=language))
