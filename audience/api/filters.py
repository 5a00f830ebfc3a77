"""What lists of people can be narrowed by."""

import django_filters
from django.db.models import Exists, OuterRef, QuerySet

from audience.models import Endpoint, InboxItem, Recipient
from audience.rules.readers import BadAddress, read_email, read_phone

LAST_CHARACTER = "\U0010ffff"  # of the collation "C", and no character of an id
_READERS = {"email": read_email, "sms": read_phone}


class RecipientFilter(django_filters.FilterSet):
    """Addresses are compared in normal form, so `Ana@EXAMPLE.org` finds `Ana@example.org`."""

    external_id = django_filters.CharFilter(help_text="Exactly this id.")
    external_id_prefix = django_filters.CharFilter(method="with_prefix", help_text="Ids that begin like this.")
    email = django_filters.CharFilter(method="with_address", help_text="Exactly this e-mail address.")
    phone = django_filters.CharFilter(method="with_address", help_text="Exactly this phone number.")
    created_after = django_filters.IsoDateTimeFilter(
        field_name="created_at", lookup_expr="gte", help_text="Known since this moment or later."
    )
    created_before = django_filters.IsoDateTimeFilter(
        field_name="created_at", lookup_expr="lt", help_text="Known since before this moment."
    )

    class Meta:
        model = Recipient
        fields: tuple[str, ...] = ()

    def with_prefix(self, rows: QuerySet[Recipient], name: str, value: str) -> QuerySet[Recipient]:
        # Not LIKE: it may not go before the row-level policy, so it would read everybody of the tenant.
        return rows.filter(external_id__gte=value, external_id__lt=value + LAST_CHARACTER)

    def with_address(self, rows: QuerySet[Recipient], name: str, value: str) -> QuerySet[Recipient]:
        channel = "sms" if name == "phone" else name
        try:
            address = _READERS[channel](value)
        except BadAddress:
            return rows.none()
        # By tenant too, so that the index on (tenant, channel, address) is used.
        found = Endpoint.objects.filter(
            tenant=OuterRef("tenant"), recipient=OuterRef("id"), channel=channel, address=address
        )
        return rows.filter(Exists(found))


_YES_OR_NO = (("true", "true"), ("false", "false"))


class InboxFilter(django_filters.FilterSet):
    """What an inbox can be narrowed by. Without `archived` the archive is left out."""

    unread = django_filters.ChoiceFilter(choices=_YES_OR_NO, method="still", help_text="Only items (not) read yet.")
    unseen = django_filters.ChoiceFilter(choices=_YES_OR_NO, method="still", help_text="Only items (not) seen yet.")
    archived = django_filters.ChoiceFilter(
        choices=_YES_OR_NO,
        method="in_archive",
        help_text="`true` is the archive alone, without it or `false` the rest.",
    )
    category = django_filters.CharFilter(help_text="Exactly this category.")

    class Meta:
        model = InboxItem
        fields: tuple[str, ...] = ()

    def filter_queryset(self, queryset: QuerySet[InboxItem]) -> QuerySet[InboxItem]:
        rows: QuerySet[InboxItem] = super().filter_queryset(queryset)
        return rows if self.form.cleaned_data["archived"] else rows.filter(archived_at=None)

    def still(self, rows: QuerySet[InboxItem], name: str, value: str) -> QuerySet[InboxItem]:
        moment = "read_at" if name == "unread" else "seen_at"
        return rows.filter(**{f"{moment}__isnull": value == "true"})

    def in_archive(self, rows: QuerySet[InboxItem], name: str, value: str) -> QuerySet[InboxItem]:
        return rows.filter(archived_at__isnull=value == "false")
