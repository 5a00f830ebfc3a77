"""Routes of roads and their accounts, below `/api/v1/`."""

from django.urls import path

from channels_app.api import account_test, accounts, channels

urlpatterns = [
    path("channels", channels.Channels.as_view()),
    path("channels/<str:key>", channels.ChannelDetail.as_view()),
    path("provider-accounts", accounts.ProviderAccounts.as_view()),
    path("provider-accounts/<uuid:id>", accounts.ProviderAccountDetail.as_view()),
    path("provider-accounts/<uuid:id>/changes", accounts.ProviderAccountChanges.as_view()),
    path("provider-accounts/<uuid:id>/health", accounts.ProviderAccountHealth.as_view()),
    path("provider-accounts/<uuid:id>/test", account_test.ProviderAccountTest.as_view()),
]
