"""Which words a person gets: the nearest language, the tenant's own words before the platform's."""

from uuid import UUID

import pytest

from templates_app.rules.locales import chain, nearest
from templates_app.rules.names import Name, is_key, parse_name
from templates_app.rules.offers import Offer, Tier
from templates_app.values import Chosen

OWN, PLATFORMS = UUID(int=1), UUID(int=2)
OFFER = Offer(
    (
        Tier(OWN, {"email": ("", "de"), "push": ("fr",)}, default_locale="fr"),
        Tier(PLATFORMS, {"email": ("", "de-AT"), "sms": ("", "pt-BR")}, default_locale="fr"),
    )
)


def test_languages_are_looked_for_from_near_to_far() -> None:
    assert list(chain("zh-Hant-TW", default="en-GB")) == ["zh-Hant-TW", "zh-Hant", "zh", "en-GB", "en", ""]
    assert list(chain("", default="")) == [""]
    assert nearest("de-AT", default="en", written=("fr",)) is None


@pytest.mark.parametrize(
    ("channel", "locale", "found"),
    [
        ("email", "de-AT", Chosen(OWN, "de")),
        ("email", "de", Chosen(OWN, "de")),
        ("email", "es", Chosen(OWN, "")),
        ("email", "", Chosen(OWN, "")),
        ("push", "es", Chosen(OWN, "fr")),
        ("sms", "pt-BR", Chosen(PLATFORMS, "pt-BR")),
        ("sms", "pt-PT", Chosen(PLATFORMS, "")),
        ("chat", "de", None),
    ],
)
def test_a_persons_words(channel: str, locale: str, found: Chosen | None) -> None:
    assert OFFER.choose(channel, locale=locale) == found


def test_an_offer_speaks_on_every_channel_of_its_tiers() -> None:
    assert OFFER.channels() == ("email", "push", "sms")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("order", Name("order")),
        ("order@7", Name("order", "7")),
        ("order@draft", Name("order", "draft")),
        ("order@0", Name("order@0")),
        ("order@x", Name("order@x")),
        ("order@", Name("order@")),
    ],
)
def test_how_versions_are_named(text: str, name: Name) -> None:
    assert parse_name(text) == name


def test_keys() -> None:
    assert [key for key in ("order", "a", "a.b_c-d", "Order", "-a", "a-", "", "a@b", "a" * 101) if is_key(key)] == [
        "order",
        "a",
        "a.b_c-d",
    ]
