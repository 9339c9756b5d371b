"""What applicants do about their visit, under /track/. The id in the address is the key to it."""

from django.urls import path

from fieldwork.visit_time import change_time

app_name = "visit"
urlpatterns = [path("<uuid:tracking_id>/visit/", change_time, name="time")]
