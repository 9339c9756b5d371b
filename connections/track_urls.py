"""The applicant's page, under /track/. The id in the address is the key to it."""

from django.urls import path

from connections.views import tracking

app_name = "track"
urlpatterns = [
    path("<uuid:tracking_id>/", tracking.track, name="page"),
    path("<uuid:tracking_id>/feedback/", tracking.feedback, name="feedback"),
]
