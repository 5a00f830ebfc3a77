import pytest

from audience.rules.places import is_timezone, read_locale


@pytest.mark.parametrize(
    "name", ["Europe/Paris", "UTC", "America/Argentina/Buenos_Aires", "Asia/Kathmandu", "Etc/GMT+5"]
)
def test_an_iana_zone_is_known(name: str) -> None:
    assert is_timezone(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Mars/Olympus",
        "europe/paris",
        "CEST",
        "+02:00",
        "../../etc/passwd",
        "Factory",
        "localtime",
        "Europe/Paris\n",
    ],
)
def test_anything_else_is_no_zone(name: str) -> None:
    assert not is_timezone(name)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("fr", "fr"),
        ("de-AT", "de-AT"),
        ("zh-Hant", "zh-Hant"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("EN-us", "en-US"),
        ("es-419", "es-419"),
        ("fil", "fil"),
        ("ca-ES-valencia", "ca-ES-valencia"),
        ("de-CH-1996", "de-CH-1996"),
    ],
)
def test_a_locale_is_kept_in_its_usual_case(given: str, kept: str) -> None:
    assert read_locale(given) == kept


@pytest.mark.parametrize(
    "given",
    [
        "",
        "f",
        "xx",
        "zz-ZZ",
        "english",
        "fr_FR",
        "fr-",
        "-fr",
        "fr-FRA",
        "fr FR",
        "fr\n",
        "not-a-locale",
        "fr" + "-abcde" * 9,
    ],
)
def test_anything_else_is_no_locale(given: str) -> None:
    assert read_locale(given) is None
