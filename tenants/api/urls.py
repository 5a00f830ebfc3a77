"""Routes of access, below `/api/v1/`."""

from django.urls import path

from tenants.api.api_keys import ApiKeyDetail, ApiKeys
from tenants.api.audit import Audit

urlpatterns = [
    path("api-keys", ApiKeys.as_view()),
    path("api-keys/<uuid:id>", ApiKeyDetail.as_view()),
    path("audit", Audit.as_view()),
]
