"""The money's rows: what was quoted and is asked for, what moved, what was said about it, what was issued on paper."""

from billing.models.closing import Closing
from billing.models.ledger import Entry, Payment
from billing.models.quote import Instalment, Quote, QuoteLine
from billing.models.requests import PaymentReport, ReportState, Waiver, WaiverState
from billing.models.voucher import Series, Voucher

__all__ = [
    "Closing",
    "Entry",
    "Instalment",
    "Payment",
    "PaymentReport",
    "Quote",
    "QuoteLine",
    "ReportState",
    "Series",
    "Voucher",
    "Waiver",
    "WaiverState",
]
