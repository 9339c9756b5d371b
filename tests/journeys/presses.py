"""Every button, form and phone event that people press, as a browser sends it: what is posted, and what is then told.

Each case sets its stage and returns a press. A press may be repeated word for word, as an impatient finger does it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from connections.documents.verdicts import READY_REASONS
from connections.holding import put_on_hold
from connections.models import Application, SupportRequest
from connections.vocabulary import ApplicationState as S
from connections.voices import ask_for_support
from fieldwork.models import Visit
from fieldwork.rescheduling import windows_to_choose
from fieldwork.services import report_no_access, set_out
from tests.connections.desk import APPLICATIONS, browser_of, counter_entry, shown, step
from tests.connections.intake import paper_of, send
from tests.connections.papers import jpeg
from tests.connections.visitor import Visitor
from tests.factories import SYSTEM, application, application_in, offering, scheduled_application, verify_documents
from tests.fieldwork.phone import FINDINGS, TYPED, assigned, page
from tests.fieldwork.premises import (
    assessment,
    give_window,
    meter,
    morning,
    on_site,
    photo,
    picture,
    ravi,
    ready_to_assess,
    ready_to_install,
)


@dataclass(frozen=True)
class Press:
    """Posts `typed` to `address`, each time in a browser of its own, logged in as `who`; files are made anew."""

    address: str
    typed: dict[str, Any]
    who: User | None = None
    files: dict[str, bytes] | None = None

    def __call__(self) -> tuple[int, str]:
        """The status that the finger got at once, and the words of the page that it led to."""
        client = Client(raise_request_exception=False)
        if self.who:
            client.force_login(self.who)
        files = {name: SimpleUploadedFile("a.jpg", data, "image/jpeg") for name, data in (self.files or {}).items()}
        first = client.post(self.address, {**self.typed, **files})
        shown = client.get(first["Location"]) if first.status_code in {302, 303} else first
        text = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", shown.content.decode(), flags=re.S)
        return max(first.status_code, shown.status_code), re.sub(r"\s+", " ", text)


@dataclass(frozen=True)
class Case:
    """`told` is what the second one reads: that it is done, or why not again."""

    name: str
    arrange: Callable[[], Press]
    told: str


def boss() -> User:
    return User.objects.filter(username="anna").first() or User.objects.create_superuser("anna")


def at_the_desk(row: Any, action: str, **typed: Any) -> Press:
    return Press(step(row, action), typed, boss())


# --- The applicant ---------------------------------------------------------------------------------------------------


def paper() -> Press:
    visitor = Visitor(scheduled_application())
    typed = {"nonce": visitor.nonce("id-proof")}
    return Press(f"{visitor.base}papers/id-proof/", typed, files={"paper": jpeg()})


def another_time() -> Press:
    visit = assessment()
    ravi()
    morning(visit.application.provider)
    give_window(visit, timezone.now() + timedelta(days=9))
    chosen = windows_to_choose(visit)[-1]
    typed = {"window": f"{chosen.slot.pk}_{chosen.day.isoformat()}"}
    return Press(f"/track/{visit.application.tracking_id}/visit/", typed)


def feedback() -> Press:
    order = application_in(S.CONNECTION_ESTABLISHED)
    return Press(f"/track/{order.tracking_id}/feedback/", {"value": "5", "comment": "Thanks"})


# --- The desk --------------------------------------------------------------------------------------------------------


def counter() -> Press:
    offering()
    return Press(f"{APPLICATIONS}add/", counter_entry(), boss())


def submitting() -> Press:
    return at_the_desk(application(), "schedule")


def approving() -> Press:
    order = application_in(S.ASSESSMENT_COMPLETED)
    verify_documents(order)
    return at_the_desk(order, "approve")


def cancelling() -> Press:
    return at_the_desk(scheduled_application(), "cancel", reason="Moved away")


def rejecting_the_order() -> Press:
    return at_the_desk(scheduled_application(), "fail", reason="No capacity")


def holding() -> Press:
    return at_the_desk(scheduled_application(), "put_on_hold", reason="Which door?", ball="APPLICANT")


def ending_the_hold() -> Press:
    order = scheduled_application()
    put_on_hold(order, reason="Which door?", ball="UTILITY", actor=SYSTEM)
    return at_the_desk(order, "end_hold")


def having_looked() -> Press:
    order = scheduled_application()
    Application.objects.filter(pk=order.pk).update(attention="Check the position.")
    return at_the_desk(order, "mark_looked_at")


def amending() -> Press:
    order = scheduled_application()
    typed = shown(browser_of(boss()), step(order, "amend"))
    return at_the_desk(order, "amend", **{**typed, "applicant_name": "Jon Park"})


def answering() -> Press:
    order = scheduled_application()
    asked: SupportRequest = ask_for_support(application=order, reference="r", source="buyer.test", actor=SYSTEM)
    return at_the_desk(asked, "answer", note="Called back")


def judging(verdict: str, **typed: Any) -> Callable[[], Press]:
    def arrange() -> Press:
        order = scheduled_application()
        document = paper_of(order)
        send(document)
        named = {f"{verdict}-{name}": value for name, value in typed.items()}
        body = {"document": document.pk, "verdict": verdict, "seen": "1", **named}
        return Press(f"{APPLICATIONS}{order.pk}/documents/", body, boss())

    return arrange


# --- The field, at the desk ------------------------------------------------------------------------------------------


def planning() -> Press:
    order = scheduled_application()
    return Press("/admin/fieldwork/visit/add/", {"application": order.pk, "kind": Visit.Kind.REVISIT}, boss())


def assigning() -> Press:
    visit, worker = assessment(), ravi()
    return at_the_desk(visit, "assign", technician=worker.pk)


def setting_the_time() -> Press:
    start = timezone.localtime() + timedelta(days=1)
    typed = {"window_start": f"{start:%Y-%m-%dT%H:%M}", "window_end": f"{start + timedelta(hours=2):%Y-%m-%dT%H:%M}"}
    return at_the_desk(assessment(), "set_window", **typed)


def calling_off() -> Press:
    return at_the_desk(assessment(), "call_off", reason="Strike")


def setting_out_by_desk() -> Press:
    return at_the_desk(assigned(ravi()), "set_out")


def being_there_by_desk() -> Press:
    return at_the_desk(set_out(assigned(ravi()), actor=SYSTEM), "arrive")


def unsafe_by_desk() -> Press:
    return at_the_desk(on_site(assessment(), ravi()), "report_unsafe", reason="Fire")


def issuing() -> Press:
    worker = ravi()
    return at_the_desk(meter(), "issue", technician=worker.pk)


def writing_off() -> Press:
    ravi()
    return at_the_desk(meter(), "report_faulty", reason="Broken glass")


def buying_a_meter() -> Press:
    worker = ravi()
    typed = {"provider": worker.provider_id, "serial": "M-1", "type": "SMART_METER", "phase": "SINGLE_PHASE"}
    return Press("/admin/fieldwork/meter/add/", {**typed, "max_load_kw": "24"}, boss())


# --- The phone -------------------------------------------------------------------------------------------------------


def on_the_phone(visit: Visit, *where: str, files: dict[str, bytes] | None = None, **typed: Any) -> Press:
    assert visit.technician is not None
    return Press(page(visit, *where), {"client_id": str(uuid4()), **typed}, visit.technician.user, files)


def setting_out() -> Press:
    return on_the_phone(assigned(ravi()), "step", "set-out")


def arriving() -> Press:
    return on_the_phone(set_out(assigned(ravi()), actor=SYSTEM), "step", "arrive")


def findings() -> Press:
    visit = on_site(assessment(), ravi())
    return on_the_phone(visit, "findings", **FINDINGS, photo_id=str(uuid4()), files={"photo": picture()})


def findings_from_two_screens() -> Press:
    """The same words, each time under an id of its own: two open tabs."""
    return _without_id(on_the_phone(ready_to_assess(ravi()), "findings", **FINDINGS))


def _without_id(press: Press) -> Press:
    class Anew(dict[str, Any]):
        def keys(self) -> Any:
            self["client_id"] = str(uuid4())
            return super().keys()

    return Press(press.address, Anew(press.typed), press.who, press.files)


def installing() -> Press:
    return on_the_phone(ready_to_install(ravi()), "installation", **TYPED, confirmed="1")


def no_access() -> Press:
    visit = on_site(assessment(), ravi())
    typed = {"why": "other", "more": "Nobody is at home", "photo_id": str(uuid4())}
    return on_the_phone(visit, "no-access", **typed, files={"photo": picture()})


def unsafe() -> Press:
    return on_the_phone(on_site(assessment(), ravi()), "unsafe", why="other", more="Gas smell")


def unfinished() -> Press:
    visit = on_site(assessment(), ravi())
    typed = {"why": "Bad weather", "photo_id": str(uuid4())}
    return on_the_phone(visit, "incomplete", **typed, files={"photo": picture()})


def follow_up_done() -> Press:
    worker = ravi()
    visit = on_site(assessment(), worker)
    photo(visit, "REASON")
    report_no_access(visit, reason="Nobody", actor=SYSTEM)
    following = Visit.objects.create(application=visit.application, kind=Visit.Kind.REVISIT)
    return on_the_phone(on_site(following, worker), "done", note="Turned the meter round")


def photographing() -> Press:
    visit = on_site(assessment(), ravi())
    typed = {"kind": "PREMISES", "photo_id": str(uuid4())}
    return on_the_phone(visit, "photos", **typed, files={"photo": picture()})


CASES = [
    Case("applicant: a paper", paper, "ID proof"),
    Case("applicant: another time", another_time, "Your visit has a new time"),
    Case("applicant: feedback", feedback, "Thank you"),
    Case("desk: the counter's new application", counter, "Under this number a draft is open already"),
    Case("desk: submit", submitting, "it can not schedule now"),
    Case("desk: approve", approving, "it can not approve now"),
    Case("desk: cancel", cancelling, "it can not cancel now"),
    Case("desk: reject the order", rejecting_the_order, "it can not fail now"),
    Case("desk: hold", holding, "on hold already"),
    Case("desk: end the hold", ending_the_hold, "it goes on already"),
    Case("desk: looked at", having_looked, "There is no warning on this application any more"),
    Case("desk: amend", amending, "Nothing is different yet"),
    Case("desk: answer a call for help", answering, "answered already"),
    Case("desk: verify a paper", judging("verify"), "it can not verify now"),
    Case("desk: reject a paper", judging("reject", ready=READY_REASONS[0], words=""), "it can not reject now"),
    Case("desk: waive a paper", judging("waive", reason="A tenant"), "verified or waived already"),
    Case("desk: plan a visit", planning, "already"),
    Case("desk: assign", assigning, "assigned."),
    Case("desk: set the time", setting_the_time, "the time is set."),
    Case("desk: call off", calling_off, "it can not call off now"),
    Case("desk: technician sets out", setting_out_by_desk, "it can not set out now"),
    Case("desk: technician is there", being_there_by_desk, "it can not arrive now"),
    Case("desk: unsafe", unsafe_by_desk, "it can not report unsafe now"),
    Case("desk: issue a meter", issuing, "already"),
    Case("desk: write a meter off", writing_off, "it can not report faulty now"),
    Case("desk: a new meter", buying_a_meter, "already exists"),
    Case("phone: set out", setting_out, "On the way"),
    Case("phone: arrive", arriving, "Write down the findings"),
    Case("phone: findings", findings, "The findings are with the office"),
    Case("phone: findings from two screens", findings_from_two_screens, "The findings are with the office"),
    Case("phone: installation", installing, "The power"),
    Case("phone: no access", no_access, "Nobody is at home"),
    Case("phone: unsafe", unsafe, "Gas smell"),
    Case("phone: unfinished", unfinished, "Bad weather"),
    Case("phone: follow-up done", follow_up_done, "This visit is fin"),
    Case("phone: photo", photographing, "/field/photos/"),
]
