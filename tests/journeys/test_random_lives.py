"""Orders that live at random, by legal and illegal moves alike, through the doors that people and programs use.

A move may be refused; nothing else may go wrong. LIVES=2000 walks further than every test run does, and each time
another way.
"""

import os
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from django.db.models import Max
from hypothesis import HealthCheck, settings
from hypothesis import Phase as Stage
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from beckn_adapter.announce import announce_events
from beckn_adapter.sandbox.reading import dig
from connections.actors import Actor
from connections.lifecycle import Refused
from connections.models import Event, Offering, PaymentTerm, PriceLine
from connections.vocabulary import ApplicationState, PaymentType, Phase
from fieldwork.crew import let_work
from fieldwork.models import Meter, Technician
from tests.beckn_adapter.conversation import BAP
from tests.factories import staff
from tests.journeys.laws import check_laws, events_without_their_word
from tests.journeys.lives import ITEM, UPDATES, Life, findings, reading_of

LIVES = int(os.environ.get("LIVES", "30"))
SEARCHING = "LIVES" in os.environ  # then a way that breaks a law is also shortened, which takes minutes
WHICH = st.integers(0, 1)  # of two orders
PAPER = st.integers(0, 2)
STEPS = st.sampled_from([0, 1, 2, 4, 7, 10, 11, 13, 14, 15, 15])  # from a draft to power
LOADS = st.sampled_from(["1", "5", "7.5", "20", "25", "0"])
COME_TO_NOTHING = ("report_no_access", "report_unsafe", "leave_incomplete")
METERS = st.integers(0, 3)  # two that fit, one for another phase, one that is not ours
walked: Counter[str] = Counter()  # how often an order ended a walk in each state
refused: Counter[str] = Counter()  # how often a move was refused, by the refusal's code


class Lives(RuleBasedStateMachine):
    """Two orders, two technicians, a boss who may everything and a clerk who may look."""

    def __init__(self) -> None:
        super().__init__()
        self.example = transaction.atomic()  # one database for all walks, and each begins anew
        self.example.__enter__()
        self.lives = [Life(), Life()]
        self.boss = Actor.staff(staff("connections.view_application"))
        self.boss.user.is_superuser = True
        self.clerk = Actor.staff(staff("connections.view_application"))
        self.technicians = list(Technician.objects.order_by("name")[:2])
        stock = [
            Meter.objects.filter(phase=phase).order_by("serial") for phase in (Phase.SINGLE_PHASE, Phase.THREE_PHASE)
        ]
        self.serials = [*(meter.serial for meter in stock[0][:2]), stock[1][0].serial, "no such meter"]
        self.seals = 0
        self.judged = 0  # the newest event when the laws were last looked at

    def teardown(self) -> None:
        try:
            self.announce()
            walked.update(life.state or "nothing" for life in self.lives)
        finally:
            transaction.set_rollback(True)
            self.example.__exit__(None, None, None)

    def attempt(self, act: Any, *args: Any, **details: Any) -> None:
        """What is refused leaves nothing behind."""
        try:
            with transaction.atomic():
                act(*args, **details)
        except Refused as refusal:
            refused[refusal.code] += 1

    def new_seal(self) -> str:
        self.seals += 1
        return f"S-{self.seals}"

    # --- Getting on -------------------------------------------------------------------------------------------------

    @initialize(load_kw=st.sampled_from(["1", "5", "20"]), first=STEPS, second=st.integers(0, 2))
    def begin_anywhere(self, load_kw: str, first: int, second: int) -> None:
        for which, steps in enumerate((first, second)):
            self.lives[which].init(load_kw)
            self.go_on(which, steps)

    @rule(which=WHICH, steps=st.integers(1, 3))
    def go_on(self, which: int, steps: int) -> None:
        """Some steps of the shortest way to power."""
        for _ in range(steps):
            technician = self.technicians[which]
            self.attempt(
                self.lives[which].take_the_next_step, self.boss, technician, self.new_seal(), self.serials[which]
            )

    # --- The buyer app ----------------------------------------------------------------------------------------------

    @rule(which=WHICH, load_kw=LOADS, papers=st.booleans())
    def init(self, which: int, load_kw: str, papers: bool) -> None:
        self.lives[which].init(load_kw, {"id-proof": "https://papers.example/id.pdf"} if papers else None)

    @rule(which=WHICH, changes=st.sampled_from([{}, {"quote": {"price": {"currency": "USD", "value": "1"}}}]))
    def confirm(self, which: int, changes: dict[str, Any]) -> None:
        self.lives[which].confirm(**changes)

    @rule(
        which=WHICH,
        question=st.sampled_from(["status", "track", "Order", "Agent", "Weather"]),
        value=st.sampled_from("59"),
    )
    def ask_or_rate(self, which: int, question: str, value: str) -> None:
        if question in {"status", "track"}:
            self.lives[which].write(question)
        else:
            self.lives[which].write("rating", ratings=[{"rating_category": question, "value": value}])

    @rule(which=WHICH, what=st.sampled_from([*sorted(UPDATES), "7.5", "20", "25"]))
    def update(self, which: int, what: str) -> None:
        """What stands in the table, or the load."""
        if what in UPDATES:
            self.lives[which].update(what)
        else:
            self.lives[which].ask_for_load(what)

    # --- An early end -----------------------------------------------------------------------------------------------

    @rule(which=WHICH, reason=st.sampled_from(["c1", "c2", "no such reason", ""]), soft=st.booleans())
    def cancel(self, which: int, reason: str, soft: bool) -> None:
        descriptor = {"descriptor": {"code": "SOFT_CANCEL", "name": "What would it cost?"}} if soft else {}
        self.lives[which].write("cancel", cancellation_reason_id=reason, **descriptor)

    @rule(which=WHICH, action=st.sampled_from(["fail", "cancel"]), may=st.booleans())
    def end(self, which: int, action: str, may: bool) -> None:
        self.attempt(self.lives[which].decide, action, self.boss if may else self.clerk)

    # --- The applicant and time -------------------------------------------------------------------------------------

    @rule(which=WHICH, number=PAPER)
    def hand_in(self, which: int, number: int) -> None:
        self.attempt(self.lives[which].hand_in, number)

    @rule(which=WHICH, number=PAPER)
    def a_paper_grows_old(self, which: int, number: int) -> None:
        self.attempt(self.lives[which].grow_old, number)

    # --- The desk ---------------------------------------------------------------------------------------------------

    @rule(which=WHICH, number=PAPER, verdict=st.sampled_from(["verify", "reject", "waive"]), may=st.booleans())
    def judge(self, which: int, number: int, verdict: str, may: bool) -> None:
        self.attempt(self.lives[which].judge, number, verdict, self.boss if may else self.clerk)

    @rule(
        which=WHICH,
        action=st.sampled_from(["approve", "hold", "go on", "amend", "power"]),
        may=st.sampled_from([True, True, False]),
    )
    def decide(self, which: int, action: str, may: bool) -> None:
        self.attempt(self.lives[which].decide, action, self.boss if may else self.clerk)

    @rule(which=WHICH, number=WHICH, share=st.sampled_from([Decimal("0.4"), Decimal(1), Decimal("1.5")]))
    def pay(self, which: int, number: int, share: Decimal) -> None:
        self.attempt(self.lives[which].pay, number, share, self.boss)

    @rule(
        which=WHICH,
        act=st.sampled_from(["assign", "set the time", "call off", "one more"]),
        who=WHICH,
        hours=st.sampled_from([-5, 1, 2, 50]),
        may=st.sampled_from([True, True, False]),
    )
    def plan(self, which: int, act: str, who: int, hours: int, may: bool) -> None:
        actor = self.boss if may else self.clerk
        self.attempt(self.lives[which].plan, act, self.technicians[who], hours, actor)

    # --- The field --------------------------------------------------------------------------------------------------

    @rule(
        which=WHICH,
        who=WHICH,
        action=st.sampled_from(["set_out", "arrive", *COME_TO_NOTHING]),
        why=st.sampled_from(["A dog", ""]),
    )
    def travel(self, which: int, who: int, action: str, why: str) -> None:
        reason = {"reason": why} if action in COME_TO_NOTHING else {}
        self.attempt(self.lives[which].act, action, self.technicians[who], **reason)

    @rule(which=WHICH, who=WHICH, feasible=st.booleans(), load_kw=st.sampled_from(["0.5", "8", "30"]))
    def assess(self, which: int, who: int, feasible: bool, load_kw: str) -> None:
        found = findings(feasible, load_kw)
        self.attempt(self.lives[which].act, "complete_assessment", self.technicians[who], **found)

    @rule(which=WHICH, who=WHICH, meter=METERS, again=st.sampled_from(["0.4", "0.5"]), used=st.booleans())
    def install(self, which: int, who: int, meter: int, again: str, used: bool) -> None:
        read = reading_of(self.serials[meter], "S-1" if used else self.new_seal(), again=again)
        self.attempt(self.lives[which].act, "complete_installation", self.technicians[who], **read)

    # --- The laws ---------------------------------------------------------------------------------------------------

    @rule()
    def announce(self) -> None:
        """Once everything is announced, the buyer app knows what the house knows."""
        while announce_events():
            pass
        for life in self.lives:
            life.wire.hear()
            order = life.order
            if order and order.number:
                assert life.wire.state == order.fulfillment_state
                assert list(events_without_their_word(order, BAP)) == []

    @invariant()
    def the_laws_hold(self) -> None:
        newest = Event.objects.aggregate(newest=Max("id"))["newest"]
        if newest != self.judged:  # where nothing happened there is nothing to judge
            self.judged = newest
            for life in self.lives:
                if order := life.order:
                    check_laws(order)


@pytest.fixture
def a_working_town(db: None, settings: Any, tmp_path: Path) -> None:
    """The guide's provider with a price that grows with the load and a part due before the work; its field force."""
    settings.MEDIA_ROOT = tmp_path
    call_command("load_guide", verbosity=0)
    call_command("load_field", verbosity=0)
    offering = Offering.objects.get(code=ITEM)
    PriceLine.objects.create(
        offering=offering, title="Reinforcement", kind=PriceLine.Kind.PER_KW, amount=30, included_kw=5, position=1
    )
    PaymentTerm.objects.create(offering=offering, type=PaymentType.PRE_FULFILLMENT, percent=25, position=1)
    for technician in Technician.objects.all():
        technician.user = staff()
        technician.save()
        let_work(technician)


@pytest.mark.usefixtures("a_working_town")
def test_whatever_happens_to_an_order_its_laws_hold() -> None:
    walked.clear()
    refused.clear()

    run_state_machine_as_test(
        Lives,
        settings=settings(
            max_examples=LIVES,
            stateful_step_count=10,
            deadline=None,
            derandomize=not SEARCHING,
            database=None,
            phases=[Stage.generate, Stage.shrink] if SEARCHING else [Stage.generate],
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )

    assert len(walked) >= 5, f"the walks were too short: {walked}"
    assert len(refused) >= 5, f"the walks were too lawful: {refused}"


@pytest.mark.usefixtures("a_working_town")
def test_the_shortest_way_leads_from_a_draft_to_power() -> None:
    walk = Lives()

    walk.begin_anywhere("5", first=14, second=0)
    walk.the_laws_hold()
    walk.announce()

    assert [life.state for life in walk.lives] == [ApplicationState.CONNECTION_ESTABLISHED, ApplicationState.DRAFT]
    assert dig(walk.lives[0].wire.messages[-1], "message", "order", "status") == "COMPLETE"
    walk.teardown()
