"""The papers of an order on the wire: a tag group each for the latest demand note and the invoice, with a link."""

from typing import Any

from beckn_adapter.translate.amounts import write_money
from beckn_adapter.translate.tags import tag_group
from billing.models import Voucher
from billing.models.voucher import VoucherKind
from billing.papers.links import paper_url
from billing.papers.sheet import due_of
from connections.models import Application

Json = dict[str, Any]
CODES = {VoucherKind.DEMAND_NOTE: "demand-note", VoucherKind.INVOICE: "invoice"}


def write_vouchers(application: Application) -> list[Json]:
    """`demand-note` and `invoice`, for an order that has them: core and guide have no place of their own for papers."""
    latest = {row.kind: row for row in application.vouchers.filter(kind__in=CODES)}
    return [_group(code, latest[kind]) for kind, code in CODES.items() if kind in latest]


def _group(code: str, voucher: Voucher) -> Json:
    """`amount` is what the paper comes to, `amount-due` what is to be paid of it by `due-date` (a day, ISO 8601)."""
    values = [
        ("number", voucher.number),
        ("url", paper_url(voucher)),
        ("amount", write_money(voucher.total, voucher.currency)),
        ("amount-due", write_money(due_of(voucher), voucher.currency)),
        ("currency", voucher.currency),
        ("due-date", voucher.due_on.isoformat() if voucher.due_on else ""),
    ]
    return {**tag_group(code, [(name, value) for name, value in values if value]), "display": True}
