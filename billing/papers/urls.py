"""The papers behind the application's unguessable tracking id, and the page that says whether one is genuine."""

from django.urls import path

from billing.papers import pages

app_name = "papers"
urlpatterns = [
    path("track/<uuid:tracking_id>/papers/<slug:number>/", pages.paper, name="page"),
    path("track/<uuid:tracking_id>/papers/<slug:number>.pdf", pages.pdf, name="pdf"),
    path("genuine/<str:code>/", pages.genuine, name="genuine"),
]
