"""Look things up: always inside a scope, which decides what can be seen."""

from uuid import UUID

from django.db.models import QuerySet

from tenants.models import ApiKey, AuditEntry, Tenant


def tenant_by_key(key: str) -> Tenant | None:
    return Tenant.objects.filter(key=key).first()


def keys_of(tenant_id: UUID) -> QuerySet[ApiKey]:
    """Every key, revoked and expired ones too."""
    return ApiKey.objects.filter(tenant_id=tenant_id)


def trail_of(tenant_id: UUID) -> QuerySet[AuditEntry]:
    return AuditEntry.objects.filter(tenant_id=tenant_id)
