"""Which language a person gets: the nearest one that a part is written in."""

from collections.abc import Collection, Iterator

from templates_app.values import DEFAULT


def chain(locale: str, *, default: str) -> Iterator[str]:
    """The locales to look for, best first: `de-AT`, `de`, the tenant's default one, and what is written without any.

    `locale` is empty when nobody knows what the person reads.
    """
    seen: set[str] = set()
    for start in (locale, default):
        pieces = start.split("-") if start else []
        for length in range(len(pieces), 0, -1):
            name = "-".join(pieces[:length])
            if name not in seen:
                seen.add(name)
                yield name
    yield DEFAULT


def nearest(locale: str, *, default: str, written: Collection[str]) -> str | None:
    """The one of the `written` locales for a person who reads `locale`; `None` when none of them will do.

    A text in the tenant's own language, marked as such, is as good as one without a mark.
    """
    return next((name for name in chain(locale, default=default) if name in written), None)
