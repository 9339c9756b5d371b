"""`manage.py load_field`: technicians, windows of the day and meters to try the field with, for each provider."""

from datetime import time
from decimal import Decimal
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from connections.models import Provider
from connections.vocabulary import MeterType, Phase
from fieldwork.crew import technicians_group
from fieldwork.models import Meter, Skill, Slot, Technician

SLOTS = (("Morning", time(9), time(12)), ("Afternoon", time(13), time(17)))
# Nobody has a login: staff make one under Users, with a password of their own, and name it at the technician.
TECHNICIANS: tuple[dict[str, Any], ...] = (
    {"name": "David C", "phone": "+14155550101", "skills": Skill.values, "shares_position": True},
    {"name": "Ana Silva", "phone": "+14155550102", "skills": [Skill.ASSESSMENT], "working_days": [0, 1, 2, 3]},
    {"name": "Ravi Kumar", "phone": "+14155550103", "skills": [Skill.ASSESSMENT, Skill.INSTALLATION]},
)
# A meter for a house and one for a shop or a workshop, ten of each: phase, and what it carries in kW.
METERS = ((Phase.SINGLE_PHASE, Decimal("24"), 10), (Phase.THREE_PHASE, Decimal("160"), 10))


class Command(BaseCommand):
    help = "Load technicians, windows of the day and meters for each provider that has none. Safe to repeat."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        technicians_group()
        for provider in Provider.objects.select_for_update():
            self._furnish(provider)
            self.stdout.write(
                f"{provider.name}: {provider.technicians.count()} technicians, {provider.slots.count()} windows a day,"
                f" {provider.meters.count()} meters."
            )

    def _furnish(self, provider: Provider) -> None:
        if not provider.slots.exists():
            Slot.objects.bulk_create(
                Slot(provider=provider, name=name, starts=starts, ends=ends) for name, starts, ends in SLOTS
            )
        if not provider.technicians.exists():
            Technician.objects.bulk_create(Technician(provider=provider, **fields) for fields in TECHNICIANS)
        if not provider.meters.exists():
            Meter.objects.bulk_create(self._meters(provider))

    def _meters(self, provider: Provider) -> list[Meter]:
        carried = [(phase, load_kw) for phase, load_kw, count in METERS for _ in range(count)]
        return [
            Meter(
                provider=provider,
                serial=f"{provider.pk:02d}{8446_9801 + n}",
                type=MeterType.SMART_METER,
                phase=phase,
                max_load_kw=load_kw,
            )
            for n, (phase, load_kw) in enumerate(carried)
        ]
