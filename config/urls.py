"""Every route. They are written without a trailing slash; with one they work too (`config/middleware/slash.py`)."""

from django.contrib import admin
from django.urls import include, path, re_path
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from config import views
from orchestrator.api.template_samples import TemplateSamples
from orchestrator.api.template_tests import TemplateTestSend
from templates_app.pages.urls import for_people
from tenants.api.problems import unknown_url

# Each app's own routes below /api/v1/, in the order in which they are tried: first those that are asked all the time.
API: tuple[str, ...] = (
    "notifications.api.urls",
    "tenants.api.urls",
    "audience.api.urls",
    "channels_app.api.urls",
    "preferences.api.urls",
    "templates_app.api.urls",
    "orchestrator.api.urls",
    "analytics.api.urls",
)

# JSON for those who do not say, as everywhere else; YAML with `?format=yaml` or `Accept`.
SCHEMA_RENDERERS = (OpenApiJsonRenderer2, OpenApiJsonRenderer, OpenApiYamlRenderer2, OpenApiYamlRenderer)

urlpatterns = [
    path("healthz", views.healthz),
    path("readyz", views.readyz),
    path("version", views.version),
    path("metrics", views.metrics_page),
    path("api/v1/schema", SpectacularAPIView.as_view(renderer_classes=SCHEMA_RENDERERS), name="schema"),
    path("api/v1/docs", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
    *(path("api/v1/", include(routes)) for routes in API),
    re_path("^api/", unknown_url),
    path("admin/templates/", include([for_people(path("templates/<str:key>/test-send", TemplateTestSend.as_view()))])),
    path("admin/templates/", include([for_people(path("templates/<str:key>/samples", TemplateSamples.as_view()))])),
    path("admin/templates/", include("templates_app.pages.urls")),
    path("admin/", admin.site.urls),
    path("", include("channels_app.hooks.urls")),
    path("", include("preferences.pages.urls")),
    path("", include("orchestrator.pages.urls")),
]

handler404 = "tenants.api.problems.unknown_url"
handler500 = "tenants.api.problems.server_error"
