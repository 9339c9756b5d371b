"""The presses at the till: money that comes in, goes back, is matched, forgone, asked for, and the day's end."""

from collections.abc import Callable

from connections.lifecycle import advance
from tests.billing.days import DAY, NOON, dated, utility
from tests.billing.money import asked_by, at_the_cashier, early_of, order, paid, refund_page, report, typed
from tests.factories import SYSTEM, staff
from tests.journeys.presses import Case, Press, at_the_desk, boss


def taking() -> Press:
    return Press(at_the_cashier(order()), typed(), boss())


def taking_more_than_is_due() -> Press:
    """The page between was read: the sum above what is due is agreed to."""
    return Press(at_the_cashier(order()), typed(amount="60.00", agreed="10.00"), boss())


def paying_back() -> Press:
    """The page between was read, and its button is pressed."""
    ended = order()
    paid(ended, "50")
    advance(ended, "cancel", actor=SYSTEM, reason="Moved away")
    return Press(refund_page(ended), typed(agreed="50.00"), boss())


def taking_back() -> Press:
    return at_the_desk(paid(order(), "50"), "take_back", reason="Bounced")


def matching() -> Press:
    found = {"amount": "50.00", "method": "BANK_TRANSFER", "reference": "UPI-1", "key": typed()["key"]}
    return at_the_desk(report(), "match", **found)


def not_finding() -> Press:
    return at_the_desk(report(), "reject", reason="Not on the statement")


def asking_to_waive() -> Press:
    return at_the_desk(early_of(order()), "waive", amount="50.00", reason="Flooded street")


def deciding_a_waiver(action: str, **said: str) -> Callable[[], Press]:
    def arrange() -> Press:
        return at_the_desk(asked_by(staff("billing.add_waiver")), action, **said)

    return arrange


def asking_on_paper() -> Press:
    return Press(f"/admin/billing/voucher/issue/{order().pk}/", {"everything": "on", "_form": "opened-once"}, boss())


def closing_the_day() -> Press:
    dated(NOON, lambda: paid(order(), "50"))
    return Press(f"/admin/billing/closing/day/?provider={utility().pk}&day={DAY}", {"counted_cash": "50.00"}, boss())


CASES = [
    Case("till: take a payment", taking, "already recorded"),
    Case("till: take more than is due", taking_more_than_is_due, "already recorded"),
    Case("till: pay back", paying_back, "already recorded"),
    Case("till: take a payment back", taking_back, "taken back already"),
    Case("till: match a report", matching, "matched"),
    Case("till: a report is not found", not_finding, "it can not reject now"),
    Case("till: ask for a waiver", asking_to_waive, "already asked for and not decided yet"),
    Case("till: approve a waiver", deciding_a_waiver("approve"), "it can not approve now"),
    Case("till: refuse a waiver", deciding_a_waiver("refuse", reason="No"), "it can not refuse now"),
    Case("till: a demand note", asking_on_paper, "saved already"),
    Case("till: close the day", closing_the_day, "closed"),
]
