"""pyfcm and google-auth over connections of ours: nothing sleeps, nothing is tried again, and the status is kept.

pyfcm 2.1.1 sleeps for Retry-After in the calling thread, sends once more after that without an end, lets its adapter
repeat a POST ten times, and turns every error into a text; google-auth repeats the exchange of a token, with pauses.
"""

import json
import threading
from collections.abc import Mapping
from typing import Any, NoReturn

import requests
from google.auth.transport import Request, Response
from google.oauth2 import service_account
from pyfcm import FCMNotification  # type: ignore[import-untyped]

from channels_app.call import Call
from channels_app.wire.client import Client

SCOPES = ("https://www.googleapis.com/auth/firebase.messaging",)
CONTENT_TYPE = "application/json; charset=UTF-8"


class TokenRefused(Exception):
    """Google gave no token. `status` and `text` are of its answer."""

    def __init__(self, status: int, text: str, *, after: str) -> None:
        super().__init__(f"no token: {status}")
        self.status, self.text, self.after = status, text, after


class Tokens:
    """The access token of a service account, exchanged by one thread while the others wait for it."""

    def __init__(self, info: Mapping[str, Any], client: Client) -> None:
        self._client = client
        read = service_account.Credentials.from_service_account_info
        self._credentials = read(dict(info), scopes=SCOPES)  # type: ignore[no-untyped-call]
        self._lock = threading.Lock()

    def current(self, call: Call) -> str:
        """A token that is good for some minutes. Raises TokenRefused, OSError or TimeoutError."""
        if not self._lock.acquire(timeout=call.remaining()):
            raise TimeoutError("another thread waits for a token for too long")
        try:
            found = self._credentials
            if not found.valid:  # google-auth calls a token invalid some minutes before its end
                exchange = Call((), deadline=call.deadline, timeout_seconds=call.remaining())
                exchange.begin()
                found.refresh(_Exchange(self._client, exchange))
            return str(found.token)
        finally:
            self._lock.release()

    def forget(self, token: str) -> None:
        """This token was refused: exchange a new one next time."""
        with self._lock:
            if self._credentials.token == token:
                self._credentials.token = None


class Library(FCMNotification):  # type: ignore[misc]
    """pyfcm for one call: it composes the message and says where to send it, the rest is ours."""

    def __init__(self, session: requests.Session, *, base_url: str, project: str, token: str) -> None:
        super().__init__(credentials=_Project(project))
        self.FCM_END_POINT_BASE = base_url
        self._session, self._token = session, token

    @property
    def requests_session(self) -> requests.Session:
        """The session of the call."""
        return self._session

    def send_request(self, payload: Any = None, timeout: Any = None) -> requests.Response:
        """Send once. How long it may last is known to the session."""
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": CONTENT_TYPE}
        return self._session.post(self.fcm_end_point, data=payload, headers=headers)

    def parse_response(self, response: requests.Response) -> requests.Response:
        """The answer as it is."""
        return response


class _Project:
    """All that pyfcm asks of credentials before it sends."""

    def __init__(self, project_id: str) -> None:
        self.project_id = project_id


class _Exchange(Request):
    """The transport of google-auth. It raises what google-auth would try again."""

    def __init__(self, client: Client, call: Call) -> None:
        self._client, self._call = client, call

    def __call__(  # type: ignore[override]
        self, url: str, method: str = "POST", body: Any = None, headers: Any = None, **_: Any
    ) -> Response:
        answer = self._client.exchange(self._call, method=method, url=url, headers=headers or {}, body=body or b"")
        if answer.status != 200:
            _refuse(answer.status, answer.body, after=answer.header("retry-after"))
        return _Answer(answer.status, answer.headers, answer.body)


class _Answer(Response):
    def __init__(self, status: int, headers: Any, data: bytes) -> None:
        self._status, self._headers, self._data = status, dict(headers), data

    @property
    def status(self) -> int:
        return self._status

    @property
    def headers(self) -> Mapping[str, str]:
        return self._headers

    @property
    def data(self) -> bytes:
        return self._data


def _refuse(status: int, body: bytes, *, after: str) -> NoReturn:
    try:
        text = str(json.loads(body)["error"])
    except (ValueError, KeyError, TypeError):
        text = ""
    raise TokenRefused(status, text, after=after)
