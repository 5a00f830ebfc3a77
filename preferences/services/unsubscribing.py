"""Unsubscribe by a link: the URL that a message carries, and what happens when somebody uses it."""

from datetime import datetime
from uuid import UUID

from django.conf import settings

from audience.selectors import addresses_of
from kernel.crypto import purpose_keys
from preferences.address_hash import Contact, HashedContact, hash_of
from preferences.rules.suppression import Reason, scope_of
from preferences.rules.unsubscribe_token import Leaving, read, write
from preferences.rules.wishes import REQUIRED_CATEGORIES
from preferences.services.suppressions import NewSuppression, lift_where, suppress

SOURCE = "page"


def unsubscribe_url(
    *, tenant_id: UUID, recipient_id: UUID, endpoint_id: UUID, channel: str, address: str, category: str, type: str
) -> str:
    """Where the person leaves what this message belongs to; empty when it belongs to nothing one can leave.

    One can leave every category except the required ones. A message without a category is an answer to something the
    person did.
    """
    if not category or category in REQUIRED_CATEGORIES:
        return ""
    address_hash = hash_of(Contact(tenant_id, channel, address))
    scope = scope_of(category=category, type=type)
    leaving = Leaving(tenant_id, recipient_id, endpoint_id, address_hash, channel, scope)
    return f"{settings.PUBLIC_URL}/u/{write(leaving, keys=_keys())}"


def example_way_out(*, category: str) -> str:
    """What stands in a preview for that place: a link that leaves nothing, and none where there is nothing to leave."""
    return f"{settings.PUBLIC_URL}/u/preview" if category and category not in REQUIRED_CATEGORIES else ""


def leaving_of(token: str) -> Leaving | None:
    """What a token from an unsubscribe URL says; `None` when we did not write it."""
    return read(token, keys=_keys())


def unsubscribe(leaving: Leaving, *, at: datetime) -> bool:
    """Leave, from the commit of the caller's transaction on; `False` when that was done before."""
    wanted = NewSuppression(contact_of(leaving), Reason.UNSUBSCRIBE, leaving.scope, recipient_id=leaving.recipient_id)
    return bool(suppress([wanted], source=SOURCE, at=at))


def subscribe_again(leaving: Leaving, *, at: datetime) -> bool:
    """Take it back; `False` when there was nothing to take back."""
    lifted = lift_where(
        [contact_of(leaving)],
        reasons=[Reason.UNSUBSCRIBE],
        scopes=[leaving.scope],
        actor="recipient",
        why="subscribed again",
        at=at,
    )
    return bool(lifted)


def contact_of(leaving: Leaving) -> Contact | HashedContact:
    """The address that leaves, as far as it is still known: it may have been erased since."""
    hashed = HashedContact(leaving.tenant_id, leaving.channel, leaving.address_hash)
    address = addresses_of([leaving.endpoint_id]).get(leaving.endpoint_id)
    if address is None:
        return hashed
    known = Contact(leaving.tenant_id, leaving.channel, address)
    return known if hash_of(known) == leaving.address_hash else hashed


def _keys() -> tuple[bytes, ...]:
    return purpose_keys((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS), "carillon.unsubscribe")
