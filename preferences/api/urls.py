"""Routes of wishes and suppressions, below `/api/v1/`."""

from django.urls import path

from preferences.api.centre_links import CentreLink
from preferences.api.consent_requirements import RequirementsOfTenant
from preferences.api.consents import BulkConsents, Consents, RecipientConsents
from preferences.api.me import MyPreferences
from preferences.api.overrides import RecipientOverride, RecipientOverrides
from preferences.api.recipient_preferences import RecipientPreferences
from preferences.api.suppressions import LiftSuppression, Suppressions
from preferences.api.tenant_defaults import TenantDefaults

urlpatterns = [
    path("recipients/<str:external_id>/preferences", RecipientPreferences.as_view()),
    path("recipients/<str:external_id>/preferences/link", CentreLink.as_view()),
    path("me/preferences", MyPreferences.as_view()),
    path("recipients/<str:external_id>/overrides", RecipientOverrides.as_view()),
    path("recipients/<str:external_id>/overrides/<uuid:id>", RecipientOverride.as_view()),
    path("preferences/defaults", TenantDefaults.as_view()),
    path("recipients/<str:external_id>/consents", RecipientConsents.as_view()),
    path("consents", Consents.as_view()),
    path("consents/bulk", BulkConsents.as_view()),
    path("consents/requirements", RequirementsOfTenant.as_view()),
    path("suppressions", Suppressions.as_view()),
    path("suppressions/<uuid:id>/lift", LiftSuppression.as_view()),
]
