"""Links to preference centres: made, opened, and taken back."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from kernel.crypto import purpose_keys
from preferences.models import CentreCutoff
from preferences.rules.centre_token import TOKEN_CHARS, Opening, read, write

LIVES = timedelta(days=365)  # mails are read late, and an opt-out must work for 30 days (CAN-SPAM, 16 CFR 316; 2026-11)
LIVES_AT_MOST = timedelta(days=5 * 365)


def centre_link(tenant_id: UUID, recipient_id: UUID, *, at: datetime, lives: timedelta = LIVES) -> tuple[str, datetime]:
    """The address of somebody's preference centre and when it stops working. Costs no look at the database."""
    opening = Opening(tenant_id, recipient_id, at, at + lives)
    return f"{settings.PUBLIC_URL}/p/{write(opening, keys=_keys())}", opening.expires_at


def example_link() -> str:
    """As long as a real one, and opens nothing: who may look at a message may not change what its reader wants."""
    return f"{settings.PUBLIC_URL}/p/{'x' * TOKEN_CHARS}"


def opening_of(token: str, *, at: datetime) -> Opening | None:
    """What a token opens; `None` when we did not write it or it is over. Whether it was taken back is not judged."""
    return read(token, at=at, keys=_keys())


def was_taken_back(opening: Opening) -> bool:
    """Whether the link was issued before those of the person were taken back; inside the tenant's scope."""
    return CentreCutoff.objects.filter(
        tenant_id=opening.tenant_id, recipient_id=opening.recipient_id, before__gt=opening.issued_at
    ).exists()


def has_taken_back(tenant_id: UUID, recipient_id: UUID) -> bool:
    """Whether links of the person were ever taken back; inside the tenant's scope."""
    return CentreCutoff.objects.filter(tenant_id=tenant_id, recipient_id=recipient_id).exists()


def take_back_links(tenant_id: UUID, recipient_id: UUID, *, at: datetime) -> None:
    """Let no link that was issued before `at` open the person's preference centre any more."""
    CentreCutoff.objects.update_or_create(recipient_id=recipient_id, tenant_id=tenant_id, defaults={"before": at})


def _keys() -> tuple[bytes, ...]:
    return purpose_keys((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS), "carillon.preference-centre")
