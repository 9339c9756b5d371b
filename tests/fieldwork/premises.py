"""What the field's tests share: technicians with a login, visits on their way, photos, meters, and the phone."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from connections.actors import Actor
from connections.models import Application, Provider
from connections.vocabulary import ApplicationState as S
from connections.vocabulary import MeterType, Phase
from fieldwork.crew import let_work
from fieldwork.models import Meter, Photo, Skill, Slot, Technician, Visit
from fieldwork.services import arrive, assign_visit
from tests.factories import SYSTEM, application_in, scheduled_application, technician

HERE = {"latitude": Decimal("37.774921"), "longitude": Decimal("-122.419424")}  # 123 Valencia Street
FOUND: dict[str, Any] = {
    "feasible": True,
    "phase": Phase.SINGLE_PHASE,
    "load_kw": Decimal("8"),
    "service_drop_m": Decimal("12.5"),
}
READ: dict[str, Any] = {
    "serial": "84469900",
    "seal_number": "S-77",
    "reading": Decimal("0.4"),
    "reading_again": Decimal("0.4"),
    **HERE,
}
SIXTEEN_DAYS = timedelta(days=16)


def ravi(**fields: Any) -> Technician:
    """A technician with every skill and a login that may work visits."""
    user = User.objects.create_user(f"ravi-{uuid4().hex[:8]}")
    known = technician(**{"skills": Skill.values, "user": user, "working_days": list(range(7)), **fields})
    let_work(known)
    return known


def actor_of(worker: Technician) -> Actor:
    return Actor.staff(worker.user)


def assessment(**asked: Any) -> Visit:
    return scheduled_application(**asked).visits.get(kind=Visit.Kind.ASSESSMENT)


def installation(**asked: Any) -> Visit:
    """The installation visit of an approved order."""
    return application_in(S.APPROVED, **asked).visits.get(kind=Visit.Kind.INSTALLATION)


def on_site(visit: Visit, worker: Technician) -> Visit:
    return arrive(assign_visit(visit, technician=worker, actor=SYSTEM), actor=SYSTEM)


def meter(**fields: Any) -> Meter:
    """A meter of the stock that fits the residential order of the factories."""
    defaults = {
        "serial": READ["serial"],
        "type": MeterType.SMART_METER,
        "phase": Phase.SINGLE_PHASE,
        "max_load_kw": Decimal("24"),
    }
    if "provider" not in fields:
        fields["provider"] = Provider.objects.get(code="sf_electric_authority")
    return Meter.objects.create(**{**defaults, **fields})


def picture(colour: str = "green", **saved: Any) -> bytes:
    out = BytesIO()
    Image.new("RGB", (64, 48), colour).save(out, "JPEG", **saved)
    return out.getvalue()


def photo(visit: Visit, kind: str) -> Photo:
    new = Photo(visit=visit, kind=kind, media_type="image/jpeg")
    new.file.save("", ContentFile(picture()))
    return new


def ready_to_assess(worker: Technician, **asked: Any) -> Visit:
    visit = on_site(assessment(**asked), worker)
    photo(visit, Photo.Kind.PREMISES)
    return visit


def ready_to_install(worker: Technician, **asked: Any) -> Visit:
    """At the premises of an approved order, the meter in the stock and its photo taken."""
    visit = on_site(installation(**asked), worker)
    photo(visit, Photo.Kind.METER)
    meter()
    return visit


def morning(of: Provider) -> Slot:
    return Slot.objects.create(provider=of, name="Morning", starts=time(9), ends=time(12))


def next_weekday(number: int) -> date:
    """The next Monday (0) to Sunday (6) that is at least a week away."""
    day = timezone.localdate() + timedelta(days=7)
    return day + timedelta(days=(number - day.weekday()) % 7)


def at(day: date, hour: int) -> datetime:
    """An hour of San Francisco's clock."""
    return timezone.make_aware(datetime.combine(day, time(hour)), timezone.get_default_timezone()).astimezone(UTC)


def give_window(visit: Visit, start: datetime, hours: int = 3) -> Visit:
    Visit.objects.filter(pk=visit.pk).update(window_start=start, window_end=start + timedelta(hours=hours))
    return Visit.objects.get(pk=visit.pk)


def phone_of(worker: Technician) -> Client:
    client = Client()
    client.force_login(worker.user)  # type: ignore[arg-type]
    return client


def state_of(row: Visit | Application | Meter) -> str:
    again = type(row)._default_manager.get(pk=row.pk)
    return again.fulfillment_state if isinstance(again, Application) else again.state
