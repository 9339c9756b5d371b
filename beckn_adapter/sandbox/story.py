"""The demo's story: Maria's connection from search to rating, and a second order that is cancelled."""

from collections.abc import Callable
from dataclasses import dataclass

from beckn_adapter.sandbox import orders
from beckn_adapter.sandbox.connecting import Connecting, track
from beckn_adapter.sandbox.house import House
from beckn_adapter.sandbox.network import Network
from beckn_adapter.sandbox.ordering import agree, order_through_the_network
from beckn_adapter.sandbox.people import Clerk, TechnicianOnThePhone
from beckn_adapter.sandbox.reading import Json, dig, rows
from beckn_adapter.sandbox.telling import PATIENCE, Line, StepFailed, Telling

__all__ = ["Line", "Passwords", "StepFailed", "Story"]
NOTHING_BUT_A_SHED = orders.Need(load_kw="2", consumption_kwh="40", name="Ana", email="ana@example.com")


@dataclass(frozen=True)
class Passwords:
    clerk: str
    technician: str


class Story:
    """`play` tells each message and each act through `tell`."""

    def __init__(
        self,
        network: Network,
        house: House,
        passwords: Passwords,
        tell: Callable[[Line], None],
        *,
        patience: float = PATIENCE,
    ) -> None:
        self.network, self.house, self.passwords, self.tell = network, house, passwords, tell
        self.patience = patience

    def play(self) -> Json:
        """Returns Maria's order: `{"id", "number", "state", "url"}`, its url the tracking page. Raises `StepFailed`."""
        maria = self._begin(orders.Need())
        order = order_through_the_network(maria, self.network.gateway, self.house)
        clerk = Clerk(self.house.url, self.passwords.clerk)
        technician = TechnicianOnThePhone(self.house.url, self.passwords.technician)
        Connecting(maria, clerk, technician).play()
        url = self._look_back(maria)
        self._change_ones_mind(maria, clerk, technician)
        return {**order, "url": url}

    def _begin(self, need: orders.Need) -> Telling:
        return Telling(self.network.buyer, self.tell, self.patience, need)

    def _look_back(self, maria: Telling) -> str:
        """status, track, rating and support. Returns the tracking page's address."""
        number = maria.order["id"]
        maria.ask("status", {"order_id": number}, "COMPLETE", lambda said: dig(said, "order", "status") == "COMPLETE")
        tracked = track(maria, "a page", lambda said: bool(dig(said, "tracking", "url")))
        ratings = [{"rating_category": "Agent", "id": number, "value": "5"}]
        maria.ask("rating", {"ratings": ratings}, "a form", lambda said: bool(dig(said, "feedback_form")))
        question = {"support": {"ref_id": number, "callback_phone": maria.need.phone}}
        maria.ask("support", question, "a telephone", lambda said: bool(dig(said, "support", "phone")))
        return str(dig(tracked.message, "message", "tracking", "url"))

    def _change_ones_mind(self, maria: Telling, clerk: Clerk, technician: TechnicianOnThePhone) -> None:
        """A small order, cancelled when a technician is on it already: that costs a tenth."""
        ana = self._begin(NOTHING_BUT_A_SHED)
        self.network.buyer.talk_to(ana.transaction_id, self.house.me.subscriber_id, self.house.me.url)
        agree(ana, str(dig(maria.order, "provider", "id")))
        Connecting(ana, clerk, technician).assign("assessment")
        ana.listen(until="Technician Assigned")
        listed = "cancellation_reasons"
        reasons = ana.ask(f"get_{listed}", {}, "a reason", lambda said: bool(rows(said, listed)))
        reason = str(dig(reasons.message, "message", listed, 0, "id"))
        message = {"order_id": ana.order["id"], "cancellation_reason_id": reason}
        ana.ask("cancel", message, "a fee of 20", lambda said: dig(said, "order", "quote", "price", "value") == "20")
