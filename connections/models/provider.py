"""Who serves, and where."""

from datetime import date
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from connections.geography import Area, Place, judge
from connections.models.edition import Catalogued
from connections.vocabulary import OPEN_STATES

CURRENCY = RegexValidator(r"^[A-Z]{3}$", "Three capital letters (ISO 4217), for example USD.")
WIRE_ID = RegexValidator(r"^[A-Za-z0-9._~-]+$", "Letters, digits and . _ ~ - only: buyer apps see this id.")


COLOUR = RegexValidator(r"^#[0-9a-fA-F]{6}$", "A colour as # and six digits, for example #0f5a6e.")


def check_time_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError("Not a time zone of the tz database, for example America/Los_Angeles.")


def working_week() -> list[int]:
    return [0, 1, 2, 3, 4]


def check_weekdays(days: object) -> None:
    if not isinstance(days, list) or not days or not all(type(day) is int and 0 <= day <= 6 for day in days):
        raise ValidationError("A list of weekdays, 0 is Monday and 6 is Sunday: [0, 1, 2, 3, 4].")


class Provider(Catalogued):
    """A utility that offers connections. Several may stand behind one Beckn provider platform."""

    code = models.CharField(max_length=80, unique=True, validators=[WIRE_ID], help_text="The id buyer apps order by.")
    name = models.CharField(max_length=200)
    short_description = models.CharField(max_length=300, blank=True)
    long_description = models.TextField(blank=True)
    logo_url = models.URLField(blank=True)
    support_phone = models.CharField(max_length=30, blank=True)
    support_email = models.EmailField(blank=True)
    currency = models.CharField(max_length=3, validators=[CURRENCY], help_text="ISO 4217, for example USD.")
    order_prefix = models.SlugField(
        max_length=40,
        unique=True,
        help_text="Order numbers begin with this: conn-order gives conn-order-001.",
    )
    onsite_service_id = models.CharField(
        "on-site service id",
        max_length=40,
        default="1",
        validators=[WIRE_ID],
        help_text="Under this id buyer apps ask for the technician's visit.",
    )
    consumer_prefix = models.CharField(
        max_length=12, default="C", validators=[WIRE_ID], help_text="Consumer numbers begin with this."
    )
    time_zone = models.CharField(
        max_length=60,
        default="America/Los_Angeles",
        validators=[check_time_zone],
        help_text="Of its visits: America/Los_Angeles, Asia/Kolkata.",
    )
    working_weekdays = models.JSONField(
        default=working_week,
        validators=[check_weekdays],
        help_text="The office's: 0 is Monday, 6 is Sunday. What is promised counts in working days.",
    )
    brand_colour = models.CharField(
        max_length=7, blank=True, validators=[COLOUR], help_text="Of its pages, letters and papers: #0f5a6e."
    )
    legal_name = models.CharField(max_length=200, blank=True, help_text="On invoices, where it differs from the name.")
    postal_address = models.TextField(blank=True, help_text="On invoices and letters.")
    tax_number = models.CharField(max_length=60, blank=True, help_text="On invoices.")
    payment_instructions = models.TextField(
        blank=True, help_text="How to pay, on demand notes and invoices: the bank account, the office's hours."
    )
    payment_days = models.PositiveSmallIntegerField(
        default=14, help_text="Days from a demand note or an invoice until it is to be paid."
    )
    quote_valid_days = models.PositiveSmallIntegerField(default=30, validators=[MinValueValidator(1)])
    keep_files_days = models.PositiveIntegerField(
        "files (days)", null=True, blank=True, help_text="Papers and photos, after an order ended. Empty: for ever."
    )
    keep_messages_days = models.PositiveIntegerField(
        "messages (days)", null=True, blank=True, help_text="What buyer apps sent and got, after an order ended."
    )
    keep_personal_days = models.PositiveIntegerField(
        "people (days)",
        null=True,
        blank=True,
        help_text="Names, contacts, addresses, remarks, after an order ended. Numbers, amounts and dates stay.",
    )
    keep_drafts_days = models.PositiveIntegerField(
        "drafts (days)", null=True, blank=True, help_text="Never ordered, after the last change: the person goes."
    )
    active = models.BooleanField(default=True, help_text="Switched off, it is neither found nor ordered from.")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        """Of its clock on the wall: visits, days and papers go by it."""
        return ZoneInfo(self.time_zone)

    def today(self) -> date:
        return timezone.localdate(timezone=self.zone)

    def areas(self) -> list[Area]:
        return [row.as_area() for row in self.service_areas.all()]

    def grid_zone_of(self, place: Place) -> str:
        """The grid zone of the first service area that holds the place; empty where none has a zone."""
        rows = [row for row in self.service_areas.all() if row.grid_zone and judge([row.as_area()], place).served]
        return rows[0].grid_zone if rows else ""


class ServiceArea(Catalogued):
    """A part of the world that a provider serves: by city code, postcode, polygon or circle, alone or together."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="service_areas")
    code = models.CharField(
        max_length=40, default="1", validators=[WIRE_ID], help_text="The location id on the network."
    )
    name = models.CharField(max_length=120)
    grid_zone = models.CharField(max_length=60, blank=True)
    city_codes = models.JSONField(default=list, blank=True, help_text='Network city codes, for example ["NANP:628"].')
    postcodes = models.JSONField(default=list, blank=True, help_text='For example ["94110", "94112"].')
    polygon = models.JSONField(
        default=list, blank=True, help_text="Corners as [latitude, longitude], WGS 84, at least three."
    )
    centre_latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    centre_longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    radius_km = models.DecimalField(
        max_digits=7, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["provider", "code"], name="service_area_code_once_a_provider"),
            models.CheckConstraint(
                name="service_area_circle_whole",
                condition=Q(centre_latitude=None, centre_longitude=None, radius_km=None)
                | Q(centre_latitude__isnull=False, centre_longitude__isnull=False, radius_km__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def as_area(self) -> Area:
        centre = None
        if self.centre_latitude is not None and self.centre_longitude is not None:
            centre = (float(self.centre_latitude), float(self.centre_longitude))
        return Area(
            name=self.name,
            city_codes=frozenset(self.city_codes),
            postcodes=frozenset(self.postcodes),
            polygon=tuple((float(lat), float(lon)) for lat, lon in self.polygon),
            centre=centre,
            radius_km=float(self.radius_km or 0),
        )

    def clean(self) -> None:
        for field in ("city_codes", "postcodes"):
            codes = getattr(self, field)
            if not isinstance(codes, list) or not all(isinstance(code, str) and code for code in codes):
                raise ValidationError({field: 'Write a list of texts, for example ["94110", "94112"].'})
        if not is_polygon(self.polygon):
            raise ValidationError(
                {"polygon": "Write at least three corners as [latitude, longitude], for example [[37.7, -122.5], …]."}
            )
        if {self.centre_latitude is None, self.centre_longitude is None, self.radius_km is None} == {
            True,
            False,
        }:
            raise ValidationError({"radius_km": "A circle needs latitude, longitude and radius together."})


def is_polygon(value: object) -> bool:
    """True for [] and for a list of three or more [lat, lon] pairs on the globe."""
    if not isinstance(value, list) or len(value) in {1, 2}:
        return False
    try:
        return all(abs(float(lat)) <= 90 and abs(float(lon)) <= 180 for lat, lon in value)
    except (TypeError, ValueError):
        return False


class CancellationTerm(Catalogued):
    """What the applicant forgoes when cancelling in a given state, as a share of the quote."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="cancellation_terms")
    state = models.CharField(max_length=30, choices=[(state.value, state.label) for state in OPEN_STATES])
    fee_percent = models.DecimalField(
        max_digits=5, decimal_places=2, validators=[MinValueValidator(0), MaxValueValidator(100)]
    )
    reason_required = models.BooleanField(default=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["provider", "state"], name="one_cancellation_term_a_state"),
            models.CheckConstraint(
                name="cancellation_fee_is_a_share", condition=Q(fee_percent__gte=0, fee_percent__lte=100)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()}: {self.fee_percent:g} %"


class CancellationReason(models.Model):
    """A reason that applicants can choose when they cancel (get_cancellation_reasons)."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="cancellation_reasons")
    code = models.CharField(max_length=40, validators=[WIRE_ID], help_text="The id buyer apps send, for example c1.")
    word = models.SlugField(max_length=60, help_text="In capitals on the network, for example no-longer-needed.")
    text = models.CharField(max_length=200, help_text="As the applicant reads it.")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["provider", "code"], name="cancellation_reason_code_once_a_provider")
        ]

    def __str__(self) -> str:
        return self.text
