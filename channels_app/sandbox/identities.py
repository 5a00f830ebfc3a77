"""Who we are to the provider sandbox: made-up credentials that its protocols know and test mode's accounts use.

Nothing here opens anything but the sandbox. What signs the sandbox's reports follows from these words, too.
"""

from hashlib import sha256

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
