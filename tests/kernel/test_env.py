"""Settings from the environment: every kind of mistake is told, all at once, and secrets are never repeated."""

from pathlib import Path

import pytest

from kernel.env import Family, Misconfigured, Variable, load, unknown_names
from kernel.env_kinds import credentials, integer, rate, secret_text, text, url

SIZE = Variable("SIZE", integer(low=1, high=10), "A size.", default="3")
KEY = Variable("KEY", secret_text(at_least=8), "A key.", secret=True)
STORE_URL = Variable(
    "STORE_URL", url(schemes=("redis",), example="redis://host"), "A store.", also=("CACHE_URL",), secret=True
)
LIMIT = Family("LIMIT_", rate(), "Limits.", "<CHANNEL>")
LOGIN = Family("LOGIN_", credentials(), "Logins.", "<PROVIDER>", secret=True)
TABLE = (SIZE, KEY, STORE_URL, LIMIT, LOGIN)


def mistakes(environ: dict[str, str], *, required: tuple[str, ...] = ()) -> tuple[str, ...]:
    with pytest.raises(Misconfigured) as caught:
        load(TABLE, environ, required=required)
    return caught.value.lines


def test_absent_and_empty_names_take_their_defaults() -> None:
    values = load(TABLE, {"SIZE": "  "})

    assert (values[SIZE], values[KEY], values[STORE_URL]) == (3, "", "")
    assert (values.family(LIMIT), values.family(LOGIN)) == ({}, {})


def test_a_name_may_come_from_a_mounted_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("0123456789\n")

    assert load(TABLE, {"KEY_FILE": str(tmp_path / "key")})[KEY] == "0123456789"


def test_another_name_for_the_same_thing_is_read(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("redis://elsewhere")

    assert load(TABLE, {"CACHE_URL": "redis://here"})[STORE_URL] == "redis://here"
    assert load(TABLE, {"CACHE_URL_FILE": str(tmp_path / "url")})[STORE_URL] == "redis://elsewhere"
    assert load(TABLE, {"CACHE_URL": "redis://here", "STORE_URL": "redis://here"})[STORE_URL] == "redis://here"


def test_a_family_is_read_by_the_rest_of_its_names(tmp_path: Path) -> None:
    (tmp_path / "login").write_text('{"sid": "AC1"}')
    environ = {"LIMIT_SMS": "10/minute", "LIMIT_EMAIL": "", "LOGIN_SMTP": "smtp://u:p@h"} | {
        "LOGIN_TWILIO_FILE": str(tmp_path / "login")
    }

    values = load(TABLE, environ)

    assert {name: (limit.count, limit.seconds) for name, limit in values.family(LIMIT).items() if limit} == {
        "sms": (10, 60)
    }
    assert values.family(LOGIN) == {"smtp": {"url": "smtp://u:p@h"}, "twilio": {"sid": "AC1"}}


@pytest.mark.parametrize(
    ("environ", "line"),
    [
        pytest.param({"SIZE": "many"}, "SIZE is 'many'; a whole number from 1 to 10 would do", id="wrong value"),
        pytest.param(
            {"KEY": "short"},
            "KEY is set to something else (not shown, it is a secret); a random text of at least 8 characters would do",
            id="wrong secret",
        ),
        pytest.param({"SIZE": "1", "SIZE_FILE": "/x"}, "SIZE and SIZE_FILE are both set; set one of them", id="both"),
        pytest.param(
            {"SIZE_FILE": "/nowhere/at/all"},
            "SIZE_FILE names '/nowhere/at/all', which cannot be read: No such file or directory",
            id="no file",
        ),
        pytest.param(
            {"STORE_URL": "redis://a", "CACHE_URL": "redis://b"},
            "STORE_URL and CACHE_URL are set to different values; set one of them",
            id="two names, two values",
        ),
        pytest.param(
            {"CACHE_URL": "http://a"},
            "CACHE_URL is set to something else (not shown, it is a secret); a URL like redis://host would do",
            id="the name that was used",
        ),
        pytest.param(
            {"LIMIT_SMS": "lots"},
            "LIMIT_SMS is 'lots'; a limit like 100/second, 600/minute, 10000/hour or 50000/day would do",
            id="wrong value in a family",
        ),
        pytest.param(
            {"LOGIN_SMTP": "hunter2"},
            "LOGIN_SMTP is set to something else (not shown, it is a secret); "
            "a JSON object or a URL like smtp://user:password@host:587 would do",
            id="wrong secret in a family",
        ),
    ],
)
def test_a_mistake_is_one_clear_line(environ: dict[str, str], line: str) -> None:
    assert mistakes(environ) == (line,)


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"\xff\xfe\x00")

    assert mistakes({"KEY_FILE": str(path)}) == (
        f"KEY_FILE names '{path}', which cannot be read: it is not UTF-8 text",
    )


def test_what_is_required_must_be_there() -> None:
    assert mistakes({}, required=("KEY", "STORE_URL")) == (
        "KEY is not set; a random text of at least 8 characters is needed",
        "STORE_URL or CACHE_URL is not set; a URL like redis://host is needed",
    )


def test_all_mistakes_are_told_at_once() -> None:
    assert len(mistakes({"SIZE": "0", "LIMIT_SMS": "x", "LIMIT_PUSH": "y"}, required=("KEY",))) == 3


def test_names_that_nothing_reads_are_likely_typos() -> None:
    table = (Variable("ORCHESTRATOR_QUEUE_NAME", text(), ""), LIMIT)
    environ = {"ORCHESTRATOR_QUEU_NAME": "x", "ORCHESTRATOR_QUEUE_NAME_FILE": "x", "LIMIT_SMS": "1/s", "PATH": "/bin"}

    assert unknown_names(table, environ, prefixes=("ORCHESTRATOR_", "LIMIT_")) == (
        "ORCHESTRATOR_QUEU_NAME is set but nothing reads it; did you mean ORCHESTRATOR_QUEUE_NAME?",
    )
