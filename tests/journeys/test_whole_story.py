"""From search to rating on a running house: everybody through the pages they use, every callback looked at."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from playwright.sync_api import Browser

from beckn_adapter.sandbox import orders
from beckn_adapter.sandbox.journal import Entry
from beckn_adapter.sandbox.reading import dig, rows, tag_value
from tests.core_schema import PROTOCOL, violations
from tests.journeys.people import DESK, LET_PEOPLE_IN, PHONE, Applicant, Clerk, TechnicianOnThePhone
from tests.journeys.wire import documents_told, state_told
from tests.town import Town

Json = dict[str, Any]
AT_THE_PREMISES = {"latitude": 37.774921, "longitude": -122.419424}
PATIENCE = 20.0  # seconds for a callback on a busy machine
THE_STAMP = "The stamp or the signature is missing."
# Each callback of the story in its order: the action, the state it tells, and what is new in it.
STORY: list[tuple[str, str, set[str]]] = [
    ("on_search", "", set()),
    ("on_select", "", set()),
    ("on_init", "", set()),
    (
        "on_confirm",
        "SCHEDULED",
        {
            *("id-proof SUBMITTED", "ownership-certificate SUBMITTED", "wiring-diagram SUBMITTED"),
            *("PENDING", "NOT-PAID", "visit SCHEDULED"),
        },
    ),
    ("on_status", "SCHEDULED", {"a time"}),
    ("on_status", "TECHNICIAN_ASSIGNED", {"IN_PROGRESS", "Ada Able", "visit ASSIGNED"}),
    ("on_status", "TECHNICIAN_ASSIGNED", {"wiring-diagram REJECTED", "ON_HOLD"}),
    ("on_status", "TECHNICIAN_ASSIGNED", {"wiring-diagram SUBMITTED", "IN_PROGRESS"}),
    ("on_status", "TECHNICIAN_ASSIGNED", {"id-proof VERIFIED"}),
    ("on_status", "TECHNICIAN_ASSIGNED", {"ownership-certificate VERIFIED"}),
    ("on_status", "TECHNICIAN_ASSIGNED", {"wiring-diagram VERIFIED"}),
    ("on_status", "TECHNICIAN_ASSIGNED", {"visit EN_ROUTE"}),
    ("on_status", "TECHNICIAN_ASSIGNED", {"visit ON_SITE"}),
    ("on_status", "ASSESSMENT_COMPLETED", set()),
    ("on_status", "APPROVED", {"no time", "visit SCHEDULED"}),  # the installation's
    ("on_status", "APPROVED", {"visit ASSIGNED"}),
    ("on_status", "APPROVED", {"visit EN_ROUTE"}),
    ("on_track", "", set()),
    ("on_status", "APPROVED", {"visit ON_SITE"}),
    ("on_status", "CONNECTION_ESTABLISHED", {"COMPLETED", "a connection"}),
    ("on_status", "CONNECTION_ESTABLISHED", {"PAID"}),
    ("on_status", "CONNECTION_ESTABLISHED", set()),  # as it was asked for
    ("on_track", "", set()),
    ("on_rating", "", set()),
    ("on_support", "", set()),
]


class Buyer:
    """Maria's buyer app: asks, waits for the answer, and knows how many callbacks have come."""

    def __init__(self, town: Town) -> None:
        self.town, self.need = town, orders.Need()
        self.transaction_id = town.buyer.begin(self.need)
        self.count = 0

    def ask(self, action: str, message: Json) -> Json:
        buyer = self.town.buyer
        if action == "search":
            sent = buyer.search(message["intent"], transaction_id=self.transaction_id)
        else:
            sent = buyer.send(action, message, transaction_id=self.transaction_id)
        assert sent.acknowledged, sent.reply
        answer: Json = self.hears(1).message
        assert answer["context"]["message_id"] == sent.message_id
        return answer["message"]

    def hears(self, more: int) -> Entry:
        self.count += more
        return self.town.buyer.journal.wait_for_any(self.transaction_id, self.count, PATIENCE)

    def heard(self) -> list[Entry]:
        return [entry for entry in self.town.buyer.journal.entries(self.transaction_id) if not entry.sent]


def differences(before: Json, now: Json) -> set[str]:
    """What is new in an order, in short words."""
    return facts(now) - facts(before) | ({"no time"} if "a time" in facts(before) - facts(now) else set())


def facts(order: Json) -> set[str]:
    found = {f"{code} {state}" for code, state in documents_told(order).items()}
    tags = [tag for group in rows(order, "tags") for tag in rows(group, "list")]
    found |= {str(tag["value"]) for tag in tags if dig(tag, "descriptor", "code") == "connection-status"}
    found |= {f"visit {tag['value']}" for tag in tags if dig(tag, "descriptor", "code") == "visit-status"}
    found |= {str(payment["status"]) for payment in rows(order, "payments") if state_told(order)}
    fulfillment = dig(order, "fulfillments", 0)
    found |= {str(dig(fulfillment, "agent", "person", "name") or "")}
    found |= {"a time" if dig(fulfillment, "stops", 0, "time") else ""}
    found |= {"a connection" if tag_value(dig(order, "items", 0), "meter_id") else ""}
    return found - {""}


def told(entries: list[Entry]) -> list[tuple[str, str, set[str]]]:
    story, before = [], {}
    for entry in entries:
        state = state_told(entry.order)
        story.append((entry.action, state, differences(before, entry.order) if state else set()))
        before = entry.order if state else before
    return story


@contextmanager
def people(browser: Browser, town: Town, run: str) -> Iterator[tuple[Applicant, Clerk, TechnicianOnThePhone]]:
    town.house.manage("shell", "--no-imports", "--verbosity", "0", "--command", LET_PEOPLE_IN.replace("{run}", run))
    place: Any = {"geolocation": AT_THE_PREMISES, "permissions": ["geolocation"]}
    applicant = Applicant(browser, town.house.url, **PHONE)
    clerk = Clerk(browser, town.house.url, **DESK)
    technician = TechnicianOnThePhone(browser, town.house.url, **PHONE, **place)
    try:
        clerk.log_in(f"{run}-clerk")
        technician.log_in(f"{run}-ada")
        yield applicant, clerk, technician
    finally:
        complaints = [said for person in (applicant, clerk, technician) for said in person.leave()]
    assert complaints == []


def order_it(buyer: Buyer, applicant: Applicant) -> tuple[str, str]:
    """search, select, init, the papers through the form, confirm. Returns the order's number and the form's link."""
    catalogue = buyer.ask("search", {"intent": orders.intent(buyer.need)})["catalog"]
    provider = catalogue["providers"][0]["id"]
    selected = orders.selection(buyer.need, provider_id=provider, item_id="new-resi-connection")
    assert buyer.ask("select", {"order": selected})["order"]["quote"]["price"]["value"] == "200"
    applied = orders.application(buyer.need, selected)
    terms = buyer.ask("init", {"order": applied})["order"]
    form = terms["items"][0]["xinput"]["form"]
    submission = applicant.hand_in(form["url"], "ID proof", "ownership certificate", "wiring diagram")
    agreed = orders.agreement(applied, terms)
    agreed["items"][0]["xinput"] = {"form": {"submission_id": submission}}
    return buyer.ask("confirm", {"order": agreed})["order"]["id"], form["url"]


def check_papers(buyer: Buyer, clerk: Clerk, applicant: Applicant, number: str, link: str) -> None:
    clerk.reject(number, "wiring diagram", THE_STAMP)
    buyer.hears(1)
    applicant.page.goto(link)
    applicant.reads(THE_STAMP)
    applicant.hand_in(link, "wiring diagram")
    buyer.hears(1)
    for paper in ("ID proof", "ownership certificate", "wiring diagram"):
        clerk.verify(number, paper)
        buyer.hears(1)


def have_it_assessed(buyer: Buyer, technician: TechnicianOnThePhone) -> None:
    for act in (technician.set_out, technician.arrive, technician.assess):
        act()
        buyer.hears(1)


def have_it_installed(buyer: Buyer, technician: TechnicianOnThePhone, number: str, run: str) -> Json:
    """Power on. Returns what `track` answered while the technician was on the way."""
    technician.set_out()
    buyer.hears(1)
    tracking: Json = buyer.ask("track", {"order_id": number})["tracking"]
    technician.arrive()
    buyer.hears(1)
    technician.install(f"{run}-M1", f"{run}-S1")
    buyer.hears(1)
    return tracking


def check_the_end(buyer: Buyer, applicant: Applicant, number: str, meter: str) -> None:
    """status, track, rating and support, and the pages that they lead to."""
    final = buyer.ask("status", {"order_id": number})["order"]
    tracking = buyer.ask("track", {"order_id": number})["tracking"]
    rating = {"ratings": [{"rating_category": "Agent", "id": number, "value": "5"}]}
    form = buyer.ask("rating", rating)["feedback_form"]["form"]
    support = buyer.ask("support", {"support": {"ref_id": number, "callback_phone": buyer.need.phone}})["support"]
    applicant.page.goto(tracking["url"])
    applicant.reads("Your power is on")
    applicant.page.goto(form["url"])
    applicant.reads("How did it go?")

    assert (final["status"], tag_value(final["items"][0], "meter_id")) == ("COMPLETE", meter)
    assert (tracking["status"], "location" in tracking) == ("inactive", False)
    assert (support["ref_id"], support["phone"]) == (number, "+18004321234")


def test_from_search_to_rating_with_everybody_at_their_own_page(town: Town, browser: Browser) -> None:
    run, buyer = uuid4().hex[:6], Buyer(town)

    with people(browser, town, run) as (applicant, clerk, technician):
        number, link = order_it(buyer, applicant)
        clerk.set_the_time(number, "Assessment")
        buyer.hears(1)
        suggestion = clerk.assign_whom_the_house_suggests(number, "Assessment")
        buyer.hears(1)
        check_papers(buyer, clerk, applicant, number, link)
        have_it_assessed(buyer, technician)
        clerk.approve(number)
        buyer.hears(1)
        clerk.assign_whom_the_house_suggests(number, "Installation")
        buyer.hears(1)
        on_the_way = have_it_installed(buyer, technician, number, run)
        clerk.take_the_payment(number, f"{run}-cash")
        buyer.hears(1)
        check_the_end(buyer, applicant, number, f"{run}-M1")

    assert suggestion.startswith("Ada Able")
    assert (on_the_way["status"], on_the_way["location"]["gps"]) == ("active", "37.774921,-122.419424")
    assert told(buyer.heard()) == STORY
    assert [entry.reason for entry in buyer.heard() if not entry.good] == []
    assert len({entry.message_id for entry in buyer.heard()}) == len(STORY)
    if PROTOCOL.exists():
        assert [violations(entry.message, uuid_ids=True) for entry in buyer.heard()] == [[]] * len(STORY)
