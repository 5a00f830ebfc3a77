"""Apple in every mood: the sandbox's server over HTTP/2 and TLS, told how to behave."""

import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from channels_app.credentials import Sandbox
from channels_app.providers.apns import Apns
from channels_app.sandbox.push_identities import pem, server_certificate
from channels_app.values import Account, Message
from tests.channels_app.messages import make_message
from tests.channels_app.sandbox.process import SandboxProcess
from tests.channels_app.worlds import Mood
from tests.kernel.http_server import serving

RULES: dict[str, dict[str, Any]] = {
    "SILENT": {"do": "delay", "seconds": 30},
    "LOST": {"do": "drop_answer"},
    "BUSY": {"do": "throttle", "retry_after": 42},
    "DRIP": {"do": "drip", "seconds": 0.2},
}


SANDBOX = pytest.StashKey[SandboxProcess]()


class World:
    moods = tuple(Mood)

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self.sandbox = _sandbox_of(request)

    @contextmanager
    def enter(self, mood: Mood) -> Iterator[Account]:
        if mood.name in RULES:
            self.sandbox.behave(RULES[mood.name])
        written = Apns.sandbox_credentials(Sandbox(f"http://127.0.0.1:{self.sandbox.http_port}", ""))
        match mood:
            case Mood.GARBAGE:
                with serving(b"\xff\xfe<html>" * 50, context=tls_of_the_sandbox(), reads=False) as server:
                    yield self.account({**written, "directory_url": "", "server": f"https://127.0.0.1:{server.port}"})
            case Mood.GONE:
                with serving() as server:
                    written = {**written, "directory_url": "", "server": f"https://127.0.0.1:{server.port}"}
                yield self.account(written)
            case _:
                yield self.account(written)

    def account(self, written: dict[str, Any]) -> Account:
        return Account("apns", "apns", "push", "live", Apns.configure(written))

    def message(self, **changes: Any) -> Message:
        return make_message("push", **{"address": "a1b2c3d4" * 8, "kind": "apns"} | changes)

    def taken(self) -> list[str]:
        return [shown["delivery_id"] for shown in self.sandbox.messages(provider="apns")]


def _sandbox_of(request: pytest.FixtureRequest) -> SandboxProcess:
    """A sandbox for this run, cleared."""
    if SANDBOX not in request.config.stash:
        state = request.getfixturevalue("tmp_path_factory").mktemp("apns") / "state"
        process = request.config.stash[SANDBOX] = SandboxProcess(state).start()
        request.config.add_cleanup(process.stop)
    sandbox = request.config.stash[SANDBOX]
    sandbox.clear()
    return sandbox


def tls_of_the_sandbox() -> ssl.SSLContext:
    """TLS of somebody the sandbox's authority vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["h2"])
    with tempfile.TemporaryDirectory() as folder:
        chain = Path(folder) / "chain.pem"
        chain.write_text(pem(key) + server_certificate(key))
        context.load_cert_chain(chain)
    return context
