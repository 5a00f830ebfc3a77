"""The ledger by itself: ids, counts, bounds, and what survives."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from channels_app.sandbox import ledger as ledger_module
from channels_app.sandbox.behaviours import Behaviour, Standing
from channels_app.sandbox.ledger import Ledger, LedgerUnusable
from channels_app.sandbox.lookup import Lookup, Wanted
from channels_app.sandbox.values import Message, Rejection, sequence_of
from channels_app.sandbox.world import World

AT = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
MAIL = Message(channel="email", provider="smtp", to=("a@example.org",), raw=b"x" * 100, delivery_id="d-1")


def accept(ledger: Ledger, message: Message = MAIL, *, at: datetime = AT) -> tuple[str, ...]:
    return ledger.accept(message, at=at, receipts={})


def kept(ledger: Ledger) -> list[str]:
    lookup = Lookup(ledger.path)
    try:
        return [row["id"] for row in lookup.messages(Wanted(limit=10_000))]
    finally:
        lookup.close()


def test_times_are_kept_to_the_microsecond(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    accept(ledger)

    assert Lookup(ledger.path).messages(Wanted())[0]["received_at"] == "2026-03-01T12:00:00.123456Z"


def test_ids_are_never_given_twice_even_after_a_clear_and_a_restart(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    assert accept(ledger, replace(MAIL, to=("a", "b"))) == ("msg-1", "msg-2")

    ledger.clear()
    ledger.close()

    assert accept(Ledger(tmp_path)) == ("msg-3",)


@pytest.mark.parametrize("text", ["17", "msg-", "msg--1", "msg-1x", "rej-1", "msg-1²", "msg-" + "9" * 19])
def test_what_is_no_message_id_names_no_row(text: str) -> None:
    assert sequence_of(text) is None


def test_a_clear_forgets_all_but_the_behaviours(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    accept(ledger)
    accept(ledger)
    ledger.reject(Rejection("email", "smtp", "a", "s", "", None, "error", 451, "451 no"), at=AT)
    ledger.keep_standings([Standing(Behaviour("drip"))])

    ledger.clear()

    lookup = Lookup(ledger.path)
    assert (ledger.messages, ledger.rejections, ledger.duplicates) == (0, 0, 0)
    assert (lookup.messages(Wanted()), lookup.deliveries(since_us=None)) == ([], [])
    assert lookup.rejections(after_seq=0, limit=10) == []
    assert ledger.standings() == [Standing(Behaviour("drip"))]


def test_counts_are_the_same_after_opening_anew(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    for delivery_id in ("d-1", "d-1", "d-1", "d-2", None):
        accept(ledger, replace(MAIL, delivery_id=delivery_id))
    before = (ledger.messages, ledger.newest, ledger.duplicates, ledger._bytes)
    ledger.close()

    again = Ledger(tmp_path)

    assert before == (5, 5, 1, 500)
    assert (again.messages, again.newest, again.duplicates, again._bytes) == before


def test_beyond_its_bound_the_oldest_messages_go_in_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_module, "TRIM_BATCH", 5)
    ledger = Ledger(tmp_path, max_messages=10)
    for _ in range(15):
        accept(ledger)
    assert ledger.messages == 15

    accept(ledger)

    assert ledger.messages == 10
    assert kept(ledger) == [f"msg-{n}" for n in range(16, 6, -1)]
    assert ledger._bytes == 1000


def test_delivery_ids_outlive_their_messages_up_to_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_module, "TRIM_BATCH", 1)
    monkeypatch.setattr(ledger_module, "MAX_DELIVERY_IDS", 4)
    ledger = Ledger(tmp_path, max_messages=2)
    for number in (0, 0, 1, 2, 3, 4, 5, 6, 7):
        accept(ledger, replace(MAIL, delivery_id=f"d-{number}"))

    counted = [row["delivery_id"] for row in Lookup(ledger.path).deliveries(since_us=None)]

    assert ledger.messages <= 3
    assert counted[-4:] == ["d-4", "d-5", "d-6", "d-7"]
    assert len(counted) <= 5
    assert ledger.duplicates == 0


def test_beyond_its_bytes_the_oldest_messages_go(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, max_bytes=1000)

    for _ in range(11):
        accept(ledger)

    assert (ledger.messages, ledger._bytes) == (9, 900)
    assert kept(ledger)[-1] == "msg-3"


def test_one_mail_bigger_than_the_bound_is_still_kept(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, max_bytes=1000)
    accept(ledger)

    accept(ledger, replace(MAIL, raw=b"x" * 5000))

    assert kept(ledger) == ["msg-2"]


def test_a_message_to_many_is_trimmed_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_module, "TRIM_BATCH", 0)
    ledger = Ledger(tmp_path, max_messages=3)
    for _ in range(3):
        accept(ledger, replace(MAIL, to=("a", "b")))

    assert kept(ledger) == ["msg-6", "msg-5", "msg-4", "msg-3"]
    assert ledger.messages == 4


def test_a_state_directory_has_one_sandbox_at_a_time(tmp_path: Path) -> None:
    first = Ledger(tmp_path)

    with pytest.raises(LedgerUnusable, match="another sandbox is using"):
        Ledger(tmp_path)

    first.close()
    Ledger(tmp_path).close()


def test_a_ledger_of_another_layout_is_refused(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger._db.execute("PRAGMA user_version=99")
    ledger.close()

    with pytest.raises(LedgerUnusable, match="layout 99"):
        Ledger(tmp_path)


def test_draws_and_times_go_on_where_they_were_after_a_restart(tmp_path: Path) -> None:
    rule = Behaviour("error", probability=0.5, seed=3, times=30)

    def ask(world: World, count: int) -> list[bool]:
        return [world.choose(channel="email", provider="smtp", to="a") is not None for _ in range(count)]

    whole = World(Ledger(tmp_path / "whole"), clock=lambda: AT)
    whole.behave([rule])
    expected = ask(whole, 40)
    ledger = Ledger(tmp_path / "broken")
    broken = World(ledger, clock=lambda: AT)
    broken.behave([rule])
    first = ask(broken, 17)
    ledger.close()

    again = World(Ledger(tmp_path / "broken"), clock=lambda: AT)

    assert first + ask(again, 23) == expected
    assert again.behaviours == whole.behaviours


def test_deliveries_since_are_those_last_accepted_since(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    for minute, delivery_id in enumerate(["d-1", "d-2", "d-1"]):
        accept(ledger, replace(MAIL, delivery_id=delivery_id), at=AT + timedelta(minutes=minute))
    since = int((AT + timedelta(minutes=2)).timestamp() * 1_000_000)

    assert Lookup(ledger.path).deliveries(since_us=since) == [{"delivery_id": "d-1", "times": 2}]
