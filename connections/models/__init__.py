"""The core's rows, one module a subject."""

from connections.models.access import PersonalDataView
from connections.models.application import Application
from connections.models.document import Document, DocumentVersion, Submission
from connections.models.edition import Edition
from connections.models.history import Event, EventWords, Hold
from connections.models.letter import Letter
from connections.models.offering import Offering, PaymentTerm, PriceLine, RequiredDocument
from connections.models.promise import Holiday, ServicePromise
from connections.models.provider import CancellationReason, CancellationTerm, Provider, ServiceArea
from connections.models.provider_of_order import ProviderOfOrder
from connections.models.search_word import SearchWord
from connections.models.sent_form import SentForm
from connections.models.voices import Feedback, SupportRequest

__all__ = [
    "Application",
    "CancellationReason",
    "CancellationTerm",
    "Document",
    "DocumentVersion",
    "Edition",
    "Event",
    "EventWords",
    "Feedback",
    "Hold",
    "Holiday",
    "Letter",
    "Offering",
    "PaymentTerm",
    "PersonalDataView",
    "PriceLine",
    "Provider",
    "ProviderOfOrder",
    "RequiredDocument",
    "SearchWord",
    "SentForm",
    "ServiceArea",
    "ServicePromise",
    "Submission",
    "SupportRequest",
]
