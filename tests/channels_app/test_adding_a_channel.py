"""The example of `docs/adding-a-channel.md` is code that works."""

import re
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from channels_app import registry
from channels_app.accounts import LIVE, accounts_for, close_all, mistakes, provider_for
from channels_app.contract import Provider
from channels_app.values import Retry, Sent, Unknown
from kernel.clock import monotonic
from kernel.registry import Registry
from tests.channels_app.messages import make_message

PAGE = Path(__file__).parents[2] / "docs" / "adding-a-channel.md"


@pytest.fixture
def folder(db: None, monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path) -> Path:
    """The example, registered and configured as the page says."""
    (example,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    theirs: Registry[type[Provider]] = Registry("provider")
    for provider in registry.providers:
        theirs.register(provider)
    for module in ("channels_app.registry", "channels_app.accounts", "channels_app.accounts_named"):
        monkeypatch.setattr(f"{module}.providers", theirs)
    namespace: dict[str, Any] = {"__name__": "channels_app.providers.folder"}
    exec(compile(example, str(PAGE), "exec"), namespace)
    settings.CHANNEL_ENABLE_LIST, settings.PROVIDER_CREDENTIALS = (), {"folder": {"path": str(tmp_path)}}
    return tmp_path


def test_the_example_sends(folder: Path) -> None:
    (account,) = accounts_for("email", mode=LIVE, tenant_id=None)
    message = make_message("email")

    results = provider_for(account).send([message, message], deadline=monotonic() + 5)
    close_all()

    assert results == [Sent(f"<{message.delivery_id}@localhost>", delivered=True)] * 2
    (file,) = folder.iterdir()
    assert message_from_bytes(file.read_bytes())["Subject"] == "Your order"


def test_the_example_is_held_to_the_contract(folder: Path) -> None:
    (account,) = accounts_for("email", mode=LIVE, tenant_id=None)
    missing = folder / "gone"
    provider = type(provider_for(account))(
        type(account)("folder", "folder", "email", "live", {"path": str(missing)}), timeout_seconds=1
    )

    unsafe, lost = provider.send(
        [make_message(content={"subject": "a\nb", "text": "x"}), make_message()], deadline=monotonic() + 5
    )

    assert (type(unsafe), type(lost)) == (Retry, Unknown)


def test_a_mistake_in_its_setting_stops_the_start(folder: Path, settings: Settings) -> None:
    settings.PROVIDER_CREDENTIALS = {"folder": {"path": "mail"}}

    assert mistakes() == ("PROVIDER_CREDENTIALS_FOLDER: path is 'mail'; an absolute one like /var/mail would do",)
