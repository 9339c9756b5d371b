"""The money's part of the desk: the cashier's screen, what is due, what came in, what waits for somebody."""

from billing.admin import application_money, cards
from billing.admin.closing import ClosingAdmin
from billing.admin.instalment import InstalmentAdmin
from billing.admin.ledger_pages import EntryAdmin
from billing.admin.payment import PaymentAdmin
from billing.admin.report import PaymentReportAdmin
from billing.admin.voucher import VoucherAdmin
from billing.admin.waiver import WaiverAdmin

__all__ = [
    "ClosingAdmin",
    "EntryAdmin",
    "InstalmentAdmin",
    "PaymentAdmin",
    "PaymentReportAdmin",
    "VoucherAdmin",
    "WaiverAdmin",
    "application_money",
    "cards",
]
