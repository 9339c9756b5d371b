"""The technician's phone pages, under /field/."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path, reverse_lazy

from fieldwork.phone.filling import sheet_page
from fieldwork.phone.forms import LoginForm
from fieldwork.phone.pages import take_step, today, visit_page
from fieldwork.phone.photo import show
from fieldwork.phone.sync import send_position, upload

app_name = "field"
urlpatterns = [
    path("", today, name="today"),
    path(
        "login/",
        LoginView.as_view(
            template_name="fieldwork/login.html",
            authentication_form=LoginForm,
            next_page=reverse_lazy("field:today"),
        ),
        name="login",
    ),
    path("logout/", LogoutView.as_view(next_page=reverse_lazy("field:login")), name="logout"),
    path("visits/<int:pk>/", visit_page, name="visit"),
    path("visits/<int:pk>/step/<slug:name>/", take_step, name="step"),
    path("visits/<int:pk>/photos/", upload, name="upload"),
    path("visits/<int:pk>/<slug:name>/", sheet_page, name="sheet"),
    path("photos/<int:pk>/", show, name="photo"),
    path("position/", send_position, name="position"),
]
