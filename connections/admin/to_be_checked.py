"""Which papers wait for a verdict: for the first page, the list of papers and the screen of an application."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from connections.documents.handing_in import TAKING
from connections.models import Application, Document
from connections.vocabulary import DocumentState


class ToBeChecked(admin.SimpleListFilter):
    title = "to be checked"
    parameter_name = "check"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "To be checked")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Document]) -> QuerySet[Document]:
        return to_be_checked(queryset) if self.value() == "yes" else queryset


def to_be_checked(documents: QuerySet[Document]) -> QuerySet[Document]:
    """Handed in and not judged, where anybody still asks for it: not waived, of an order that has not ended."""
    return documents.filter(state=DocumentState.SUBMITTED, waived_at=None, application__fulfillment_state__in=TAKING)


def is_to_be_checked(document: Document, application: Application) -> bool:
    return document.state == DocumentState.SUBMITTED and document.waived_at is None and takes_papers(application)


def takes_papers(application: Application) -> bool:
    """What has ended is judged no more."""
    return application.fulfillment_state in TAKING
