"""What goes when its time is over, by each provider's rule: in small batches, each application by itself."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from time import monotonic
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from connections.actors import Actor
from connections.lifecycle import Refused
from connections.models import Application, Provider
from connections.privacy.erasure import erase_application, erase_one_part
from connections.privacy.rooms import Part, count_messages, sweep_messages
from connections.vocabulary import ApplicationState

CALENDAR = Actor.system("retention")
BY_RULE = "Its time was over."
BATCH = 50
SWEPT_TOGETHER = 500  # messages of no order in one transaction: about 50 ms


class Rule(NamedTuple):
    """A provider's setting, which applications it means, and what is done with each."""

    name: str
    setting: str
    due: Callable[[QuerySet[Application], datetime], QuerySet[Application]]
    act: Callable[[Application], bool]


class TakenBack(Exception):
    """A trial is over: nothing of it stays."""


def ended_before(applications: QuerySet[Application], moment: datetime) -> QuerySet[Application]:
    return applications.filter(ended_at__lt=moment, erased_at=None)


def drafts_left_before(applications: QuerySet[Application], moment: datetime) -> QuerySet[Application]:
    return applications.filter(fulfillment_state=ApplicationState.DRAFT, updated_at__lt=moment, erased_at=None)


RULES = (
    Rule(
        "files",
        "keep_files_days",
        lambda rows, moment: ended_before(rows, moment).filter(files_erased_at=None),
        lambda application: erase_one_part(application, Part.FILES, actor=CALENDAR),
    ),
    Rule(
        "messages",
        "keep_messages_days",
        lambda rows, moment: ended_before(rows, moment).filter(messages_erased_at=None),
        lambda application: erase_one_part(application, Part.MESSAGES, actor=CALENDAR),
    ),
    Rule(
        "people",
        "keep_personal_days",
        ended_before,
        lambda application: erase_application(application, reason=BY_RULE, actor=CALENDAR),
    ),
    Rule(
        "drafts",
        "keep_drafts_days",
        drafts_left_before,
        lambda application: erase_application(application, reason=BY_RULE, actor=CALENDAR),
    ),
)


def keep_retention(now: datetime, *, seconds: float | None = None, dry_run: bool = False) -> Counter[str]:
    """Do what the rules ask for; returns how many of each kind went, and how many must stay for now.

    `seconds` bounds the work, the rest is for the next time. A dry run does everything and takes it back.
    """
    until = monotonic() + seconds if seconds else None
    done: Counter[str] = Counter()
    for provider in Provider.objects.order_by("pk"):
        for rule in RULES:
            for application in _due(provider, rule, now):
                if until and monotonic() > until:
                    return done
                done[_keep(rule, application, dry_run)] += 1
    return +done


def _due(provider: Provider, rule: Rule, now: datetime) -> Iterator[Application]:
    """In batches by number: what must stay is passed over once, not tried again and again."""
    days: int | None = getattr(provider, rule.setting)
    if days is None:
        return
    last = 0
    applications = Application.objects.filter(provider=provider)
    while batch := list(rule.due(applications, now - timedelta(days=days)).filter(pk__gt=last).order_by("pk")[:BATCH]):
        yield from batch
        last = batch[-1].pk


def _keep(rule: Rule, application: Application, dry_run: bool) -> str:
    try:
        with transaction.atomic():
            rule.act(application)
            if dry_run:
                raise TakenBack
    except TakenBack:
        pass
    except Refused:
        return f"{rule.name} that must stay for now"
    return rule.name


def sweep_messages_of_no_order(now: datetime, *, seconds: float) -> int:
    """Delete what buyer apps asked and never ordered by, once it is older than the shortest rule; returns how many.

    Nearly all messages are such. Small batches, each a transaction: nobody waits for one longer than a moment.
    """
    days = messages_of_no_order_kept_for()
    if days is None:
        return 0
    deleted, until = 0, monotonic() + seconds
    while monotonic() < until:
        count = sweep_messages(now - timedelta(days=days), SWEPT_TOGETHER)
        deleted += count
        if count < SWEPT_TOGETHER:
            break
    return deleted


def count_messages_of_no_order(now: datetime) -> int:
    """How many `sweep_messages_of_no_order` would delete, given the time."""
    days = messages_of_no_order_kept_for()
    return 0 if days is None else count_messages(now - timedelta(days=days))


def messages_of_no_order_kept_for() -> int | None:
    """Days: BECKN_SEARCH_DAYS, or a provider's own rule for messages where that is shorter; None is for ever."""
    rules = Provider.objects.exclude(keep_messages_days=None).values_list("keep_messages_days", flat=True)
    days = [*rules, *([settings.BECKN_SEARCH_DAYS] if settings.BECKN_SEARCH_DAYS else [])]
    return min((day for day in days if day is not None), default=None)
