"""What SNS signs its calls with here: an RSA key of this process and its self-signed certificate."""

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import uuid4

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from channels_app.sandbox import identities
from channels_app.sandbox.values import OutgoingReport

VALID = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Seal:
    """A key and its certificate. `name` is the file name of the certificate, new with every process."""

    name: str
    key: rsa.RSAPrivateKey
    pem: bytes


@lru_cache(maxsize=1)
def seal() -> Seal:
    """Made when it is first needed: that takes a tenth of a second."""
    key, now = rsa.generate_private_key(65537, 2048), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sns.sandbox.carillon.test")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + VALID)
        .sign(key, SHA256())
    )
    return Seal(f"SimpleNotificationService-{uuid4().hex}.pem", key, certificate.public_bytes(Encoding.PEM))


def published(hook: str, message: Mapping[str, Any], *, origin: str) -> OutgoingReport:
    """A notification of SNS with signature version 2. `origin` is the sandbox's own URL."""
    said = {
        "Type": "Notification",
        "MessageId": str(uuid4()),
        "TopicArn": identities.AWS_TOPIC_ARN,
        "Message": json.dumps(message),
        "Timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
        "SignatureVersion": "2",
        "SigningCertURL": f"{origin}{identities.AWS_CERTIFICATES}{seal().name}",
        "UnsubscribeURL": f"{origin}/sns/?Action=Unsubscribe",
    }
    text = "".join(f"{name}\n{said[name]}\n" for name in ("Message", "MessageId", "Timestamp", "TopicArn", "Type"))
    said["Signature"] = b64encode(seal().key.sign(text.encode(), PKCS1v15(), SHA256())).decode()
    headers = {"Content-Type": "text/plain; charset=UTF-8", "x-amz-sns-message-type": "Notification"}
    return OutgoingReport(hook, headers, json.dumps(said).encode())
