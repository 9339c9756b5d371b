"""The core's rows, one module a subject."""

from connections.models.application import Application
from connections.models.document import Document
from connections.models.history import Event, Hold
from connections.models.offering import Offering, PaymentTerm, PriceLine, RequiredDocument
from connections.models.provider import CancellationTerm, Provider, ServiceArea

__all__ = [
    "Application",
    "CancellationTerm",
    "Document",
    "Event",
    "Hold",
    "Offering",
    "PaymentTerm",
    "PriceLine",
    "Provider",
    "RequiredDocument",
    "ServiceArea",
]
