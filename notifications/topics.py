"""The kinds of messages that a tenant sends, as the preference centre shows them."""

from uuid import UUID

from channels_app.registry import channels
from notifications.models import NotificationType
from notifications.rules.policy import policy_in
from preferences.topics import Kind


def kinds_of(tenant_id: UUID) -> list[Kind]:
    """Every type of a tenant, by key, in one statement. One that names no channels may use all of them."""
    known = tuple(channels.keys())
    addressless = frozenset(channel.key for channel in channels if not channel.needs_endpoint)
    rows = NotificationType.objects.filter(tenant_id=tenant_id).order_by("key")
    return [
        Kind(
            key=key,
            name=name,
            category=category,
            purpose=policy_in(policy).purpose,
            channels=tuple(one for one in known if one in wanted) if wanted else known,
            reachable=addressless,
        )
        for key, name, category, wanted, policy in rows.values_list("key", "name", "category", "channels", "policy")
    ]
