"""Who answers which address. `/beckn/` is answered before this table, by the Beckn door (beckn_adapter/door.py)."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from config.health import healthz, readyz
from config.metrics import metrics
from connections.views.brand import brand

handler500 = "config.unavailable.page_of_failure"
urlpatterns = [
    path("", RedirectView.as_view(url="/admin/")),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("brand/<str:code>.css", brand, name="brand"),
    path("documents/", include("connections.urls")),
    path("track/", include("connections.track_urls")),
    path("", include("billing.papers.urls")),
    path("track/", include("fieldwork.applicant_urls")),
    path("field/", include("fieldwork.urls")),
    path("admin/second-step/", include("connections.access.urls")),
    path("admin/", admin.site.urls),
]
