"""One person among all applications: found, handed out, erased."""

import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO
from zipfile import ZIP_DEFLATED, ZipFile

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Q, QuerySet

from connections.actors import Actor
from connections.lifecycle import Refused
from connections.models import Application
from connections.privacy.erasure import erase_application
from connections.privacy.rooms import files_of, gather


@dataclass
class Outcome:
    """What came of erasing a person: the applications by what happened to them, with the reason for those that stay."""

    erased: list[Application] = field(default_factory=list)
    before: list[Application] = field(default_factory=list)
    stay: list[tuple[Application, str]] = field(default_factory=list)


def applications_of(application: Application) -> QuerySet[Application]:
    """The applications of the same person: the same name, with the same telephone or e-mail. Itself always."""
    same = Q(pk=application.pk)
    if application.erased_at is None:
        contact = Q(pk__in=[])
        if application.applicant_phone:
            contact |= Q(applicant_phone=application.applicant_phone)
        if application.applicant_email:
            contact |= Q(applicant_email__iexact=application.applicant_email)
        same |= Q(applicant_name__iexact=application.applicant_name) & contact
    return Application.objects.filter(same).order_by("pk")


def find_person(wanted: str) -> QuerySet[Application]:
    """By order id, by e-mail address, or by telephone number as it is written in the applications."""
    if "@" in wanted:
        return Application.objects.filter(applicant_email__iexact=wanted).order_by("pk")
    one = Application.objects.filter(number=wanted).first()
    if one:
        return applications_of(one)
    digits = re.sub(r"\D", "", wanted)
    if len(digits) < 7:
        return Application.objects.none()
    spaced = r"\D*".join(digits)  # however it is spaced; an ending is enough, the country's number may be left out
    return Application.objects.filter(applicant_phone__regex=f"{spaced}$").order_by("pk")


def export_person(applications: QuerySet[Application], archive: IO[bytes], now: datetime) -> int:
    """Write a zip into `archive`: one JSON file for each application, and the files. Returns how many applications."""
    with ZipFile(archive, "w", ZIP_DEFLATED) as bundle:
        names = []
        for application in applications:
            folder = str(application.number or f"draft-{application.pk}")
            names.append(folder)
            bundle.writestr(f"{folder}/data.json", as_json(gather(application)))
            for name, file in files_of(application):
                try:
                    with file.open("rb") as content:
                        bundle.writestr(f"{folder}/{name}", content.read())
                except FileNotFoundError:
                    bundle.writestr(f"{folder}/{name}.missing.txt", "The file is not in the store any more.")
        bundle.writestr("about.json", as_json({"made_at": now, "applications": names}))
    return len(names)


def as_json(data: object) -> str:
    return json.dumps(data, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)


def erase_person(applications: QuerySet[Application], *, reason: str, actor: Actor) -> Outcome:
    """Erase each application that has ended; those that must stay are said, each with why. Safe to repeat."""
    outcome = Outcome()
    for application in list(applications):
        try:
            fresh = erase_application(application, reason=reason, actor=actor)
        except Refused as refusal:
            outcome.stay.append((application, str(refusal)))
        else:
            (outcome.erased if fresh else outcome.before).append(application)
    return outcome
