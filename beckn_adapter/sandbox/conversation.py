"""Where a transaction stands and what can be done next, read from its messages and from nothing else."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from beckn_adapter.sandbox.journal import Entry
from beckn_adapter.sandbox.reading import dig, money, name_of, refusal, rows

STEPS = ("search", "select", "init", "confirm")
PATIENCE = timedelta(seconds=30)  # after that, silence is reported instead of waited out


@dataclass(frozen=True)
class Offer:
    """One item of one provider's catalogue, and the platform that offers it."""

    bpp_id: str
    bpp_uri: str
    provider_id: str
    provider: str
    item_id: str
    item: str
    price: str
    fulfillment_id: str


class Conversation:
    """One transaction's messages, by time."""

    def __init__(self, transaction_id: str, entries: list[Entry]) -> None:
        self.transaction_id = transaction_id
        self.entries = entries

    @property
    def started(self) -> datetime:
        return self.entries[0].at

    def last(self, action: str) -> Entry | None:
        """The newest good message of this kind."""
        return next((e for e in reversed(self.entries) if e.action == action and e.good), None)

    @property
    def request(self) -> Entry | None:
        """The request that was sent last, accepted or not."""
        return next((e for e in reversed(self.entries) if e.sent and e.action in STEPS), None)

    @property
    def reply(self) -> Entry | None:
        """The believed callback to the last request."""
        asked = self.request
        if asked is None:
            return None
        wanted = (f"on_{asked.action}", asked.message_id)
        return next((e for e in reversed(self.entries) if e.good and (e.action, e.message_id) == wanted), None)

    @property
    def waiting(self) -> bool:
        """The last request was accepted and its callback is still to come."""
        asked = self.request
        if asked is None or not asked.good or self.reply:
            return False
        return datetime.now(UTC) - asked.at < PATIENCE

    @property
    def done(self) -> str:
        """The last step that came to a good end; empty before the first."""
        for step in reversed(STEPS):
            answer = self.last(f"on_{step}")
            if answer and not answer.error:
                return step
        return ""

    @property
    def next_step(self) -> str:
        """`select`, `init` or `confirm`; empty while waiting, before an offer, and when all is done."""
        if self.waiting or self.done not in STEPS[:-1]:
            return ""
        return STEPS[STEPS.index(self.done) + 1]

    @property
    def trouble(self) -> str:
        """Why the last request came to nothing; empty where it did not."""
        asked, reply = self.request, self.reply
        if asked is None or self.waiting:
            return ""
        if not asked.good:
            return f"Your {asked.action} was not accepted: {asked.reason}."
        if reply is None:
            return f"Your {asked.action} was accepted, but no on_{asked.action} has come back."
        if reply.error:
            return f"{reply.other} can not do this: {refusal(reply.message)}."
        return ""

    @property
    def headline(self) -> str:
        """Where it stands, in one sentence."""
        if self.trouble:
            return self.trouble
        asked = self.request
        if self.waiting and asked:
            return f"Waiting for the answer to your {asked.action}."
        newest = next((e for e in reversed(self.entries) if e.good and not e.sent), None)
        return _headline(newest, len(self.offers)) if newest else "Nothing has come back yet."

    @property
    def terms(self) -> str:
        """What on_init asks for, in words; empty before."""
        answer = self.last("on_init")
        return answer.words if answer else ""

    @property
    def offers(self) -> list[Offer]:
        """Everything that was offered, by whoever answered the search."""
        answers = [e for e in self.entries if e.action == "on_search" and e.good]
        found = [offer for entry in answers for offer in _offers(entry)]
        return list({(offer.bpp_id, offer.provider_id, offer.item_id): offer for offer in found}.values())

    @property
    def form_url(self) -> str:
        """Where the documents are handed in, once the terms are known."""
        terms = self.last("on_init")
        url = str(dig(terms.order, "items", 0, "xinput", "form", "url") or "") if terms else ""
        return url if url.startswith(("http://", "https://")) else ""

    @property
    def order_id(self) -> str:
        confirmed = self.last("on_confirm")
        return str(confirmed.order.get("id", "")) if confirmed else ""


def _headline(newest: Entry, offers: int) -> str:
    if newest.action == "on_search":
        return (
            f"{offers} connection{'s are' if offers > 1 else ' is'} offered." if offers else "Nobody offers this here."
        )
    if newest.action == "on_select":
        return f"This connection costs {money(dig(newest.order, 'quote', 'price'))}."
    if newest.action == "on_init":
        return "The terms are here."
    words = newest.words or newest.action
    return f"{words[:1].upper()}{words[1:]}."


def _offers(entry: Entry) -> list[Offer]:
    context = dig(entry.message, "context")
    return [
        Offer(
            bpp_id=str(dig(context, "bpp_id")),
            bpp_uri=str(dig(context, "bpp_uri") or ""),
            provider_id=str(dig(provider, "id")),
            provider=name_of(provider),
            item_id=str(dig(item, "id")),
            item=name_of(item),
            price=money(dig(item, "price")),
            fulfillment_id=str(dig(item, "fulfillment_ids", 0) or dig(provider, "fulfillments", 0, "id") or "1"),
        )
        for provider in rows(entry.message, "message", "catalog", "providers")
        for item in rows(provider, "items")
    ]
