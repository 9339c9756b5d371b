"""The utility's words, spelt as the guide's taxonomy spells them (section "Taxonomy and Layer 2 Configuration").

Only these spellings stand in the database; what a buyer app reads is beckn_adapter/translate/taxonomy.py's business.
"""

from django.db.models import TextChoices

COUNTER = "counter"  # the source of what nobody's app brought


class PropertyType(TextChoices):
    RESIDENTIAL = "RESIDENTIAL"
    COMMERCIAL = "COMMERCIAL"
    INDUSTRIAL = "INDUSTRIAL"
    AGRICULTURAL = "AGRICULTURAL"


class Phase(TextChoices):
    SINGLE_PHASE = "SINGLE_PHASE", "Single phase"
    THREE_PHASE = "THREE_PHASE", "Three phase"
    SPLIT_PHASE = "SPLIT_PHASE", "Split phase"


class UserType(TextChoices):
    CONSUMER = "CONSUMER"
    PRODUCER = "PRODUCER"


class MeterType(TextChoices):
    DIGITAL = "DIGITAL"
    ANALOG = "ANALOG"
    SMART_METER = "SMART_METER", "Smart meter"
    PREPAID_METER = "PREPAID_METER", "Prepaid meter"
    POSTPAID_METER = "POSTPAID_METER", "Postpaid meter"


class BillingCycle(TextChoices):
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"
    QUARTERLY = "QUARTERLY"


class ConnectionStatus(TextChoices):
    PENDING = "PENDING"
    IN_PROGRESS = "IN_PROGRESS", "In progress"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"
    ON_HOLD = "ON_HOLD", "On hold"


class ApplicationState(TextChoices):
    DRAFT = "DRAFT", "Draft"
    SCHEDULED = "SCHEDULED", "Visit scheduled"
    TECHNICIAN_ASSIGNED = "TECHNICIAN_ASSIGNED", "Technician assigned"
    ASSESSMENT_COMPLETED = "ASSESSMENT_COMPLETED", "Assessment completed"
    APPROVED = "APPROVED", "Approved"
    CONNECTION_ESTABLISHED = "CONNECTION_ESTABLISHED", "Connection established"
    CANCELLED = "CANCELLED", "Cancelled"
    FAILED = "FAILED", "Rejected by the utility"


OPEN_STATES = [
    ApplicationState.SCHEDULED,
    ApplicationState.TECHNICIAN_ASSIGNED,
    ApplicationState.ASSESSMENT_COMPLETED,
    ApplicationState.APPROVED,
]
ENDED_STATES = frozenset({ApplicationState.CANCELLED, ApplicationState.FAILED})  # without power


class DocumentState(TextChoices):
    PENDING = "PENDING"
    SUBMITTED = "SUBMITTED"
    VERIFIED = "VERIFIED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"


class PaymentType(TextChoices):
    """When an instalment falls due. The guide's POST_ORDER is PRE_FULFILLMENT: after the order, before the work."""

    PRE_ORDER = "PRE_ORDER", "With the order"
    PRE_FULFILLMENT = "PRE_FULFILLMENT", "Before the work"
    ON_FULFILLMENT = "ON_FULFILLMENT", "When power is on"
    POST_FULFILLMENT = "POST_FULFILLMENT", "Afterwards, by invoice"


BEFORE_THE_WORK = frozenset({PaymentType.PRE_ORDER, PaymentType.PRE_FULFILLMENT})


class PaymentStatus(TextChoices):
    PENDING = "PENDING"
    PAID = "PAID"
    FAILED = "FAILED"
    REFUNDED = "REFUNDED"
    PARTIALLY_PAID = "PARTIALLY_PAID", "Partially paid"


class PaymentMethod(TextChoices):
    CASH = "CASH", "Cash"
    CARD = "CARD", "Card"
    BANK_TRANSFER = "BANK_TRANSFER", "Bank transfer"
    BUYER_APP = "BUYER_APP", "Through the buyer app"


class EntryKind(TextChoices):
    """Which way a line of an application's account counts."""

    CHARGE = "CHARGE", "Charged"
    PAYMENT = "PAYMENT", "Received"
    REFUND = "REFUND", "Paid back"
    REVERSAL = "REVERSAL", "Taken back"
    WAIVER = "WAIVER", "Waived"


class CollectedBy(TextChoices):
    BAP = "BAP", "The buyer app"
    BPP = "BPP", "The utility"
    AGENT = "AGENT", "The technician"


class Ball(TextChoices):
    """Who acts next."""

    APPLICANT = "APPLICANT"
    UTILITY = "UTILITY"
