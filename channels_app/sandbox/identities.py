"""Who we are to the provider sandbox: made-up credentials that its protocols know and test mode's accounts use.

Nothing here opens anything but the sandbox. What signs the sandbox's reports follows from these words, too.
"""

from base64 import b64encode
from functools import lru_cache
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

HOOK_HEADER = "X-Sandbox-Hook"  # where the sandbox reports to, for providers that learn this in their dashboard


def made_up(word: str, *, chars: int = 32) -> str:
    """A text in hex that is always the same for a word."""
    return sha256(f"carillon sandbox: {word}".encode()).hexdigest()[:chars]


TWILIO_ACCOUNT_SID = f"AC{made_up('twilio account')}"
TWILIO_AUTH_TOKEN = made_up("twilio auth token")
TWILIO_SENDER = "+15005550006"  # Twilio's own number for tests: twilio.com/docs/iam/test-credentials, 2026-11

VONAGE_API_KEY = made_up("vonage api key", chars=8)
VONAGE_API_SECRET = made_up("vonage api secret", chars=16)
VONAGE_SIGNATURE_SECRET = made_up("vonage signature secret", chars=64)

RESEND_API_KEY = f"re_{made_up('resend api key')}"
RESEND_HOOK_SECRET = f"whsec_{b64encode(made_up('resend hook secret').encode()).decode()}"
POSTMARK_TOKEN = made_up("postmark server token")
MAILGUN_API_KEY = made_up("mailgun api key")
MAILGUN_SIGNING_KEY = made_up("mailgun signing key")
BREVO_API_KEY = f"xkeysib-{made_up('brevo api key')}"
SENDGRID_API_KEY = f"SG.{made_up('sendgrid api key')}"
HOOK_USERNAME, HOOK_PASSWORD = "carillon", made_up("hook password")  # where a provider knows basic authentication only


@lru_cache(maxsize=1)
def sendgrid_key() -> ec.EllipticCurvePrivateKey:
    """What signs the events of the sandbox's SendGrid."""
    return ec.derive_private_key(int(made_up("sendgrid key", chars=60), 16), ec.SECP256R1())


def sendgrid_verification_key() -> str:
    """Its public half as SendGrid shows it: DER in base64."""
    public = sendgrid_key().public_key()
    return b64encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


AWS_ACCESS_KEY_ID = f"AKIA{made_up('aws access key', chars=16).upper()}"
AWS_SECRET_ACCESS_KEY = made_up("aws secret access key", chars=40)
AWS_REGION = "eu-west-1"
AWS_TOPIC_ARN = f"arn:aws:sns:{AWS_REGION}:000000000000:carillon-sandbox"
AWS_CERTIFICATES = "/aws/certificates/"  # below it lie the certificates the sandbox signs with


def aws_credentials(url: str) -> dict[str, object]:
    """The account of SES and SNS; `url` is the sandbox's."""
    return {
        "access_key_id": AWS_ACCESS_KEY_ID,
        "secret_access_key": AWS_SECRET_ACCESS_KEY,
        "region": AWS_REGION,
        "topic_arns": [AWS_TOPIC_ARN],
        "certificates_url": f"{url}{AWS_CERTIFICATES}",
    }
