"""The money's part of the desk: what was quoted, what is asked for, what came in."""

from billing.admin.instalment import InstalmentAdmin
from billing.admin.payment import PaymentAdmin
from billing.admin.voucher import VoucherAdmin

__all__ = ["InstalmentAdmin", "PaymentAdmin", "VoucherAdmin"]
