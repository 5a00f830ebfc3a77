"""Who we are to the push services of the sandbox: both sides derive the same keys from words, so none is handed over.

Nothing here opens anything but the sandbox.
"""

import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from channels_app.sandbox.identities import made_up

FCM_PROJECT = "carillon-sandbox"
FCM_ACCOUNT = f"sender@{FCM_PROJECT}.iam.gserviceaccount.com"
APNS_KEY_ID, APNS_TEAM_ID, APNS_TOPIC = "SANDBOXKEY", "SANDBOXTEAM", "test.carillon.app"
SERVER_NAME = "sandbox.carillon.test"  # whom the certificates of the sandbox's servers name, wherever it runs
ONESIGNAL_APP_ID = "5eb5a37e-0000-4000-8000-000000000000"
ONESIGNAL_API_KEY = made_up("onesignal key")
VAPID_SUBJECT = "mailto:push@carillon.test"

# Two primes of an RSA key that signs for nobody but the sandbox's Google: an RSA key cannot be derived from a word.
_P = (
    "f9d5f848746bf31f51810e7174dc798386cbdcbd614e980480ebce48876a76bc4d63f3e04a17fc482750d97ebfcd9adb"
    "a702eeb3bf6f34afefb9794e05033b768ac4f1e6dba8069ddb06ec0147671aec04322c57b46e0ccbcb242c261a41a38e"
    "7df43ccfcbc77391a0c89cdca6cd6222fa75edc976ef814601ac7231bce4ba09"
)
_Q = (
    "d5efe0d53ea89f3ea3b17481ae495fd64afeaa10997de77863d1b59a29df1093d780d6886c34e5f368b3ee4245049d6d"
    "a684c3a48c22c0b63bafffbcdf89253a948602b104f080fc59023cd5f10598989bc50523da8c7322eea01904ae78aaeb"
    "d2d128171fd620f6f7399583e010786997f8a16268a6b29e584197e43ff96891"
)
_E = 65537


def elliptic_key(word: str) -> ec.EllipticCurvePrivateKey:
    """The P-256 key of a word."""
    return ec.derive_private_key(int(made_up(word, chars=60), 16) + 1, ec.SECP256R1())


@lru_cache
def fcm_key() -> rsa.RSAPrivateKey:
    """The key of the service account."""
    p, q = int(_P, 16), int(_Q, 16)
    d = pow(_E, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(_E, p * q)
    dmp1, dmq1, iqmp = rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q)
    return rsa.RSAPrivateNumbers(p, q, d, dmp1, dmq1, iqmp, public).private_key()


@lru_cache
def fcm_service_account(token_uri: str) -> str:
    """The JSON file that Google would let one download."""
    return json.dumps(
        {
            "type": "service_account",
            "project_id": FCM_PROJECT,
            "private_key_id": made_up("fcm key id"),
            "private_key": pem(fcm_key()),
            "client_email": FCM_ACCOUNT,
            "token_uri": token_uri,
        }
    )


@lru_cache
def apns_key() -> str:
    """The .p8 file that Apple would let one download."""
    return pem(elliptic_key("apns key"))


@lru_cache
def vapid_key() -> str:
    """The private half of our application server key, as browsers' tools write it."""
    number = elliptic_key("vapid key").private_numbers().private_value
    return urlsafe_b64encode(number.to_bytes(32, "big")).decode().rstrip("=")


@lru_cache
def authority() -> str:
    """The certificate authority of the sandbox, PEM."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Carillon sandbox authority")])
    key = elliptic_key("authority")
    basic = x509.BasicConstraints(ca=True, path_length=0)
    return _pem_of(_unsigned(name, key.public_key()).issuer_name(name).add_extension(basic, critical=True), key)


def server_certificate(key: ec.EllipticCurvePrivateKey) -> str:
    """The certificate of a server of the sandbox, signed by its authority, PEM."""
    issuer = x509.load_pem_x509_certificate(authority().encode()).subject
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Carillon sandbox")])
    names = x509.SubjectAlternativeName([x509.DNSName(SERVER_NAME)])
    builder = _unsigned(subject, key.public_key()).issuer_name(issuer).add_extension(names, critical=False)
    return _pem_of(builder, elliptic_key("authority"))


def pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    """A private key as PEM."""
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption()).decode()


def _unsigned(subject: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    serial = int.from_bytes(sha256(repr(subject).encode()).digest()[:8], "big") >> 1
    builder = x509.CertificateBuilder().subject_name(subject).public_key(public).serial_number(serial)
    return builder.not_valid_before(datetime(2026, 1, 1, tzinfo=UTC)).not_valid_after(datetime(2076, 1, 1, tzinfo=UTC))


def _pem_of(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> str:
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
