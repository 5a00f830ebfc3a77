"""A `requests` session whose calls go through ours: what Twilio's library and anymail speak, unmodified, over it."""

from collections.abc import Mapping
from typing import Any

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers

from channels_app.call import Call
from channels_app.wire.client import Client
from channels_app.wire.line import Answer


class CallSession(requests.Session):
    """The session of one call: no proxy and no netrc of the environment, no redirects, no retries."""

    def __init__(self, client: Client, call: Call, *, extra_headers: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self.trust_env = False
        self.adapter = _Adapter(client, call, extra_headers or {})
        self.mount("https://", self.adapter)
        self.mount("http://", self.adapter)

    @property
    def answer(self) -> Answer | None:
        """What came back last, with the headers that libraries keep to themselves."""
        return self.adapter.answer

    def request(self, method: Any, url: Any, *args: Any, **options: Any) -> requests.Response:
        """As the library asked, but for redirects: to follow one would send the message twice."""
        return super().request(method, url, *args, **options | {"allow_redirects": False})


class _Adapter(BaseAdapter):
    def __init__(self, client: Client, call: Call, extra_headers: Mapping[str, str]) -> None:
        super().__init__()
        self._client, self._call, self._extra_headers = client, call, extra_headers
        self.answer: Answer | None = None

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        """Make the call. `options` say nothing that would count here: time-outs follow from the call."""
        self.answer = self._client.exchange(
            self._call,
            method=request.method or "POST",
            url=request.url or "",
            headers={**_texts(request.headers), **self._extra_headers},
            body=_bytes(request.body),
        )
        return _response(self.answer, request)

    def close(self) -> None:
        """The connections are the client's."""


def _texts(headers: Mapping[str, str | bytes]) -> dict[str, str]:
    return {name: value if isinstance(value, str) else value.decode() for name, value in headers.items()}


def _bytes(body: Any) -> bytes:
    if body is None:
        return b""
    return body.encode() if isinstance(body, str) else bytes(body)


def _response(answer: Answer, request: requests.PreparedRequest) -> requests.Response:
    response = requests.Response()
    response.status_code, response.reason = answer.status, answer.reason
    response.headers = CaseInsensitiveDict(answer.headers)
    response.encoding = get_encoding_from_headers(response.headers)
    response.url, response.request = request.url or "", request
    response._content = answer.body
    return response
