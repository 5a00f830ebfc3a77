"""How a notification type is made and changed by hand: checked as the API checks it."""

from typing import Any

import msgspec
from django import forms
from unfold.widgets import UnfoldAdminSelectWidget

from channels_app.registry import channels
from kernel import structs
from notifications.catalogue import strategy_names
from notifications.models import NotificationType
from notifications.rules.policy import TypePolicy, policy_troubles
from notifications.rules.types import type_troubles
from tenants.models import Tenant


class TypeForm(forms.ModelForm):  # type: ignore[type-arg]  # takes none when it runs
    """The tenant is chosen once, when the type is made."""

    tenant = forms.ModelChoiceField(queryset=Tenant.objects.order_by("name"), widget=UnfoldAdminSelectWidget)

    class Meta:
        model = NotificationType
        fields = (
            "key", "name", "category", "priority", "strategy", "channels", "template", "ttl_seconds", "unknown_policy",
            "policy",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.tenant_id:
            self.fields.pop("tenant", None)

    def clean_policy(self) -> dict[str, Any]:
        """The policy as it is kept: what says what a default says anyway is left out."""
        try:
            policy = structs.convert(self.cleaned_data["policy"] or {}, TypePolicy)
        except msgspec.ValidationError as error:
            raise forms.ValidationError(str(error)) from error
        found = [f"{pointer}: {message}" for pointer, _, message in policy_troubles(policy, known_channels=_channels())]
        if found:
            raise forms.ValidationError(found)
        kept: dict[str, Any] = msgspec.to_builtins(policy)
        return kept

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        tenant = found.get("tenant")
        tenant_id = self.instance.tenant_id or (tenant.id if tenant else None)
        if tenant_id is None:
            return found
        self.instance.tenant_id = tenant_id
        key, strategy = found.get("key", self.instance.key), found.get("strategy", "")
        for trouble in type_troubles(
            key=key,
            strategy=strategy,
            channels=found.get("channels") or [],
            known_strategies=strategy_names(tenant_id, wanted=(strategy,)),
            known_channels=channels.keys(),
        ):
            field = trouble.pointer.split("/")[1]
            self.add_error(field if field in self.fields else None, trouble.message)
        if NotificationType.objects.filter(tenant_id=tenant_id, key=key).exclude(id=self.instance.id).exists():
            self.add_error("key", f"the tenant has a type '{key}' already")
        return found


def _channels() -> tuple[str, ...]:
    return tuple(channels.keys())
