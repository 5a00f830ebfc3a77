"""Addresses as the suppression list knows them: a keyed hash that nobody turns back, kept when the person is erased.

The key is made once for an installation and kept in the database, sealed with `SECRET_KEY`: changing that key must not
forget who said no. The hash holds the tenant and the channel, so that equal addresses of two tenants look different.
"""

import hmac
import os
import threading
from dataclasses import dataclass, field
from functools import lru_cache
from uuid import UUID

import psycopg
from django.conf import settings
from django.db import connection

from kernel.crypto import Keyring, Place
from kernel.ids import uuid7
from preferences.models import AddressKey
from tenants.scope import DISPATCHER_ROLE, platform_scope

HASH_BYTES = 16  # of HMAC-SHA256
KEY_BYTES = 32
EVERYBODY = "platform"  # in place of the tenant, in what holds for all of them


@dataclass(frozen=True, slots=True)
class Contact:
    """An address in normal form on a channel of a tenant; without a tenant it is meant for all of them."""

    tenant_id: UUID | None
    channel: str
    address: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class HashedContact:
    """A contact whose address only its hash is known of."""

    tenant_id: UUID | None
    channel: str
    address_hash: bytes


def hash_of(contact: Contact | HashedContact) -> bytes:
    """What finds the suppressions of a contact."""
    if isinstance(contact, HashedContact):
        return contact.address_hash
    return _hashed(_whose(contact.tenant_id, contact.channel), contact.address)


def hashes_of(contact: Contact) -> tuple[bytes, ...]:
    """What finds the suppressions of a contact and those of its address for all tenants."""
    own = hash_of(contact)
    return (own,) if contact.tenant_id is None else (own, _hashed(_whose(None, contact.channel), contact.address))


def _hashed(whose: str, address: str) -> bytes:
    mac = _kept.mac().copy()  # half the cost of beginning anew from the key
    mac.update(f"{whose}{_form(address)}".encode())
    return mac.digest()[:HASH_BYTES]


@lru_cache(maxsize=1000)
def _whose(tenant_id: UUID | None, channel: str) -> str:
    return f"{tenant_id or EVERYBODY}\x1f{channel}\x1f"


def _form(address: str) -> str:
    """Mailboxes are told apart by case nowhere that matters; in tokens and URLs it does matter."""
    return address.casefold() if "@" in address and "//" not in address else address


class _Kept:
    """The key, read once by a process. A child of `fork` shares no lock with its parent."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self._lock = threading.Lock()
        self._mac: hmac.HMAC | None = None

    def mac(self) -> hmac.HMAC:
        """One that has taken the key in and nothing else."""
        if self._mac is None:
            with self._lock:
                self._mac = self._mac or hmac.new(_read() or _make(), digestmod="sha256")
        return self._mac


def _read() -> bytes | None:
    with platform_scope():
        row = AddressKey.objects.order_by("id").first()
        if row is None:
            return None
        keys, place = _keyring(), _place(row.id)
        opened = keys.open(bytes(row.sealed), place=place)
        if not keys.is_current(bytes(row.sealed)):
            AddressKey.objects.filter(id=row.id).update(sealed=keys.seal(opened, place=place))
    return opened


def _make() -> bytes:
    """Make the key in a transaction of its own: what the present one undoes must not take it along."""
    id = uuid7()
    sealed = _keyring().seal(os.urandom(KEY_BYTES), place=_place(id))
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as own:
        own.execute(f"SET ROLE {DISPATCHER_ROLE}")
        own.execute(
            "INSERT INTO preferences_addresskey (id, single, sealed) VALUES (%s, true, %s) ON CONFLICT DO NOTHING",
            (id, sealed),
        )
    made = _read()
    assert made is not None, "a key that was just committed can be read"
    return made


def _keyring() -> Keyring:
    return Keyring([settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS])


def _place(id: UUID) -> Place:
    return Place("preferences_addresskey", "sealed", None, id)


_kept = _Kept()
os.register_at_fork(after_in_child=_kept.begin)
