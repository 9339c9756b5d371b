"""The second factor: six digits from an app on somebody's phone, or one of ten recovery codes on paper.

Devices are rows of django-otp, which counts wrong tries per device and makes each one wait twice as long, and takes
no six digits twice. Who needs a second factor is said by settings.SECOND_FACTOR_GROUPS; whoever set one up is always
asked for it. Recovery codes are kept as keyed hashes only; the secret of the six digits has to be kept as it is.
"""

import logging
import secrets
from collections.abc import Iterator
from math import ceil
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django_otp.models import Device
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

log = logging.getLogger(__name__)
ALL_STAFF = "*"
CODES = 10
LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"  # none that is mistaken for another
CODE_LENGTH = 12  # of 31 letters: 59 bits


def is_required(user: Any) -> bool:
    """Whether the rule asks this person for a second factor: all staff, or members of the groups that are named.

    A superuser stands above every group, so any name at all is enough to ask them.
    """
    groups = set(settings.SECOND_FACTOR_GROUPS)
    if not groups:
        return False
    if user.is_superuser or (ALL_STAFF in groups and user.is_staff):
        return True
    return bool(user.groups.filter(name__in=groups).exists())


def app_of(user: Any) -> TOTPDevice | None:
    """The app that this person set up, if any."""
    return TOTPDevice.objects.filter(user=user, confirmed=True).first()


def is_asked(user: Any) -> bool:
    """Whether a password alone is not enough for this person."""
    return is_required(user) or app_of(user) is not None


def app_to_set_up(user: User, begun: int | None) -> TOTPDevice:
    """The app that this session has `begun` (its pk) to set up, or a new one.

    Each session has a secret of its own: whoever knows a password alone must not have seen the one that is confirmed.
    """
    waiting = TOTPDevice.objects.filter(user=user, confirmed=False, pk=begun).first()
    if waiting is None:
        TOTPDevice.objects.filter(user=user, confirmed=False).delete()
        waiting = TOTPDevice.objects.create(user=user, name="app", confirmed=False)
    return waiting


def confirm_app(user: User, begun: int | None, digits: str) -> TOTPDevice | None:
    """Believe the new app once it shows the right digits; it takes the place of any app before it."""
    with transaction.atomic():
        waiting = TOTPDevice.objects.select_for_update().filter(user=user, confirmed=False, pk=begun).first()
        if waiting is None or not waiting.verify_token(_bare(digits)):
            return None
        TOTPDevice.objects.filter(user=user, confirmed=True).delete()
        waiting.confirmed = True
        waiting.save(update_fields=["confirmed"])
        log.info("user %s set up a second factor", user.pk)
        return waiting


def prove(user: User, typed: str) -> Device | None:
    """The device that what was typed belongs to. A recovery code is used up by it."""
    bare = _bare(typed)
    with transaction.atomic():
        device = _by_app(user, bare) if bare.isdecimal() else _by_paper(user, bare)
    log.log(logging.INFO if device else logging.WARNING, "second factor of user %s: %s", user.pk, device or "refused")
    return device


def _by_app(user: User, digits: str) -> TOTPDevice | None:
    app = TOTPDevice.objects.select_for_update().filter(user=user, confirmed=True).first()
    return app if app is not None and app.verify_token(digits) else None


def _by_paper(user: User, code: str) -> StaticDevice | None:
    paper = StaticDevice.objects.select_for_update().filter(user=user, confirmed=True).first()
    if paper is None:
        return None
    known = next((kept for kept in _kept_as(code) if paper.token_set.filter(token=kept).exists()), "")
    return paper if paper.verify_token(known) else None


def seconds_to_wait(user: Any) -> int:
    """How long this person's devices still refuse to look at anything, after wrong tries. 0: they look."""
    devices: list[TOTPDevice | StaticDevice] = [
        *TOTPDevice.objects.filter(user=user, confirmed=True),
        *StaticDevice.objects.filter(user=user, confirmed=True),
    ]
    refusals = [why for allowed, why in (device.verify_is_allowed() for device in devices) if not allowed]
    return max((ceil((why["locked_until"] - timezone.now()).total_seconds()) for why in refusals), default=0)


def new_recovery_codes(user: User) -> list[str]:
    """Ten new codes, which are shown once; older ones stop working."""
    codes = ["".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH)) for _ in range(CODES)]
    with transaction.atomic():
        StaticDevice.objects.filter(user=user).delete()
        paper = StaticDevice.objects.create(user=user, name="recovery codes", confirmed=True)
        for code in codes:
            paper.token_set.create(token=next(_kept_as(code)))
    return [f"{code[:4]}-{code[4:8]}-{code[8:]}" for code in codes]


def codes_left(user: Any) -> int:
    paper = StaticDevice.objects.filter(user=user).first()
    return paper.token_set.count() if paper else 0


def forget_devices(user: User) -> None:
    """For somebody who lost phone and paper: the next log-in sets up a new app."""
    TOTPDevice.objects.filter(user=user).delete()
    StaticDevice.objects.filter(user=user).delete()


def _bare(typed: str) -> str:
    return typed.replace("-", "").replace(" ", "").lower()


def _kept_as(code: str) -> Iterator[str]:
    """64 bits of a keyed hash, with the secret of today first and then with those before it."""
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        yield salted_hmac("connections.recovery_code", code, secret=secret, algorithm="sha256").hexdigest()[:16]
