"""What the door refused: where an integrator's "why do you not take my messages?" is answered."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from beckn_adapter.models import Refusal
from connections.admin import ReadOnlyAdmin, moment, shortened, stamp

REASONS = {
    "action": ("Not offered", "The address names an action that is not offered here. README lists those that are."),
    "method": ("Not a POST", "Beckn messages are posted. Somebody opened the address in a browser, or a probe did."),
    "encoding": ("Compressed", "The sender must post the JSON as it is, without Content-Encoding."),
    "size": ("Too long", "The message is longer than BECKN_MAX_BYTES, or the connection broke off."),
    "header": (
        "Unreadable signature",
        "The Authorization header is missing or not as BECKN-006 writes it. The sender compares its header with the "
        "specification's example, letter by letter.",
    ),
    "key": (
        "Unknown key",
        "The registry knows no such subscriber and key id. The sender checks that its subscription is complete and "
        "that keyId names subscriber and key exactly as the registry has them.",
    ),
    "signature": (
        "Wrong signature",
        "The signature is not over the bytes that arrived. Usually the sender signs one text and sends another (the "
        "JSON was written anew in between), or its private key is not the one of the registered public key.",
    ),
    "adapter": (
        "Not the adapter",
        "With BECKN_MODE=adapter only the adapter may bring messages. If it was the adapter, its address is missing in "
        "BECKN_ADAPTER_ADDRESSES, or a proxy stands between that TRUSTED_PROXIES does not count.",
    ),
    "times": (
        "Wrong times",
        "The signature is created in the future or has expired. The sender sets its clock and signs each attempt anew.",
    ),
    "algorithm": ("Wrong algorithm", "Only ed25519 is spoken on this network."),
    "standing": (
        "May not sign here",
        "The signature is good, but the registry has the sender under another type, status, domain or validity.",
    ),
    "gateway": (
        "Gateway",
        "The gateway's signature is missing or does not hold. Its operator looks into it.",
    ),
    "identity": ("Another's name", "The signer and context.bap_id are two. A buyer app signs for itself only."),
    "json": ("Unreadable JSON", "The body is not strict JSON in UTF-8, or nested too deep."),
    "context": ("Context", "A field of the context is missing or does not hold; the path names it."),
    "schema": ("Shape", "The message is not of the shape that its action has; the path names the first place."),
    "category": ("Another category", "The search is for something else. Nothing is wrong."),
    "duplicate": ("Id used twice", "One message_id came with two contents. A new message needs a new id."),
    "rate": ("Too many", "More messages than the settings BECKN_RATE_… allow. The sender obeys Retry-After."),
    "registry": ("Registry away", "The registry did not answer, so a new sender could not be verified."),
    "storage": ("Database away", "Nothing could be stored. Look at the database first."),
    "internal": ("Our mistake", "The door itself failed. The log has the traceback at this time."),
}
OURS = {"registry", "storage", "internal"}


class ReasonFilter(admin.SimpleListFilter):
    """By reason, in words."""

    title = "reason"
    parameter_name = "reason"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(reason, words) for reason, (words, _) in REASONS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Refusal]) -> QuerySet[Refusal]:
        return queryset.filter(reason=self.value()) if self.value() else queryset


@admin.register(Refusal)
class RefusalAdmin(ReadOnlyAdmin):
    """A sample, newest first. A claimed name is shown as such."""

    empty_words = "No message was refused lately."
    sortable_by: list[str] = []
    list_fullwidth = True
    list_display = ["reason_badge", "last", "times", "who", "action", "told", "path"]
    list_filter = [ReasonFilter, "proven", "last_at"]
    search_fields = ["subscriber_id", "key_id", "sentence", "path"]
    search_help_text = "Subscriber, key, sentence or path"
    fields = [
        ("in_words", "action"),
        "advice",
        ("code", "path"),
        "sentence",
        ("subscriber_id", "key_id"),
        ("proven", "address"),
        ("first", "latest"),
        "times",
    ]

    @display(description="reason", ordering="reason", label={"ours": "danger", "theirs": "warning"})
    def reason_badge(self, refusal: Refusal) -> tuple[str, str]:
        words, _ = REASONS.get(refusal.reason, (refusal.reason, ""))
        return "ours" if refusal.reason in OURS else "theirs", words

    @admin.display(description="reason")
    def in_words(self, refusal: Refusal) -> str:
        return self.reason_badge(refusal)[1]

    @admin.display(description="last", ordering="last_at")
    def last(self, refusal: Refusal) -> str:
        return stamp(refusal.last_at)

    @admin.display(description="last time")
    def latest(self, refusal: Refusal) -> str:
        return moment(refusal.last_at)

    @admin.display(description="first time")
    def first(self, refusal: Refusal) -> str:
        return moment(refusal.first_at)

    @admin.display(description="sender", ordering="subscriber_id")
    def who(self, refusal: Refusal) -> str:
        if not refusal.subscriber_id:
            return f"unknown, {refusal.address}" if refusal.address else "unknown"
        return refusal.subscriber_id if refusal.proven else f"claims to be {refusal.subscriber_id}"

    @admin.display(description="what it was told", ordering="sentence")
    def told(self, refusal: Refusal) -> str:
        return shortened(refusal.sentence)

    @admin.display(description="what this means")
    def advice(self, refusal: Refusal) -> str:
        return REASONS.get(refusal.reason, ("", ""))[1]
