"""Routes of words, below `/api/v1/`."""

from django.urls import path

from templates_app.api import (
    canaries,
    layouts,
    partial_publishing,
    partials,
    previews,
    publishing,
    settings,
    templates,
    translations,
    versions,
)

urlpatterns = [
    path("templates", templates.Templates.as_view()),
    path("templates/<str:key>", templates.TemplateDetail.as_view()),
    path("templates/<str:key>/draft", templates.TemplateDraft.as_view()),
    path("templates/<str:key>/versions", versions.Versions.as_view()),
    path("templates/<str:key>/versions/<int:number>", versions.Version.as_view()),
    path("templates/<str:key>/versions/<str:number>/diff", versions.VersionDiff.as_view()),
    path("templates/<str:key>/publish", publishing.Publish.as_view()),
    path("templates/<str:key>/rollback", publishing.Rollback.as_view()),
    path("templates/<str:key>/canary", canaries.CanaryDetail.as_view()),
    path("templates/<str:key>/canary/promote", canaries.CanaryPromotion.as_view()),
    path("templates/<str:key>/canary/abort", canaries.CanaryAbortion.as_view()),
    path("templates/<str:key>/quarantine", publishing.Quarantine.as_view()),
    path("templates/<str:key>/preview", previews.TemplatePreview.as_view()),
    path("layouts", layouts.Layouts.as_view()),
    path("layouts/<str:key>", layouts.LayoutDetail.as_view()),
    path("partials", partials.Partials.as_view()),
    path("partials/<str:key>", partials.PartialDetail.as_view()),
    path("partials/<str:key>/draft", partials.PartialDraft.as_view()),
    path("partials/<str:key>/publish", partial_publishing.PartialPublish.as_view()),
    path("partials/<str:key>/republish", partial_publishing.PartialRepublish.as_view()),
    path("partials/<str:key>/preview", partial_publishing.PartialPreviewView.as_view()),
    path("partials/<str:key>/versions", partial_publishing.PartialVersions.as_view()),
    path("partials/<str:key>/versions/<int:number>", partial_publishing.PartialVersionDetail.as_view()),
    path("translations", translations.Translations.as_view()),
    path("translations/<str:locale>", translations.TranslationDetail.as_view()),
    path("template-settings", settings.SettingsDetail.as_view()),
]
