"""Lend templates what they may not know: what contents look like, with each channel's judgement, and who uses them."""

from collections.abc import Mapping
from uuid import UUID

from django.db.models import QuerySet

from channels_app.registry import channels
from notifications.models import NotificationType
from templates_app.catalogue import register_categories
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
    return [f"type {found}" for found in _types(tenant_id, key).order_by("key").values_list("key", flat=True)]


def categories(tenant_id: UUID, key: str) -> list[str]:
    """As what the messages of a template go out."""
    return list(_types(tenant_id, key).exclude(category="").order_by().values_list("category", flat=True).distinct())


def _types(tenant_id: UUID, key: str) -> QuerySet[NotificationType]:
    return NotificationType.objects.filter(tenant_id=tenant_id, template__regex=rf"^{_literal(key)}(@|$)")


def _literal(key: str) -> str:
    return key.replace(".", "[.]")


register_categories(categories)
