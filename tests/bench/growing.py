"""The tables that grow with the orders and the messages: none of them may ever be read from end to end."""

from django.db.models import Model

from beckn_adapter.models import Act, Attempt, Callback, Conversation, Message
from billing.models import Entry, Instalment, Payment, PaymentReport, Quote, QuoteLine, Voucher, Waiver
from connections.models import (
    Application,
    Document,
    DocumentVersion,
    Event,
    EventWords,
    Feedback,
    Hold,
    Letter,
    PersonalDataView,
    SearchWord,
    Submission,
    SupportRequest,
)
from fieldwork.models import FieldAct, Finding, Installation, Meter, Photo, Visit

GROWING: list[type[Model]] = [
    *(Application, Document, DocumentVersion, Submission, Event, EventWords, Hold, Letter, Feedback, SupportRequest),
    *(PersonalDataView, SearchWord, Visit, FieldAct, Photo, Finding, Installation, Meter),
    *(Quote, QuoteLine, Instalment, Entry, Payment, PaymentReport, Waiver, Voucher),
    *(Conversation, Message, Callback, Attempt, Act),
]
