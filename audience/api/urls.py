"""Routes below /api/v1/."""

from django.urls import path

from audience.api import inbox, recipients, segments

urlpatterns = [
    path("recipients", recipients.RecipientsView.as_view()),
    path("recipients/bulk", recipients.RecipientsBulkView.as_view()),
    path("recipients/<str:external_id>", recipients.RecipientView.as_view()),
    path("recipients/<str:external_id>/endpoints", recipients.EndpointsView.as_view()),
    path("recipients/<str:external_id>/endpoints/<uuid:endpoint_id>", recipients.EndpointView.as_view()),
    path("recipients/<str:external_id>/inbox", recipients.RecipientInboxView.as_view()),
    path("recipients/<str:external_id>/token", recipients.RecipientTokenView.as_view()),
    path("segments", segments.SegmentsView.as_view()),
    path("segments/<str:key>", segments.SegmentView.as_view()),
    path("segments/<str:key>/members", segments.MembersView.as_view()),
    path("inbox", inbox.InboxView.as_view()),
    path("inbox/counts", inbox.InboxCountsView.as_view()),
    path("inbox/seen-all", inbox.SeeAllView.as_view()),
    path("inbox/read-all", inbox.ReadAllView.as_view()),
    path("inbox/<uuid:item_id>/seen", inbox.SeenView.as_view()),
    path("inbox/<uuid:item_id>/read", inbox.ReadView.as_view()),
    path("inbox/<uuid:item_id>/unread", inbox.UnreadView.as_view()),
    path("inbox/<uuid:item_id>/archive", inbox.ArchiveView.as_view()),
    path("inbox/<uuid:item_id>/unarchive", inbox.UnarchiveView.as_view()),
]
