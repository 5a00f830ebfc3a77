"""Lend templates what they may not know: what contents look like, with each channel's judgement, and who uses them."""

from collections.abc import Mapping
from uuid import UUID

from channels_app.registry import channels
from notifications.models import NotificationType
from templates_app.values import Shape


def shapes() -> Mapping[str, Shape]:
    """The channels by key."""
    return {
        channel.key: Shape(
            channel.key, channel.content, channel.validate, channel.validate_rendered, channel.fit, channel.units
        )
        for channel in channels
    }


def uses(tenant_id: UUID | None, key: str) -> list[str]:
    """The notification types that name a template, whatever version of it."""
    if tenant_id is None:
        return []
    rows = NotificationType.objects.filter(tenant_id=tenant_id, template__regex=rf"^{_literal(key)}(@|$)")
    return [f"type {found}" for found in rows.order_by("key").values_list("key", flat=True)]


def _literal(key: str) -> str:
    return key.replace(".", "[.]")
