"""The money of the planned orders: quotes, instalments, the ledger, payments, papers, and what waits for somebody."""

import json

from billing.models import (
    Closing,
    Entry,
    Instalment,
    Payment,
    PaymentReport,
    Quote,
    QuoteLine,
    Series,
    Voucher,
    Waiver,
)
from tests.bench.filling import fill, text
from tests.bench.seed_orders import CLERK, PAID, POWER

ISSUER = ("legal_name", "address", "tax_number", "phone", "email", "payment_instructions", "logo_url", "colour")
PAPER = {
    "issuer": {"name": "Utility", **dict.fromkeys(ISSUER, "")},
    **{"order": "u1-001", "offering": "Connection", "consumer_number": "U1-00000001", "issued_on": "2026-01-01"},
    **{"lines": [["Connection fee", "200.00"]], "total": "200.00", "received": "0.00", "waived": "0.00"},
    **{"due": "200.00", "refund": "0.00", "method": "Bank transfer", "reference": "T1"},
}
USD = {"currency": "'USD'"}
OPEN = f"CASE WHEN state IN ('CANCELLED', 'FAILED') OR ({PAID}) THEN 0 ELSE {{amount}} END"
PARTS = "(VALUES (0, 50, 'PRE_FULFILLMENT'), (1, 150, 'ON_FULFILLMENT')) AS part (position, amount, type)"
ENTRIES = "FROM billing_instalment AS i JOIN plan ON n = i.application_id"


def quotes() -> int:
    values = {"valid_until": "created_at + interval '30 days'", "balance": OPEN.format(amount=200)}
    return fill(Quote, "FROM plan", application="n", **values, **USD)


def quote_lines() -> int:
    lines = "(VALUES (0, 'Connection fee', 150), (1, '5 kW at 10.00', 50)) AS line (position, title, amount)"
    values = {"title": "line.title", "amount": "line.amount", "position": "line.position"}
    return fill(QuoteLine, f"FROM billing_quote AS q, {lines}", quote="q.id", **values)


def instalments() -> int:
    values = {
        "type": "part.type",
        "amount": "part.amount",
        "position": "part.position",
        "term": "part.position",
    }
    values["balance"] = OPEN.format(amount="part.amount")
    return fill(Instalment, f"FROM plan, {PARTS}", application="n", collected_by="'BPP'", **values, **USD)


def payments() -> int:
    return fill(
        Payment,
        f"{ENTRIES} WHERE {PAID}",
        provider="plan.provider_id",
        application="n",
        amount="i.amount",
        method="'BANK_TRANSFER'",
        reference="'T' || i.id",
        key="md5('payment' || i.id)::uuid",
        actor="'staff anna'",
        user=CLERK,
        at="ended_at",
        **USD,
    )


def entries() -> int:
    """A charge for each instalment of an order, what came in for it, and what a cancellation took back, as it happened:
    the newest lines are of every kind and of every provider."""
    came = "LEFT JOIN billing_payment AS p ON p.key = md5('payment' || i.id)::uuid"
    kinds = "(VALUES ('CHARGE', 'Charged'), ('PAYMENT', 'Received'), ('REVERSAL', 'Taken back')) AS k (kind, title)"
    at = "CASE WHEN k.kind = 'CHARGE' THEN ordered_at ELSE ended_at END"
    ended = "state IN ('CANCELLED', 'FAILED')"
    posted = f"""
        SELECT n, plan.provider_id, i.id AS instalment, i.amount, k.kind, k.title, {at} AS at,
               p.id AS payment, p.provider_id AS till,
               row_number() OVER (ORDER BY {at}, i.id, k.kind) AS number
        {ENTRIES} {came} CROSS JOIN {kinds}
        WHERE rank > 0 AND CASE k.kind WHEN 'PAYMENT' THEN p.id IS NOT NULL WHEN 'REVERSAL' THEN {ended} ELSE TRUE END
    """
    charge = "max(number) FILTER (WHERE kind = 'CHARGE') OVER (PARTITION BY instalment)"
    return fill(
        Entry,
        f"FROM (SELECT *, {charge} AS charge FROM ({posted}) AS p) AS e ORDER BY number",
        id="number",
        application="n",
        provider="provider_id",
        instalment="instalment",
        amount="amount",
        kind="kind",
        title="title",
        payment="CASE WHEN kind = 'PAYMENT' THEN payment END",
        till="CASE WHEN kind = 'PAYMENT' THEN till END",
        reverses="CASE WHEN kind = 'REVERSAL' THEN charge END",
        actor="'staff anna'",
        at="at",
        **USD,
    )


def vouchers() -> int:
    """An invoice for each connection, a receipt for each payment."""
    said = f"{text(json.dumps(PAPER))}::jsonb"
    paper = {"provider": "plan.provider_id", "application": "n", "content": said, "issued_by": "'staff anna'", **USD}
    whom = {"name": "Ada Park", "address": "1 Valencia Street", "tax_id": "", "premises": "1 Valencia Street"}
    paper["addressee"] = f"{text(json.dumps(whom))}::jsonb"
    invoice = {"kind": "'INVOICE'", "number": "'INV-' || n", "total": "200", "issued_at": "ended_at"}
    due = "(ended_at + interval '14 days')::date"
    count = fill(Voucher, f"FROM plan WHERE {POWER}", **paper, **invoice, due_on=due)
    receipt = {"kind": "'RECEIPT'", "number": "'RC-' || p.id", "total": "p.amount", "payment": "p.id"}
    return count + fill(
        Voucher,
        "FROM billing_payment AS p JOIN plan ON n = p.application_id",
        **{**paper, **receipt},
        issued_at="p.at",
    )


def series() -> int:
    kinds = "(VALUES ('INVOICE'), ('RECEIPT')) AS k (kind)"
    return fill(
        Series, f"FROM connections_provider AS p, {kinds}", provider="p.id", kind="k.kind", year="2026", last="1"
    )


def reports() -> int:
    """Buyer apps report what they collect; the last ones are still to be matched."""
    matched = "CASE WHEN p.id IS NULL THEN 'REPORTED' ELSE 'MATCHED' END"
    found = f"{ENTRIES} LEFT JOIN billing_payment AS p ON p.key = md5('payment' || i.id)::uuid"
    wanted = f"{found} WHERE bap IS NOT NULL AND rank IN (4, 5) AND i.position = 1 AND n / 50 % 5 = 1"
    values = {
        "provider": "plan.provider_id",
        "instalment": "i.id",
        "amount": "i.amount",
        "reference": "'R' || i.id",
        "reported_by": "bap",
    }
    state = {"state": matched, "payment": "p.id", "reported_at": "ordered_at"}
    return fill(PaymentReport, wanted, application="n", **values, **state, **USD)


def waivers() -> int:
    decided = {"decided_by": "(SELECT max(id) FROM auth_user)", "state": "'REFUSED'", "refusal": "'No'"}
    values = {
        "provider": "plan.provider_id",
        "instalment": "i.id",
        "amount": "10",
        "reason": "'Hardship'",
        "asked_by": CLERK,
        "asked_at": "ordered_at",
    }
    return fill(Waiver, f"{ENTRIES} WHERE n / 50 % 200 = 50 AND rank > 0", application="n", **values, **decided, **USD)


def closings() -> int:
    """Every provider closed every day but yesterday."""
    days = "FROM connections_provider AS p, generate_series(1, (SELECT least(700, 1 + max(n) / 50) FROM plan)) AS back"
    cash = {"expected_cash": "0", "counted_cash": "0", "closed_by": CLERK, "figures": """'{"rows": []}'::jsonb"""}
    return fill(Closing, days, provider="p.id", day="current_date - 1 - back", **cash, **USD)


STEPS = [
    *(quotes, quote_lines, instalments, payments, entries, vouchers, series, reports, waivers, closings),
]
