"""An application for a connection, from its draft to the moment the power goes on."""

import uuid
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django_fsm import ConcurrentTransitionMixin, FSMField, transition

from connections.geography import Place
from connections.models.offering import Offering
from connections.models.provider import Provider
from connections.privacy.masking import mask_name
from connections.vocabulary import COUNTER, OPEN_STATES, ApplicationState, BillingCycle, ConnectionStatus, MeterType
from connections.worded import Worded

if TYPE_CHECKING:
    from decimal import Decimal

S = ApplicationState
PHONE = RegexValidator(r"^\+?[0-9 ().-]{6,25}$", "A telephone number, for example +14155553333.")
NO_CONTACT = "Give a telephone number or an e-mail address."

STATUS_OF_STATE: dict[str, ConnectionStatus] = {
    S.DRAFT: ConnectionStatus.PENDING,
    S.SCHEDULED: ConnectionStatus.PENDING,
    S.TECHNICIAN_ASSIGNED: ConnectionStatus.IN_PROGRESS,
    S.ASSESSMENT_COMPLETED: ConnectionStatus.IN_PROGRESS,
    S.APPROVED: ConnectionStatus.IN_PROGRESS,
    S.CONNECTION_ESTABLISHED: ConnectionStatus.COMPLETED,
    S.CANCELLED: ConnectionStatus.CANCELLED,
    S.FAILED: ConnectionStatus.FAILED,
}
OWING = Q(owes=True, fulfillment_state__in=[*OPEN_STATES, S.CONNECTION_ESTABLISHED])


class Application(ConcurrentTransitionMixin, Worded):
    """One applicant's wish for power at one place. `fulfillment_state` moves only through `lifecycle.advance`.

    `source` and `source_reference` say who brought it and under which reference they know it: a buyer app and its
    transaction, or the counter and its paper's number. Loads are kW, consumption kWh a month, positions WGS 84.
    """

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="applications", db_index=False)
    offering = models.ForeignKey(Offering, on_delete=models.PROTECT, related_name="applications")
    # Null, not empty, until ordered: drafts would clash on the unique empty text.
    number = models.CharField("order id", max_length=60, null=True, unique=True, editable=False)  # noqa: DJ001
    source = models.CharField(max_length=200, default=COUNTER, editable=False)
    source_reference = models.CharField("reference", max_length=200, blank=True)
    tracking_id = models.UUIDField(
        default=uuid.uuid4,
        unique=True,
        editable=False,
        help_text="Whoever has it may see where the application stands.",
    )

    applicant_name = models.CharField(max_length=200)
    applicant_phone = models.CharField(max_length=30, blank=True, validators=[PHONE])
    applicant_email = models.EmailField(blank=True)
    billing_name = models.CharField(max_length=200, blank=True)
    billing_phone = models.CharField(max_length=30, blank=True, validators=[PHONE])
    billing_email = models.EmailField(blank=True)
    billing_address = models.CharField(max_length=500, blank=True)
    tax_id = models.CharField(max_length=60, blank=True)

    address = models.CharField("address of the premises", max_length=500)
    postcode = models.CharField(max_length=20, blank=True)
    city_code = models.CharField(max_length=60, blank=True)
    latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    position_as_given = models.CharField(max_length=60, blank=True, editable=False)
    attention = models.CharField("look at this", max_length=300, blank=True, help_text="Why a person should look.")

    requested_load_kw = models.DecimalField(
        "requested load (kW)", max_digits=9, decimal_places=2, validators=[MinValueValidator(0)]
    )
    monthly_consumption_kwh = models.DecimalField(
        "estimated consumption (kWh a month)",
        max_digits=11,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )

    fulfillment_state = FSMField("state", default=S.DRAFT, choices=S.choices, protected=True, editable=False)
    reason = models.CharField("reason for the end", max_length=500, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    ordered_at = models.DateTimeField(null=True, editable=False)
    ended_at = models.DateTimeField(null=True, editable=False, help_text="Power on, cancelled or rejected.")

    due_on = models.DateField(
        null=True,
        editable=False,
        help_text="By when the utility promised the next step, as a worker noted it lately: to find orders by, "
        "not to tell.",
    )
    owes = models.BooleanField(
        default=True,
        db_default=True,
        editable=False,
        help_text="Something that an order asks for may be open: the ledger takes it away when nothing is. To find "
        "orders by, not to tell.",
    )

    files_erased_at = models.DateTimeField(null=True, editable=False)
    messages_erased_at = models.DateTimeField(null=True, editable=False)
    erased_at = models.DateTimeField("person erased", null=True, editable=False)

    energised_at = models.DateTimeField(null=True, editable=False)
    meter_serial = models.CharField(max_length=60, blank=True, editable=False)
    meter_type = models.CharField(max_length=20, blank=True, choices=MeterType.choices, editable=False)
    seal_number = models.CharField(max_length=60, blank=True, editable=False)
    initial_reading_kwh = models.DecimalField(
        "initial reading (kWh)", max_digits=12, decimal_places=3, null=True, editable=False
    )

    consumer_number = models.CharField(max_length=40, null=True, unique=True, editable=False)  # noqa: DJ001 - as number
    sanctioned_load_kw = models.DecimalField(
        "sanctioned load (kW)", max_digits=9, decimal_places=2, null=True, editable=False
    )
    tariff_category = models.CharField(max_length=60, blank=True, editable=False)
    billing_cycle = models.CharField(max_length=12, blank=True, choices=BillingCycle.choices, editable=False)
    grid_zone = models.CharField(max_length=60, blank=True, editable=False)

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("schedule_application", "Can submit an application"),
            ("approve_application", "Can approve an application"),
            ("cancel_application", "Can cancel an application"),
            ("fail_application", "Can reject an application"),
            ("view_personal_data", "Can see personal data in full"),
            ("export_person", "Can hand out all that is known of a person"),
            ("erase_person", "Can erase a person"),
        ]
        constraints = [
            models.CheckConstraint(name="application_state_known", condition=Q(fulfillment_state__in=S.values)),
            models.CheckConstraint(
                name="no_power_without_meter_seal_and_reading",
                condition=~Q(fulfillment_state=S.CONNECTION_ESTABLISHED)
                | (~Q(meter_serial="") & ~Q(seal_number="") & Q(initial_reading_kwh__isnull=False)),
            ),
            models.CheckConstraint(
                name="an_order_has_its_number",
                condition=Q(fulfillment_state=S.DRAFT) | Q(number__isnull=False),
            ),
            models.UniqueConstraint(
                name="one_application_a_source_reference",
                fields=["source", "source_reference"],
                condition=~Q(source_reference=""),
            ),
        ]
        indexes = [
            models.Index(fields=["provider", "fulfillment_state"], name="application_queue"),
            models.Index(fields=["provider", "-id"], name="application_list_of_provider"),
            models.Index(fields=["id"], name="application_owing", condition=OWING),
            models.Index(fields=["provider", "id"], name="application_owing_of_provider", condition=OWING),
            models.Index(fields=["provider", "ended_at"], name="application_kept", condition=Q(erased_at=None)),
            models.Index(fields=["due_on"], name="application_due", condition=Q(fulfillment_state__in=[*OPEN_STATES])),
            models.Index(fields=["fulfillment_state", "-id"], name="application_list_of_state"),
            models.Index(fields=["source", "-id"], name="application_list_of_source"),
            models.Index(fields=["ordered_at", "id"], name="application_list_of_day"),
            models.Index(fields=["-id"], name="application_to_look_at", condition=~Q(attention="")),
            models.Index(
                fields=["provider", "ended_at"],
                name="application_files_kept",
                condition=Q(files_erased_at=None, ended_at__isnull=False),
            ),
            models.Index(
                fields=["provider", "ended_at"],
                name="application_messages_kept",
                condition=Q(messages_erased_at=None, ended_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        """With initials only: it stands in lists, links, histories and logs."""
        return f"{self.number or f'Draft {self.pk}'}, {mask_name(self.applicant_name)}"

    @property
    def application(self) -> "Application":
        """Events hang on an application; an application's own hang on itself."""
        return self

    @property
    def connection_status(self) -> ConnectionStatus:
        return self.status_in(self.fulfillment_state)

    def status_in(self, state: str) -> ConnectionStatus:
        """The status that goes with a state; only of the present one it is known whether something holds it up."""
        is_held = state == self.fulfillment_state and any(hold.closed_at is None for hold in self.holds.all())
        return ConnectionStatus.ON_HOLD if is_held and state in OPEN_STATES else STATUS_OF_STATE[state]

    def clean(self) -> None:
        if not (self.applicant_phone or self.applicant_email):
            raise ValidationError({"applicant_phone": NO_CONTACT})
        if (self.latitude is None) != (self.longitude is None):
            raise ValidationError({"longitude": "A position needs latitude and longitude together."})

    # --- The life: each verb leads to the state of its participle (HOUSE: one word chain) -----------------------

    @transition(
        fulfillment_state,
        S.DRAFT,
        S.SCHEDULED,
        permission="connections.schedule_application",
        custom={"network": True},
    )
    def schedule(self) -> None:
        self.number = f"{self.provider.order_prefix}-{self.pk:03d}"
        self.ordered_at = timezone.now()

    @transition(fulfillment_state, S.SCHEDULED, S.TECHNICIAN_ASSIGNED, permission="fieldwork.assign_visit")
    def assign_technician(self) -> None:
        """A technician is on the assessment visit; which one is the visit's business."""

    @transition(
        fulfillment_state,
        S.TECHNICIAN_ASSIGNED,
        S.ASSESSMENT_COMPLETED,
        permission="fieldwork.complete_visit",
    )
    def complete_assessment(self) -> None:
        """The premises have been seen; the findings are the visit's."""

    @transition(fulfillment_state, S.ASSESSMENT_COMPLETED, S.APPROVED, permission="connections.approve_application")
    def approve(self) -> None:
        """Whether it may be approved is for the guards to say."""

    @transition(fulfillment_state, S.APPROVED, S.CONNECTION_ESTABLISHED, permission="fieldwork.complete_visit")
    def establish_connection(
        self, *, meter_serial: str, meter_type: str, seal_number: str, initial_reading_kwh: "Decimal"
    ) -> None:
        self.meter_serial, self.meter_type = meter_serial, meter_type
        self.seal_number, self.initial_reading_kwh = seal_number, initial_reading_kwh
        self.energised_at = self.ended_at = timezone.now()
        self._become_a_consumer()

    def _become_a_consumer(self) -> None:
        """The connection's lasting facts, as the offering and the area have them on this day."""
        self.consumer_number = f"{self.provider.consumer_prefix}{self.pk:08d}"
        self.sanctioned_load_kw = self.sanctioned_load_kw or self.requested_load_kw
        self.tariff_category = self.offering.tariff_category
        self.billing_cycle = self.offering.billing_cycle
        self.grid_zone = self.provider.grid_zone_of(self.place())

    def place(self) -> Place:
        """Where the premises are, for the service areas to judge."""
        return Place.at(self.latitude, self.longitude, postcode=self.postcode, city_code=self.city_code)

    @transition(
        fulfillment_state,
        OPEN_STATES,
        S.CANCELLED,
        permission="connections.cancel_application",
        custom={"network": True, "asks_reason": True},
    )
    def cancel(
        self,
        *,
        reason: str,
        reason_code: str = "",
        asked_by_applicant: bool = False,
        beside_it: dict[str, str] | None = None,
    ) -> None:
        """Who asked decides about the fee; a buyer app always speaks for the applicant. `beside_it` are its words
        beside the reason, as its event keeps them."""
        self.reason, self.ended_at = reason, timezone.now()

    @transition(
        fulfillment_state,
        OPEN_STATES,
        S.FAILED,
        permission="connections.fail_application",
        custom={"asks_reason": True},
    )
    def fail(self, *, reason: str) -> None:
        self.reason, self.ended_at = reason, timezone.now()
