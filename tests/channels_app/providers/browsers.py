"""A browser that subscribed to push messages: it has the private half of its keys, and reads what comes."""

import json
import os
from base64 import urlsafe_b64encode
from typing import Any

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


class Browser:
    """`keys` are what `PushSubscription.toJSON()` tells."""

    def __init__(self) -> None:
        self._key, self._secret = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
        public = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.keys = {"p256dh": _text(public), "auth": _text(self._secret)}

    def read(self, body: bytes) -> Any:
        """The message of a push, decrypted."""
        plain = http_ece.decrypt(body, private_key=self._key, auth_secret=self._secret, version="aes128gcm")
        return json.loads(plain)


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")
