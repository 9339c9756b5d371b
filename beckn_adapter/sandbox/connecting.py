"""The demo's second part: from the order to power on. Papers, a technician, the desk, the meter, the money."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from beckn_adapter.sandbox.journal import Entry
from beckn_adapter.sandbox.papers import PAPERS, draw_paper
from beckn_adapter.sandbox.people import Clerk, PageRefused, TechnicianOnThePhone
from beckn_adapter.sandbox.reading import dig
from beckn_adapter.sandbox.telling import BUYER, HOUSE, Line, StepFailed, Telling

THE_STAMP = "The stamp or the signature is missing."
FINDINGS = {"feasible": "yes", "phase": "SINGLE_PHASE", "load_kw": "8", "service_drop_m": "12.5"}
SAYS = {"verify": "verifies", "reject": "rejects"}
CLERK, TECHNICIAN = "the clerk", "the technician"


class Connecting:
    """Every act is followed by the callbacks that it makes the house send."""

    def __init__(self, telling: Telling, clerk: Clerk, technician: TechnicianOnThePhone) -> None:
        self.telling, self.clerk, self.technician = telling, clerk, technician
        self.application = clerk.find_order(str(telling.order["id"]))

    def play(self) -> None:
        """Raises `StepFailed`."""
        self._papers()
        self._assessment()
        self._do(CLERK, "approves the connection", lambda: self.clerk.approve(self.application))
        self.telling.listen(until="Approved")
        self._installation()
        pay = "takes what is due, 200 USD, in cash at the counter"
        self._do(CLERK, pay, lambda: self.clerk.take_payment(self.application))
        self.telling.listen(until="is paid")

    # --- Its parts --------------------------------------------------------------------------------------------------

    def _papers(self) -> None:
        """Handed in by the buyer app, signed; one is rejected, and only that one is sent again."""
        self._hand_in(*PAPERS)
        self.telling.listen()
        self._judge("wiring-diagram", 1, "reject", ready=THE_STAMP)
        self.telling.listen()
        self._hand_in("wiring-diagram", stamp="Stamped by an electrician")
        self.telling.listen()
        for paper in PAPERS:
            self._judge(paper, 2 if paper == "wiring-diagram" else 1, "verify")
            self.telling.listen(until="is verified")

    def _assessment(self) -> None:
        self.assign("assessment")
        self.telling.listen(until="Technician Assigned")
        self._go_there()
        act = "finds 8 kW, single phase, 12.5 m of service drop"
        self._do(TECHNICIAN, act, lambda: self.technician.fill_in("findings", **FINDINGS))
        self.telling.listen(until="Assessment Completed")

    def _installation(self) -> None:
        self.assign("installation")
        self.telling.listen()
        self._go_there(tracked=True)
        latitude, _, longitude = self.telling.need.gps.partition(",")
        typed = {"seal_number": "S-1", "reading": "0.4", "reading_again": "0.4"}
        place = {"latitude": latitude, "longitude": longitude}
        act = "hangs the meter, seals it, reads it twice and turns the power on"
        self._do(TECHNICIAN, act, lambda: self.technician.fill_in("installation", **typed, **place))
        self.telling.listen(until="the connection is completed")

    def assign(self, kind: str) -> None:
        words = f"puts the technician whom the desk suggests on the {kind} visit"
        self._do(CLERK, words, lambda: self.clerk.assign(self.application))

    def _go_there(self, *, tracked: bool = False) -> None:
        self._do(TECHNICIAN, "sets out", lambda: self.technician.step("set-out"))
        self.telling.listen()
        if tracked:
            act = "lets the applicant see where that is"
            self._do(TECHNICIAN, act, lambda: self.technician.tell_position("37.771", "-122.424"))
            track(self.telling, "where the technician is", lambda message: bool(dig(message, "tracking", "location")))
        self._do(TECHNICIAN, "is at the premises", lambda: self.technician.step("arrive"))
        self.telling.listen()

    def _hand_in(self, *codes: str, stamp: str = "") -> None:
        terms = self.telling.buyer.wait_for("on_init", self.telling.transaction_id)
        url = str(dig(terms.order, "items", 0, "xinput", "form", "url"))
        answer = self.telling.buyer.hand_in(url, {code: draw_paper(code, stamp) for code in codes})
        taken = bool(dig(answer, "status"))
        words = f"hands in {', '.join(code.replace('-', ' ') for code in codes)}"
        self.telling.tell(Line(BUYER, HOUSE, "form", "taken" if taken else "refused", taken, words))
        self.telling.expect(taken, "the document form", str(dig(answer, "errors")))

    def _judge(self, paper: str, version: int, verdict: str, **fields: str) -> None:
        place = list(PAPERS).index(paper)
        because = f": {fields['ready']}" if fields else ""
        words = f"{SAYS[verdict]} the {paper.replace('-', ' ')}{because}"
        self._do(CLERK, words, lambda: self.clerk.judge(self.application, place, version, verdict, **fields))

    def _do(self, who: str, words: str, act: Callable[[], Any]) -> None:
        began = datetime.now(UTC)
        try:
            act()
        except PageRefused as problem:
            raise StepFailed(f"{who} {words}: {problem}") from None
        self.telling.tell(Line(who, HOUSE, "page", "done", True, words, began))


def track(telling: Telling, what: str, is_there: Callable[[Any], bool]) -> Entry:
    return telling.ask("track", {"order_id": telling.order["id"]}, what, is_there)
