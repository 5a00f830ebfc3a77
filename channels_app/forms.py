"""How operators fill in a provider account: checked as the API checks it, secrets written and never shown."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from channels_app.models import ProviderAccount
from channels_app.registry import providers
from channels_app.services import Facts, credentials_of, facts_of
from channels_app.values import WrongCredentials

PLAIN = (
    "name", "enabled", "weight", "priority", "per_second", "per_minute", "per_hour",
    "cost_micros", "currency", "region",
)  # fmt: skip


class AccountForm(forms.ModelForm):  # type: ignore[type-arg]  # takes none when it runs
    """`credentials` are what the provider asks for, as JSON; of an account that is there, only what is to change."""

    provider = forms.ChoiceField(widget=UnfoldAdminSelectWidget)
    credentials = forms.JSONField(
        required=False,
        widget=UnfoldAdminTextareaWidget,
        help_text="A JSON object. What is kept is never shown: leave it empty to keep everything, name a field to "
        "replace it, give null to take it away.",
    )

    class Meta:
        model = ProviderAccount
        fields = ("key", "provider", "mode", *PLAIN)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "provider" in self.fields:
            choices = [(p.key, f"{p.title} ({p.channel})") for p in sorted(providers, key=lambda p: p.key)]
            self.fields["provider"].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        given = found.get("credentials") or {}
        if not isinstance(given, dict):
            self.add_error("credentials", "expected a JSON object")
            return found
        is_new = self.instance.created_at is None
        provider = str(found.get("provider")) if is_new else self.instance.provider
        if is_new and ProviderAccount.objects.filter(tenant=None, key=found.get("key")).exists():
            self.add_error("key", "the platform has an account of this key already")
        if provider in providers:
            kept = {} if is_new else credentials_of(self.instance)
            merged = {name: value for name, value in {**kept, **given}.items() if value is not None}
            try:
                providers.get(provider).configure(merged)
            except WrongCredentials as wrong:
                self.add_error("credentials", str(wrong))
        return found

    def facts(self) -> Facts:
        """What was filled in."""
        said = self.cleaned_data
        plain = {name: said[name] for name in PLAIN if name in said}
        if self.instance.created_at is None:
            return Facts(
                key=said["key"],
                provider=said["provider"],
                mode=said["mode"],
                credentials=said.get("credentials") or {},
                **plain,
            )
        kept = facts_of(self.initial_row())
        return Facts(
            key=kept.key,
            provider=kept.provider,
            mode=kept.mode,
            credentials=said.get("credentials") or None,
            **plain,
        )

    def initial_row(self) -> ProviderAccount:
        """The row as it is kept: the form has already put its values into the instance."""
        return ProviderAccount.objects.get(id=self.instance.id)


class TestForm(forms.Form):
    """Where a test message goes."""

    to = forms.CharField(
        max_length=2000,
        widget=UnfoldAdminTextInputWidget,
        help_text="An address as in an endpoint of the channel: it gets a real message.",
    )
