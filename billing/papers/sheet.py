"""What a paper says, in the order in which it is read: the one source of the page and of the PDF.

Pure: it reads the voucher's frozen content and nothing that may have changed since.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from billing.models import Voucher
from billing.models.voucher import VoucherKind
from billing.pricing import to_minor_unit

NOT_ISSUED = "Preview, not issued"
ON_LETTER = {
    "USD",
    "CAD",
    "MXN",
    "CLP",
    "COP",
    "PHP",
    "CRC",
    "GTQ",
    "DOP",
    "NIO",
    "PAB",
    "VES",
}  # no A4 in their offices
SIZES = ("a4", "letter")
Row = tuple[str, str]


@dataclass(frozen=True)
class Table:
    """Lines with their amounts, and the sums below them: what is due is the last one, and set large."""

    title: str
    lines: tuple[Row, ...]
    sums: tuple[Row, ...] = ()
    due: Row | None = None


@dataclass(frozen=True)
class Sheet:
    """A paper in words. `lead` answers what it was opened for: how much, by when; `how` says how to pay."""

    kind: str
    number: str
    lead: str
    how: str
    issuer: str
    issuer_lines: tuple[str, ...]
    logo_url: str
    colour: str
    facts: tuple[Row, ...]
    tables: tuple[Table, ...]
    is_preview: bool

    @property
    def title(self) -> str:
        return f"{self.kind}: {self.number.lower()}" if self.is_preview else f"{self.kind} {self.number}"


def sheet_of(voucher: Voucher) -> Sheet:
    """The paper that a voucher is; one that is not saved is a preview."""
    issuer: dict[str, str] = voucher.content["issuer"]
    is_bill = voucher.kind in {VoucherKind.DEMAND_NOTE, VoucherKind.INVOICE}
    is_preview = voucher.pk is None
    return Sheet(
        kind=voucher.get_kind_display(),
        number=NOT_ISSUED if is_preview else voucher.number,
        lead=_lead(voucher),
        how=_how(voucher) if is_bill else "",
        issuer=issuer["name"],
        issuer_lines=_issuer_lines(issuer),
        logo_url=issuer.get("logo_url", ""),
        colour=issuer.get("colour", ""),
        facts=_facts(voucher),
        tables=_tables(voucher),
        is_preview=is_preview,
    )


def size_of(voucher: Voucher, asked: str = "") -> str:
    """a4 or letter: as asked, else what offices use where the currency is paid in."""
    if asked in SIZES:
        return asked
    return "letter" if voucher.currency in ON_LETTER else "a4"


def say_day(day: date | str) -> str:
    """`Tuesday 12 May 2026`; a frozen day is an ISO text."""
    day = date.fromisoformat(day) if isinstance(day, str) else day
    return f"{day:%A} {day.day} {day:%B %Y}"


def say_money(amount: str | Decimal, currency: str) -> str:
    """`1,250.00 USD`, with its currency's places, whether it comes frozen or from the database."""
    return f"{to_minor_unit(Decimal(amount), currency):,f} {currency}"


def due_of(voucher: Voucher) -> Decimal:
    """What a bill asks for, as it was issued."""
    return Decimal(voucher.content.get("due", "0"))


# --- The first line -------------------------------------------------------------------------------------------------


def _lead(voucher: Voucher) -> str:
    total = say_money(_total(voucher), voucher.currency)
    if voucher.kind == VoucherKind.RECEIPT:
        return f"Receipt: {total} received with thanks"
    if voucher.kind == VoucherKind.REFUND_NOTE:
        return f"Refund note: {total} paid back to you"
    if due_of(voucher):
        by = f" by {say_day(voucher.due_on)}" if voucher.due_on else ""
        return f"{voucher.get_kind_display()}: {say_money(voucher.content['due'], voucher.currency)} to be paid{by}"
    if Decimal(voucher.content.get("refund", "0")):
        back = say_money(voucher.content["refund"], voucher.currency)
        return f"{voucher.get_kind_display()}: you get {back} back, nothing is to be paid"
    return f"{voucher.get_kind_display()}: {total}, nothing is to be paid"


def _how(voucher: Voucher) -> str:
    if not due_of(voucher):
        return ""
    issuer = voucher.content["issuer"]
    told = str(issuer["payment_instructions"]).strip()
    ask = " or ".join(part for part in (issuer["phone"], issuer["email"]) if part)
    return told or (f"Ask us: {ask}" if ask else f"Ask {issuer['name']}.")


def _total(voucher: Voucher) -> str:
    """As it was frozen; a receipt's total is that of its lines."""
    if "total" in voucher.content:
        return str(voucher.content["total"])
    return str(sum((Decimal(amount) for _, amount in voucher.content["lines"]), Decimal(0)))


# --- Who, what for --------------------------------------------------------------------------------------------------


def _issuer_lines(issuer: dict[str, str]) -> tuple[str, ...]:
    legal = issuer["legal_name"] if issuer["legal_name"] != issuer["name"] else ""
    tax = f"Tax number {issuer['tax_number']}" if issuer["tax_number"] else ""
    reach = ", ".join(part for part in (issuer["phone"], issuer["email"]) if part)
    lines = [legal, *issuer["address"].splitlines(), tax, reach]
    return tuple(line.strip() for line in lines if line.strip())


def _facts(voucher: Voucher) -> tuple[Row, ...]:
    to, about = voucher.addressee, voucher.content
    on_one_line = {name: ", ".join(str(to[name]).splitlines()) for name in ("address", "premises")}
    when = "Date" if voucher.payment_id else "Issued"
    facts = [
        ("To", to["name"]),
        ("Address", on_one_line["address"]),
        ("Tax id", to["tax_id"]),
        ("Premises", on_one_line["premises"] if on_one_line["premises"] != on_one_line["address"] else ""),
        ("Order", about["order"]),
        ("For", about["offering"]),
        ("Consumer number", about.get("consumer_number", "")),
        (when, say_day(about["issued_on"])),
        ("Paid by", about.get("method", "")),
        ("Reference", about.get("reference", "")),
    ]
    return tuple((name, value) for name, value in facts if value)


# --- Lines and sums -------------------------------------------------------------------------------------------------


def _tables(voucher: Voucher) -> tuple[Table, ...]:
    content, total = voucher.content, ("Total", _say(voucher, _total(voucher)))
    lines = _rows(voucher, content["lines"])
    if voucher.kind == VoucherKind.DEMAND_NOTE:
        asked = Table("What is asked for", _rows(voucher, content["asked"]), due=_due_row(voucher))
        return asked, Table("What the connection costs", lines, (total,))
    if voucher.kind == VoucherKind.INVOICE:
        return (Table("What it costs", lines, (total, *_settled(voucher)), _due_row(voucher)),)
    return (Table("What it is for", lines, due=total),)


def _settled(voucher: Voucher) -> list[Row]:
    named = [("Received", "received"), ("Waived", "waived")]
    return [(name, _say(voucher, voucher.content[key])) for name, key in named if Decimal(voucher.content[key])]


def _due_row(voucher: Voucher) -> Row:
    if Decimal(voucher.content.get("refund", "0")):
        return "You get back", _say(voucher, voucher.content["refund"])
    return "To be paid", _say(voucher, voucher.content["due"])


def _rows(voucher: Voucher, rows: list[Any]) -> tuple[Row, ...]:
    return tuple((str(title), _say(voucher, amount)) for title, amount in rows)


def _say(voucher: Voucher, amount: str) -> str:
    return say_money(amount, voucher.currency)
