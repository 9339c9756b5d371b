"""`manage.py verify_audit`: proves the chains of events, or names the first row that breaks each."""

from argparse import ArgumentParser
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from connections.audit.chain import Break
from connections.audit.verify import head_at, verify
from connections.models import Application, Event
from connections.unhurried import unhurried

TOLD = 20  # broken chains that are named
SETTLED = timedelta(minutes=2)  # longer than any transaction that still writes


class Command(BaseCommand):
    help = (
        "Prove that no event was changed, removed, slipped in or moved; exit code 1 names the first broken row. With "
        "--head print one line to keep elsewhere; given as it was kept, --head --at … --is …, it proves such a line."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--application", metavar="N", help="an order id (conn-order-001), or the row's number")
        parser.add_argument("--head", action="store_true", help="the digest of all chains' heads, instead of a proof")
        parser.add_argument("--at", help="the head as it was at this time, ISO 8601 with zone")
        parser.add_argument("--is", dest="expected", help="exit code 1 unless this is the digest")

    def handle(self, *args: Any, **options: Any) -> None:
        # A kept line that is given without --head is a line to be proved all the same, not a word to pass over.
        if not (options["head"] or options["at"] is not None or options["expected"] is not None):
            with unhurried():
                self._verify(options["application"])
            return
        if options["application"]:
            raise CommandError("The head is of all chains: leave --application out.", returncode=2)
        if options["expected"] is not None and options["at"] is None:
            raise CommandError("A digest is of a time: say --at as well.", returncode=2)
        with unhurried():
            self._head(options["at"], options["expected"])

    def _verify(self, wanted: str | None) -> None:
        events = Event.objects.filter(application=find(wanted)) if wanted else None
        broken = list(islice(verify(events), TOLD))
        if broken:
            raise CommandError("\n".join(map(in_words, broken)), returncode=1)
        scope = f"application {wanted}" if wanted else "every chain"
        count = (Event.objects.all() if events is None else events).count()
        self.stdout.write(f"The audit trail of {scope} holds: {count} events.")

    def _head(self, at: str | None, expected: str | None) -> None:
        head = head_at(moment_of(at))
        self.stdout.write(
            f"--head --at {head.at.isoformat()} --is {head.digest}  ({head.chains} chains, {head.events} events)"
        )
        if expected is not None and expected != head.digest:
            raise CommandError("This is not the digest that was kept: events until then were changed.", returncode=1)


def find(wanted: str) -> Application:
    """By order id or by row number. Raises `CommandError`."""
    found = Application.objects.filter(number=wanted).first()
    if found is None and wanted.isdecimal():
        found = Application.objects.filter(pk=int(wanted)).first()
    if found is None:
        raise CommandError(f"There is no application {wanted}.", returncode=2)
    return found


def moment_of(text: str | None) -> datetime:
    """The time that was named; else a little ago, so that nobody still writes events of before it."""
    if text is None:
        return timezone.now() - SETTLED
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise CommandError(f"{text} is not a time with its zone, for example 2026-05-12T14:00:00+00:00.", returncode=2)
    return moment


def in_words(broken: Break) -> str:
    row = f" (row {broken.event_id})" if broken.event_id else ""
    return f"BROKEN {broken.chain}, event {broken.number}{row}: {broken.why}."
