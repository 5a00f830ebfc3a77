import pytest

from audience.rules.text import holds_nul, steering_character, trouble_with_external_id


@pytest.mark.parametrize(
    "external_id",
    ["user-456", "auth0|5f7c8ec7c33c6c004bbafe82", "ana@example.org", "a:b.c", "Jörg", "用户", "..a", "%2F", "?#&"],
)
def test_visible_characters_make_a_good_id(external_id: str) -> None:
    assert trouble_with_external_id(external_id) is None


@pytest.mark.parametrize(
    ("external_id", "says"),
    [
        ("a/b", "'/'"),
        ("a b", "U+0020"),
        ("a\nb", "U+000A"),
        ("a\x00", "U+0000"),
        ("a\u200bb", "U+200B"),
        ("a\u202eb", "U+202E"),
        (".", "reserved"),
        ("..", "reserved"),
        ("bulk", "reserved"),
    ],
)
def test_an_id_that_no_url_could_carry_is_refused_with_its_reason(external_id: str, says: str) -> None:
    trouble = trouble_with_external_id(external_id)

    assert trouble is not None
    assert says in trouble


def test_the_first_steering_character_is_named() -> None:
    assert steering_character("plain text, ünïcode and 😀") is None
    assert steering_character("a\r\nb") == "U+000D"


@pytest.mark.parametrize("value", ["\x00", {"a": ["\x00"]}, {"\x00": 1}, [[{"a": "x\x00"}]]])
def test_nul_is_found_wherever_it_hides(value: object) -> None:
    assert holds_nul(value)


def test_other_json_holds_no_nul() -> None:
    assert not holds_nul({"a": [1, None, True, "x", {"b": 2.5}]})
