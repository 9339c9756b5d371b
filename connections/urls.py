"""The applicant's document form, under /documents/. The token in the address is the key to it."""

from django.urls import path

from connections.views import document_form, paper_files

app_name = "documents"
urlpatterns = [
    path("<str:token>/", document_form.first_step, name="form"),
    path("<str:token>/papers/<slug:code>/", document_form.step, name="step"),
    path("<str:token>/check/", document_form.check, name="check"),
    path("<str:token>/done/", document_form.done, name="done"),
    path("<str:token>/versions/<int:version>/file", paper_files.download, name="file"),
    path("<str:token>/versions/<int:version>/pages/<int:page>.png", paper_files.page, name="page"),
]
