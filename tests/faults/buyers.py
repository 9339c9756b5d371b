"""Buyer apps of the storm: some always well, some that fall into a mood and take every callback badly for a while."""

import contextlib
import email
import socket
from collections.abc import Callable

from beckn_adapter.sandbox.buyer import BuyerApp
from beckn_adapter.sandbox.participant import Participant
from beckn_adapter.sandbox.server import Request
from tests.beckn_adapter.rude import (
    Manner,
    Rude,
    breaks_off,
    hangs_up,
    never_ends,
    read_request,
    says,
    says_nothing,
    trickles,
)


class Front(Rude):
    """The door of a moody buyer app. What comes in is verified and written down first, whatever is answered then."""

    def __init__(self, buyer: BuyerApp) -> None:
        self.buyer = buyer
        self.manner: Manner | None = None
        super().__init__(says("200 OK"))

    def _meet(self, line: socket.socket) -> None:
        with line, contextlib.suppress(OSError):
            head, _, body = read_request(line).partition(b"\r\n\r\n")
            first, _, fields = head.partition(b"\r\n")
            reply = self.buyer.answer(
                Request("POST", first.split()[1].decode(), email.message_from_bytes(fields), body)
            )
            manner = self.manner or says(f"{reply.status} Well", reply.body, Content_Type=reply.content_type)
            manner(line)


class Moody(BuyerApp):
    """Answers its callbacks in its `manner` while it is `moody`. `canary` is where its redirect leads."""

    def __init__(self, registry_url: str, mood: str, manner: Manner) -> None:
        super().__init__(registry_url, subscriber_id=f"moody-{mood.replace(' ', '-').lower()}.localhost")
        self.mood, self.manner = mood, manner
        self.front = Front(self)
        self.uri = f"http://{self.front.host}/beckn"
        self.me = Participant(self.me.subscriber_id, self.uri, "BAP")

    @property
    def moody(self) -> bool:
        return self.front.manner is not None

    def sulk(self, moody: bool) -> None:
        self.front.manner = self.manner if moody else None

    def stop(self) -> None:
        super().stop()
        self.front.__exit__()


# How a buyer app can take a callback badly. The canary hears whoever follows a redirect inward.
MOODS: dict[str, Callable[[Rude], Manner]] = {
    "answers 500": lambda _: says("500 Broken"),
    "never answers": lambda _: says_nothing,
    "trickles its answer": lambda _: trickles,
    "answers 100 MB": lambda _: never_ends,
    "redirects inward": lambda canary: says("307 Elsewhere", Location=f"http://{canary.host}/on_search"),
    "hangs up": lambda _: hangs_up,
    "closes mid-reply": lambda _: breaks_off,
}
