"""One order's life at the real doors: what a buyer app writes, what the desk and the technicians do to it."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import User
from django.utils import timezone

from beckn_adapter import drain
from beckn_adapter.sandbox import orders
from billing.ledger import accounts_of
from billing.payments import record_payment
from connections.actors import Actor
from connections.documents.ageing import expire_documents
from connections.documents.handing_in import hand_in_link
from connections.documents.verdicts import reject_document, verify_document, waive_document
from connections.holding import end_hold, put_on_hold
from connections.lifecycle import advance
from connections.models import Application, Document
from connections.services import amend_application
from connections.views.form_visit import APPLICANT
from connections.vocabulary import ApplicationState as S
from connections.vocabulary import Phase
from fieldwork.acts import field_act
from fieldwork.models import PENDING_VISITS, Photo, Technician, Visit, VisitState
from fieldwork.planning import set_window
from fieldwork.services import assign_visit, open_visit
from tests.beckn_adapter.conversation import BAP, Json, application, new_id, receive, request
from tests.fieldwork.premises import FOUND, HERE, photo
from tests.journeys.wire import Wire

ITEM = "new-resi-connection"
PHOTO_OF = {
    "complete_assessment": Photo.Kind.PREMISES,
    "complete_installation": Photo.Kind.METER,
    "report_no_access": Photo.Kind.REASON,
    "leave_incomplete": Photo.Kind.REASON,
}
# What an update may name, what it says, and whether the two agree is for the adapter to judge.
UPDATES: dict[str, tuple[str, Json]] = {
    "telephone": (
        "order.fulfillments[0].customer.contact.phone",
        {"fulfillments": [{"id": "1", "customer": {"contact": {"phone": "+14155550000"}}}]},
    ),
    "billing name": ("billing", {"billing": {"name": "Maria Park"}}),
    "address": (
        "fulfillments",
        {"fulfillments": [{"id": "1", "stops": [{"type": "end", "location": {"address": "1 Market St"}}]}]},
    ),
    "another town": (
        "fulfillments",
        {"fulfillments": [{"id": "1", "stops": [{"type": "end", "location": {"gps": "40.7128,-74.0060"}}]}]},
    ),
    "what the target does not name": (
        "billing",
        {"fulfillments": [{"id": "1", "customer": {"contact": {"email": "m@example.com"}}}]},
    ),
    "what there is not": ("order.weather", {}),
}


class Life:
    """One transaction of one buyer app. `drain` hides nothing: a message that could not be worked on is an error."""

    def __init__(self) -> None:
        self.transaction_id = new_id()
        self.wire = Wire(BAP, self.transaction_id)
        self.need = orders.Need()
        self.terms: Json = {}

    # --- What it is now ---------------------------------------------------------------------------------------------

    @property
    def order(self) -> Application | None:
        return Application.objects.filter(source_reference=self.transaction_id).first()

    @property
    def state(self) -> str:
        order = self.order
        return order.fulfillment_state if order else ""

    # --- The buyer app ----------------------------------------------------------------------------------------------

    def ask(self, action: str, message: Json) -> Json:
        row = receive(request(action, message, transaction_id=self.transaction_id))
        drain.work(row)
        row.refresh_from_db()
        assert row.state == "HANDLED", f"{action} could not be handled: {row.error}"
        self.wire.hear()
        return self.wire.messages[-1]

    def init(self, load_kw: str = "5", papers: dict[str, str] | None = None) -> None:
        need = orders.Need(load_kw=load_kw)
        order = application(need)
        if papers:
            order["items"][0]["xinput"] = {"form": {"data": papers}}
        answer = self.ask("init", {"order": order})
        if "message" in answer:
            self.need, self.terms = need, answer["message"]["order"]

    def confirm(self, **changes: Any) -> None:
        agreed = orders.agreement(application(self.need), self.terms)
        self.ask("confirm", {"order": {**agreed, **changes}})

    def write(self, action: str, **message: Any) -> None:
        """An action that names the order by its id; before it has one, by a name that nothing has."""
        order = self.order
        number = (order.number if order else None) or "conn-order-000"
        if action == "update":
            message["order"] = {"id": number, **message["order"]}
        elif action == "rating":
            message["ratings"] = [{"id": number, **rating} for rating in message["ratings"]]
        else:
            message = {"order_id": number, **message}
        self.ask(action, message)

    def update(self, what: str) -> None:
        target, parts = UPDATES[what]
        self.write("update", update_target=target, order=parts)

    def ask_for_load(self, load_kw: str) -> None:
        tags = application(orders.Need(load_kw=load_kw))["items"][0]["tags"][1:]
        self.write("update", update_target="item", order={"items": [{"id": ITEM, "tags": tags}]})

    # --- The applicant's papers -------------------------------------------------------------------------------------

    def document(self, number: int) -> Document | None:
        order = self.order
        return order.documents.all()[number] if order else None

    def hand_in(self, number: int) -> None:
        document = self.document(number)
        if document:
            hand_in_link(document, url=f"https://papers.example/{uuid4()}", actor=APPLICANT)

    def grow_old(self, number: int) -> None:
        """The date on a verified paper passes, and the hourly job comes by."""
        document = self.document(number)
        if document:
            Document.objects.filter(pk=document.pk).update(expires_on=timezone.localdate() - timedelta(days=2))
            expire_documents()

    # --- The desk ---------------------------------------------------------------------------------------------------

    def judge(self, number: int, verdict: str, actor: Actor) -> None:
        document = self.document(number)
        if document is None:
            return
        if verdict == "verify":
            verify_document(document, actor=actor, expires_on=date(2099, 1, 1))
        elif verdict == "reject":
            reject_document(document, reason="The stamp is missing", actor=actor)
        else:
            waive_document(document, reason="Seen at the counter", actor=actor)

    def decide(self, action: str, actor: Actor) -> None:
        """approve, cancel, fail, hold, go on, amend; or the power by the back door, which no one may take."""
        order = self.order
        if order is None:
            return
        decisions: dict[str, Callable[[], Any]] = {
            "approve": lambda: advance(order, "approve", actor=actor),
            "cancel": lambda: advance(order, "cancel", actor=actor, reason="The street is closed"),
            "fail": lambda: advance(order, "fail", actor=actor, reason="No capacity"),
            "hold": lambda: put_on_hold(order, reason="A neighbour objects", ball="UTILITY", actor=actor),
            "go on": lambda: end_hold(order, actor=actor),
            "amend": lambda: amend_application(order, changes={"requested_load_kw": Decimal(9)}, actor=actor),
            "power": lambda: self._power_by_the_back_door(order, actor),
        }
        decisions[action]()

    @staticmethod
    def _power_by_the_back_door(order: Application, actor: Actor) -> None:
        advance(
            order,
            "establish_connection",
            actor=actor,
            meter_serial="X",
            meter_type="SMART_METER",
            seal_number="X",
            initial_reading_kwh=Decimal(0),
        )

    def pay(self, number: int, share: Decimal, actor: Actor) -> None:
        order = self.order
        instalment = order and order.instalments.filter(position=number).first()
        if instalment:
            left = max(accounts_of(order)[instalment.pk].open, Decimal(1))
            amount = round(left * share, 2)
            record_payment(order, amount=amount, reference=uuid4().hex, actor=actor, towards=instalment)

    # --- The field --------------------------------------------------------------------------------------------------

    def visit(self) -> Visit | None:
        """The one that is still to come, else the last there was."""
        order = self.order
        if order is None:
            return None
        return order.visits.filter(state__in=PENDING_VISITS).first() or order.visits.last()

    def plan(self, act: str, technician: Technician, hours: int, actor: Actor) -> None:
        """Put a technician on the visit, give it a time, call it off, or open one more."""
        visit = self.visit()
        if visit is None:
            return
        start = timezone.now() + timedelta(hours=hours)
        plans: dict[str, Callable[[], Any]] = {
            "assign": lambda: assign_visit(visit, technician=technician, actor=actor),
            "set the time": lambda: set_window(
                visit, window_start=start, window_end=start + timedelta(hours=2), actor=actor
            ),
            "call off": lambda: advance(visit, "call_off", actor=actor, reason="The road is flooded"),
            "one more": lambda: self._one_more(visit.application, actor),
        }
        plans[act]()

    @staticmethod
    def _one_more(order: Application, actor: Actor) -> None:
        """What the desk's form allows: a kind of visit that an order under way has none of."""
        if order.fulfillment_state in RUNNING:
            pending = set(order.visits.filter(state__in=PENDING_VISITS).values_list("kind", flat=True))
            kind = next((kind for kind in Visit.Kind.values if kind not in pending), "")
            if kind:
                open_visit(order, kind, actor=actor)

    def act(self, action: str, technician: Technician, **details: Any) -> None:
        """A press on the phone, twice with the same id, as a bad line does it."""
        visit = self.visit()
        if visit is None:
            return
        if action in PHOTO_OF and visit.state in PENDING_VISITS:
            photo(visit, PHOTO_OF[action])
        client_id = uuid4()
        for _ in range(2):
            field_act(visit, action, client_id=client_id, technician=technician, **details)

    # --- The shortest way to power ----------------------------------------------------------------------------------

    def take_the_next_step(self, boss: Actor, technician: Technician, seal: str, serial: str) -> None:
        """Whatever brings the order on from where it is."""
        order = self.order
        if order is None:
            self.init()
        elif order.fulfillment_state == S.DRAFT:
            self.confirm()
        elif self._bring_papers_on(order, boss):
            return
        elif order.fulfillment_state == S.ASSESSMENT_COMPLETED:
            self._pay_what_is_open(order, boss)
            if order.holds.filter(closed_at=None, about="").exists():
                end_hold(order, actor=boss)
            self.decide("approve", boss)
        elif order.fulfillment_state in RUNNING:
            self._bring_the_visit_on(order, boss, technician, seal, serial)

    def _bring_papers_on(self, order: Application, boss: Actor) -> bool:
        for number, document in enumerate(order.documents.all()):
            if not document.is_settled and order.fulfillment_state == S.ASSESSMENT_COMPLETED:
                self.hand_in(number) if document.is_wanted else self.judge(number, "verify", boss)
                return True
        return False

    def _pay_what_is_open(self, order: Application, boss: Actor) -> None:
        for instalment in order.instalments.all():
            if accounts_of(order)[instalment.pk].open:
                self.pay(instalment.position, Decimal(1), boss)

    def _bring_the_visit_on(self, order: Application, boss: Actor, who: Technician, seal: str, serial: str) -> None:
        visit = self.visit()
        if visit is None or visit.state not in PENDING_VISITS:
            kind = Visit.Kind.INSTALLATION if order.fulfillment_state == S.APPROVED else Visit.Kind.ASSESSMENT
            open_visit(order, kind, actor=boss)
        elif visit.state == VisitState.SCHEDULED:
            assign_visit(visit, technician=who, actor=boss)
        elif visit.state != VisitState.ON_SITE:
            self.act("arrive", visit.technician or who)
        elif visit.kind == Visit.Kind.ASSESSMENT:
            self.act("complete_assessment", visit.technician or who, **FOUND)
        elif visit.kind == Visit.Kind.INSTALLATION:
            self.act("complete_installation", visit.technician or who, **reading_of(serial, seal))
        else:
            self.act("complete_revisit", visit.technician or who, note="All is well")


RUNNING = [S.SCHEDULED, S.TECHNICIAN_ASSIGNED, S.ASSESSMENT_COMPLETED, S.APPROVED]


def reading_of(serial: str, seal: str, reading: str = "0.4", again: str = "0.4") -> dict[str, Any]:
    return {
        "serial": serial,
        "seal_number": seal,
        "reading": Decimal(reading),
        "reading_again": Decimal(again),
        **HERE,
    }


def findings(feasible: bool, load_kw: str, phase: str = Phase.SINGLE_PHASE) -> dict[str, Any]:
    return {
        "feasible": feasible,
        "phase": phase,
        "load_kw": Decimal(load_kw),
        "service_drop_m": Decimal(12),
        "works_needed": "" if feasible else "A new pole",
    }


def actor_of(user: User) -> Actor:
    return Actor.staff(user)
