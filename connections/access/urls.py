"""The second step of the log-in, under /admin/second-step/."""

from django.urls import path

from connections.access import views

app_name = "access"
urlpatterns = [
    path("", views.prove, name="prove"),
    path("set-up/", views.set_up, name="set-up"),
    path("codes/", views.recovery_codes, name="codes"),
]
