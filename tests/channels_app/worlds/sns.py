"""Amazon SNS in every mood."""

from typing import Any, ClassVar
from urllib.parse import parse_qs

import pytest

from channels_app.aws.client import made
from tests.channels_app.scripted_http import Taken, answer
from tests.channels_app.worlds.http_world import CHATTER, HttpWorld

AWS = {"access_key_id": "AKIA1", "secret_access_key": "s3cret-word", "region": "eu-west-1"}


class AwsWorld(HttpWorld):
    """Models of services are read before the deadlines of these tests, which are far below real ones, begin."""

    service: ClassVar[str]

    def __init__(self, request: pytest.FixtureRequest) -> None:
        super().__init__(request)
        made(self.service, {**AWS, "session_token": "", "base_url": "http://127.0.0.1:9"})


class World(AwsWorld):
    key, service = "sns", "sns"
    address = "+14155550100"

    def credentials(self, url: str) -> dict[str, Any]:
        return {**AWS, "base_url": url}

    def yes(self, taken: Taken) -> bytes:
        name = self.delivery_ids(taken)[0]
        result = f"<PublishResult><MessageId>{name}</MessageId></PublishResult>"
        return answer(200, f"<PublishResponse>{result}</PublishResponse>".encode(), Content_Type="text/xml")

    def busy(self) -> bytes:
        error = f"<Error><Type>Sender</Type><Code>Throttling</Code><Message>{CHATTER}</Message></Error>"
        return answer(
            400, f"<ErrorResponse>{error}</ErrorResponse>".encode(), Retry_After="42", Content_Type="text/xml"
        )

    def delivery_ids(self, taken: Taken) -> list[str]:
        form = parse_qs(taken.body.decode())
        (place,) = [name for name, value in form.items() if value == ["carillon_delivery"]]
        return form[place.replace(".Name", ".Value.StringValue")]
