"""Languages in which something is missing: somebody would get another language, or nothing."""

from collections.abc import Iterator

from templates_app.rules.making import Made, pointer_of
from templates_app.values import DEFAULT, Finding


def missing_parts(made: Made) -> Iterator[Finding]:
    """A channel without words for everybody is an error. One that is written in some languages and not in others is
    worth a look; what is written in none of them, as JSON for machines, is meant so.
    """
    written = {(piece.channel, piece.locale) for piece in made.pieces}
    channels = dict.fromkeys(piece.channel for piece in made.pieces)
    for channel in channels:
        if (channel, DEFAULT) not in written and (channel, made.default_locale) not in written:
            message = f"{channel} has no part for people of other languages; add it to parts"
            yield Finding("default_part_missing", message, pointer="/parts", part=channel)
    translated = [name for name in channels if any(name in parts for parts in made.source.locales.values())]
    for locale in made.source.locales:
        for channel in translated:
            if locale and channel not in made.source.locales[locale] and locale not in made.offers[channel]:
                message = f"{locale} has no {channel}; people there get the part without a language"
                pointer = pointer_of(channel, locale)
                yield Finding("locale_part_missing", message, "warning", pointer, channel, locale)
