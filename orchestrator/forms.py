"""What operators fill in before something happens to dead letters, and how a strategy is changed by hand."""

import re
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from orchestrator.models import Quota, Strategy
from orchestrator.rules.strategy import BadConfiguration, strategies
from orchestrator.services.quota_setting import BadQuota, Place, check_quota
from orchestrator.services.replays import DEFAULT_RATE, MAX_RATE

_TAG = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._:/-]{0,49}")


class TagsField(forms.CharField):
    """Tags, parted by commas."""

    widget = UnfoldAdminTextInputWidget

    def clean(self, value: Any) -> Any:
        tags = [tag.strip() for tag in super().clean(value).split(",") if tag.strip()]
        wrong = [tag for tag in tags if not _TAG.fullmatch(tag)]
        if wrong:
            raise forms.ValidationError(f"'{wrong[0][:50]}' is no tag; use letters, digits, spaces and . _ : / -")
        return tags


class ReplayForm(forms.Form):
    rate_per_second = forms.IntegerField(
        min_value=1,
        max_value=MAX_RATE,
        initial=DEFAULT_RATE,
        help_text="How many are tried again in a second, at most.",
        widget=UnfoldAdminIntegerFieldWidget,
    )


class TagForm(forms.Form):
    add = TagsField(required=False, help_text="Tags to put on, parted by commas.")
    remove = TagsField(required=False, help_text="Tags to take off, parted by commas.")


class DiscardForm(forms.Form):
    reason = forms.CharField(
        required=False, max_length=500, help_text="For whoever asks later.", widget=UnfoldAdminTextInputWidget
    )


class StrategyForm(forms.ModelForm):  # type: ignore[type-arg]  # takes none when it runs
    """Checked as the API checks it."""

    configuration = forms.JSONField(required=False, widget=UnfoldAdminTextareaWidget)

    class Meta:
        model = Strategy
        fields = ("name", "kind", "configuration", "active")

    def clean_configuration(self) -> dict[str, Any]:
        found = self.cleaned_data["configuration"]
        if not isinstance(found or {}, dict):
            raise forms.ValidationError("expected a JSON object")
        return found or {}

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        kind = found.get("kind", "")
        if kind not in strategies:
            self.add_error("kind", f"no strategy '{kind}'; known: {', '.join(strategies.keys())}")
        elif "configuration" in found:
            try:
                strategies.get(kind).check(found["configuration"])
            except BadConfiguration as bad:
                self.add_error("configuration", str(bad))
        return found


class QuotaForm(forms.ModelForm):  # type: ignore[type-arg]  # takes none when it runs
    """Checked as the command checks it. What a quota counts never changes: that would be another quota."""

    class Meta:
        model = Quota
        fields = ("tenant", "channel", "account", "period", "allowed", "over")
        help_texts = {
            "channel": "Count this channel alone; empty: all together.",
            "account": "Count every call through the provider account with this key alone.",
            "period": "Of UTC.",
            "allowed": "Messages in a period; 0 allows critical ones alone.",
            "over": "What becomes of the others: wait for the next period, or be skipped.",
        }

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        told = {name: found.get(name, getattr(self.instance, name)) for name in ("period", "channel", "account")}
        if not self.errors:
            try:
                check_quota(Place(**told), allowed=found["allowed"], over=found["over"])
            except BadQuota as bad:
                self.add_error(bad.field if bad.field in self.fields else None, str(bad))
        return found
