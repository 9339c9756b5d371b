"""The inbox, the outbox and the thread that ties them to an application. Raw bytes are kept, both ways."""

from datetime import datetime

from django.db import models
from django.db.models import Q

from connections.models import Application, Event


class Conversation(models.Model):
    """An application as a buyer app knows it: its transaction, and the context that unsolicited callbacks need."""

    bap_id = models.CharField(max_length=255)
    transaction_id = models.CharField(max_length=255)
    application = models.OneToOneField(Application, on_delete=models.CASCADE, related_name="conversation")
    context = models.JSONField(help_text="What outlasts the last request in this transaction.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["bap_id", "transaction_id"], name="one_conversation_a_transaction")
        ]

    def __str__(self) -> str:
        return f"{self.bap_id}, {self.transaction_id}"


class Message(models.Model):
    """A request that a buyer app sent and that we acknowledged: an inbox row."""

    class State(models.TextChoices):
        RECEIVED = "RECEIVED"
        HANDLED = "HANDLED"
        FAILED = "FAILED"

    bap_id = models.CharField("buyer app", max_length=255)
    transaction_id = models.CharField(max_length=255)
    action = models.CharField(max_length=40)
    message_id = models.CharField(max_length=255)
    bap_uri = models.CharField("answers go to", max_length=500)
    body = models.BinaryField()
    digest = models.CharField(max_length=88)
    signature = models.TextField("Authorization header")
    via = models.CharField("gateway", max_length=255, blank=True)
    door = models.BigIntegerField(default=0, db_default=0, editable=False, help_text="Who took it: departures.py")
    state = models.CharField(max_length=10, choices=State.choices, default=State.RECEIVED)
    application = models.ForeignKey(
        Application, on_delete=models.SET_NULL, null=True, blank=True, related_name="messages", db_index=False
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    error = models.CharField(max_length=500, blank=True)
    received_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True, blank=True)
    behind_another = False  # an earlier answer of its transaction was still owed when it was taken (drain.py)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(  # a transaction's messages are found by it too: one scattered index, not two
                fields=["transaction_id", "bap_id", "action", "message_id"], name="a_message_comes_once"
            ),
            models.CheckConstraint(
                name="message_state_known", condition=Q(state__in=["RECEIVED", "HANDLED", "FAILED"])
            ),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], name="inbox_due", condition=Q(state="RECEIVED")),
            models.Index(fields=["bap_id", "transaction_id", "id"], name="inbox_order", condition=Q(state="RECEIVED")),
            models.Index(fields=["-id"], name="inbox_failed", condition=Q(state="FAILED")),
            models.Index(fields=["action", "-id"], name="inbox_action", condition=~Q(action="search")),
            models.Index(fields=["application"], name="inbox_of_an_order", condition=Q(application__isnull=False)),
            models.Index(fields=["received_at"], name="inbox_of_no_order", condition=Q(application=None)),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.message_id}"


class Departure(models.Model):
    """How far a web process has come with sending its ACKs: of its messages, all before `upto` (departures.py)."""

    door = models.BigIntegerField(primary_key=True)
    upto = models.BigIntegerField()
    told_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.door}: before {self.upto}"


class Callback(models.Model):
    """A message that we owe a buyer app: an outbox row. Its bytes never change, its signature is made per attempt."""

    class State(models.TextChoices):
        DUE = "DUE"
        DELIVERED = "DELIVERED"
        DEAD = "DEAD"

    request = models.ForeignKey(Message, on_delete=models.CASCADE, null=True, blank=True, related_name="callbacks")
    event = models.ForeignKey(Event, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    application = models.ForeignKey(
        Application, on_delete=models.SET_NULL, null=True, blank=True, related_name="callbacks", db_index=False
    )
    bap_id = models.CharField("buyer app", max_length=255)
    host = models.CharField(max_length=255, default="", editable=False, help_text="Host and port of the address.")
    transaction_id = models.CharField(max_length=255)
    action = models.CharField(max_length=40)
    message_id = models.CharField(max_length=255)
    url = models.CharField(max_length=600)
    body = models.BinaryField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.DUE)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, editable=False, help_text="Until then a worker has it in hand.")
    # Its life is counted in seconds of trying, not to a moment: a clock that jumps must not end it.
    life_seconds = models.PositiveIntegerField(default=3600)
    waited_seconds = models.PositiveIntegerField("seconds it was tried for", default=0)
    outcome = models.CharField("last outcome", max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    is_probe = False  # in hand as the one that tries whether its host answers again
    asked_at: datetime | None = None  # when the request came that it answers, once it is in hand

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(name="callback_state_known", condition=Q(state__in=["DUE", "DELIVERED", "DEAD"]))
        ]
        indexes = [
            models.Index(fields=["due_at"], name="outbox_due", condition=Q(state="DUE")),
            models.Index(fields=["host", "due_at", "id"], name="outbox_share", condition=Q(state="DUE")),
            models.Index(fields=["bap_id", "transaction_id", "id"], name="outbox_order", condition=Q(state="DUE")),
            models.Index(fields=["host"], name="outbox_dead", condition=Q(state="DEAD")),
            models.Index(fields=["-id"], name="outbox_dead_last", condition=Q(state="DEAD")),
            models.Index(fields=["event"], name="outbox_event", condition=Q(event__isnull=False)),
            models.Index(fields=["application"], name="outbox_of_an_order", condition=Q(application__isnull=False)),
            models.Index(fields=["action", "-id"], name="outbox_action", condition=~Q(action="on_search")),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.message_id}"


class Circuit(models.Model):
    """How a host that takes callbacks has behaved; open while it fails, so that a dead one holds up nobody.

    Open means: nothing goes there before `probe_at`, then one callback tries. Several workers see the same row.
    """

    host = models.CharField(max_length=255, unique=True)
    failures = models.PositiveIntegerField("failures in a row", default=0)
    reason = models.CharField("last failure", max_length=300, blank=True)
    failed_at = models.DateTimeField("last failed", null=True)
    openings = models.PositiveIntegerField("pauses in a row", default=0)
    probe_at = models.DateTimeField(null=True, help_text="Nothing is sent before; empty while all is well.")
    waiting_since = models.DateTimeField(null=True, editable=False)  # without the time in which nobody was there to try

    class Meta:
        ordering = ["-failed_at"]

    def __str__(self) -> str:
        return self.host


class Act(models.Model):
    """Events that one database transaction recorded have one number, so that they are told together.

    Written with the event, deleted when it has been announced.
    """

    event = models.OneToOneField(Event, on_delete=models.CASCADE, primary_key=True, related_name="act")
    number = models.UUIDField(db_index=True)

    def __str__(self) -> str:
        return f"{self.event_id} in {self.number}"


class Attempt(models.Model):
    """One try to deliver a callback: when, how long, and what the buyer app said."""

    callback = models.ForeignKey(Callback, on_delete=models.CASCADE, related_name="tries")
    at = models.DateTimeField()
    milliseconds = models.PositiveIntegerField()
    status = models.PositiveSmallIntegerField("HTTP status", null=True)
    outcome = models.CharField(max_length=300)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.outcome


class Refusal(models.Model):
    """A message that the door refused, as often as the same caller was refused for the same thing on one day.

    A sample: in a flood many end in one row "many others". It keeps nothing of the message itself, and of the address
    only the neighbourhood. Until `proven`, subscriber and key are what the caller claims.
    """

    fingerprint = models.CharField(max_length=32, unique=True, editable=False)
    reason = models.CharField(max_length=20)
    code = models.CharField(max_length=10)
    path = models.CharField("where in the message", max_length=200, blank=True)
    sentence = models.CharField("what it was told", max_length=300)
    action = models.CharField(max_length=40, blank=True)
    address = models.CharField("from around", max_length=50, blank=True)
    subscriber_id = models.CharField("subscriber", max_length=255, blank=True)
    key_id = models.CharField("key", max_length=255, blank=True)
    proven = models.BooleanField("signature was good", default=False)
    times = models.PositiveBigIntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "refused"
        ordering = ["-last_at", "-id"]
        indexes = [models.Index(fields=["last_at", "id"], name="refusal_age")]

    def __str__(self) -> str:
        return self.sentence


class Tally(models.Model):
    """How often something happened, in all processes together since the house was built (tally.py).

    `series`: what is counted and the values of its labels, as a JSON list. It only grows.
    """

    series = models.CharField(max_length=500, unique=True)
    number = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return self.series
