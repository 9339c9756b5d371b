"""The cases of docs/money.md, worked out by hand there: each row's story is played, and the account must stand so."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest

from billing.ledger import account_of, statuses_of
from billing.models import Payment
from billing.payments import approve_waiver, ask_waiver, record_payment, return_payment, reverse_payment
from connections.actors import Actor
from connections.lifecycle import advance
from connections.models import Application, CancellationTerm, Offering
from connections.services import amend_application
from connections.vocabulary import ApplicationState as S
from tests.factories import SYSTEM, application_in, bring_to, offering, provider, staff

pytestmark = pytest.mark.django_db
PAGE = Path(__file__).parents[2] / "docs" / "money.md"
FEES = {S.SCHEDULED: 0, S.TECHNICIAN_ASSIGNED: 10, S.ASSESSMENT_COMPLETED: 25, S.APPROVED: 50}
STATES = {
    "order": S.SCHEDULED,
    "visit": S.TECHNICIAN_ASSIGNED,
    "assessed": S.ASSESSMENT_COMPLETED,
    "approved": S.APPROVED,
    "power on": S.CONNECTION_ESTABLISHED,
}

FEE = {"title": "Connection fee", "amount": D("200")}
CABLE = {"title": "Cable", "kind": "PER_KW", "amount": D("12.50"), "included_kw": D("5")}
DINARS = ({"title": "Cable", "kind": "PER_KW", "amount": D("1.155")}, {"title": "Fee", "amount": D("20")})
YEN = ({"title": "Fee", "amount": D("20000")}, {"title": "Cable", "kind": "PER_KW", "amount": D("333.3")})
SAN_FRANCISCO = {"code": "sf_electric_authority", "currency": "USD"}
KUWAIT = {"code": "kuwait_power", "currency": "KWD", "area": False}
TOKYO = {"code": "tokyo_lines", "currency": "JPY", "area": False}
Rows = tuple[dict[str, Any], ...]


def share(kind: str, percent: str) -> dict[str, Any]:
    return {"type": kind, "percent": D(percent)}


def sum_of(kind: str, amount: str) -> dict[str, Any]:
    return {"type": kind, "amount": D(amount)}


ON_POWER = sum_of("ON_FULFILLMENT", "150")
THIRDS = (share("PRE_FULFILLMENT", "33.33"), share("ON_FULFILLMENT", "66.67"))
THREE_PARTS = (sum_of("PRE_ORDER", "20"), sum_of("PRE_FULFILLMENT", "30"), share("ON_FULFILLMENT", "50"))
TARIFFS: dict[str, tuple[dict[str, Any], Rows, Rows]] = {
    "flat": (SAN_FRANCISCO, (FEE,), (ON_POWER,)),
    "three parts": (SAN_FRANCISCO, (FEE,), THREE_PARTS),
    "thirds": (SAN_FRANCISCO, (FEE,), THIRDS),
    "nothing first": (SAN_FRANCISCO, (FEE,), (sum_of("PRE_ORDER", "0"), ON_POWER)),
    "cable": (SAN_FRANCISCO, (FEE, CABLE), (ON_POWER,)),
    "cable, half first": (SAN_FRANCISCO, (FEE, CABLE), (share("PRE_FULFILLMENT", "50"),)),
    "dinar": (KUWAIT, DINARS, THIRDS),
    "yen": (TOKYO, YEN, (share("PRE_ORDER", "50"),)),
}


@dataclass(frozen=True)
class Case:
    """A row of the page."""

    title: str
    tariff: str
    kw: str
    story: str
    asked: str
    kept: str
    open: str
    due_back: str
    instalments: str


def cases() -> list[Case]:
    table = PAGE.read_text().split("| case ")[1].splitlines()[2:]
    return [Case(*(cell.strip() for cell in row.strip("|").split("|"))) for row in table if row]


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.title)
def test_the_account_stands_as_worked_out_by_hand(case: Case) -> None:
    order = application_in(S.DRAFT, offering=priced_by(case.tariff), load_kw=D(case.kw))

    for act in case.story.split(", "):
        order = happen(order, act)

    account, statuses = account_of(order), statuses_of(order)
    found = (account.asked, account.kept, account.open, account.refund_due)
    assert found == tuple(map(D, (case.asked, case.kept, case.open, case.due_back)))
    told = [statuses[row.pk].lower().replace("_", " ") for row in order.instalments.all()]
    assert told == case.instalments.split(", ")


def test_every_tariff_of_the_page_is_played() -> None:
    assert {case.tariff for case in cases()} == set(TARIFFS)
    assert len(cases()) >= 50


def priced_by(tariff: str) -> Offering:
    utility, lines, terms = TARIFFS[tariff]
    serving = provider(**utility)
    for state, percent in FEES.items():
        CancellationTerm.objects.create(provider=serving, state=state, fee_percent=percent)
    return offering(provider=serving, lines=lines, terms=terms)


def happen(order: Application, act: str) -> Application:
    """One act of a story, in the words of the page; gives the order as it then is."""
    if act in STATES:
        return bring_to(order, STATES[act])
    what, _, how_much = act.removesuffix(" kW").partition(" ")
    ACTS[what](order, how_much)
    return Application.objects.get(pk=order.pk)


def waive(order: Application, amount: str) -> None:
    clerk, boss = staff("billing.add_waiver"), staff("billing.approve_waiver")
    waiver = ask_waiver(order.instalments.get(), amount=D(amount), reason="Hardship", actor=Actor.staff(clerk))
    approve_waiver(waiver, actor=Actor.staff(boss))


def bounce(order: Application, _: str) -> None:
    reverse_payment(Payment.objects.latest("id"), reason="The bank sent it back", actor=SYSTEM)


ACTS: dict[str, Callable[[Application, str], object]] = {
    "pay": lambda order, amount: record_payment(order, amount=D(amount), actor=SYSTEM),
    "refund": lambda order, amount: return_payment(order, amount=D(amount), method="CASH", actor=SYSTEM),
    "bounce": bounce,
    "waive": waive,
    "load": lambda order, kw: amend_application(order, changes={"requested_load_kw": D(kw)}, actor=SYSTEM),
    "applicant": lambda order, _: advance(order, "cancel", actor=Actor.buyer_app("bap.example"), reason="Moved"),
    "utility": lambda order, _: advance(order, "cancel", actor=SYSTEM, reason="No capacity"),
}
