"""`manage.py beckn_subscribe [--retire KEY_ID]`: publish our keys in the registry, or end one that signs no more."""

import argparse
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from beckn_adapter import subscribing
from beckn_adapter.registry_client import Client, RegistryDown
from beckn_adapter.signing import BadKey


class Command(BaseCommand):
    help = "Subscribe our keys at the registry, in every domain; what is there already is left alone. Safe to repeat."
    requires_system_checks = []  # those of the network would say that we are not subscribed

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--retire", metavar="KEY_ID", help="end this key once its last signature has expired")
        parser.add_argument("--valid-days", type=days, default=365, help="how long new keys hold (default: 365)")
        parser.add_argument("--wait", type=float, default=20, help="seconds for the challenge (default: 20)")

    def handle(self, *args: Any, retire: str | None, valid_days: int, wait: float, **_: Any) -> None:
        client, outcomes = Client(), []
        try:
            ours = subscribing.must_have_keys()
            for domain in settings.BECKN_DOMAINS:
                if retire:
                    outcomes.append((retire, domain, subscribing.retire(client, retire, domain)))
                    continue
                for pairs in ours:
                    valid_for = timedelta(days=valid_days)
                    done = subscribing.publish(client, pairs, domain, valid_for=valid_for, wait=wait)
                    outcomes.append((pairs.key_id, domain, done))
        except BadKey as problem:
            raise CommandError(f"{problem}.") from None
        except RegistryDown as problem:
            raise CommandError(f"The registry can not be asked: {problem}.") from None
        for key_id, domain, outcome in outcomes:
            self.stdout.write(f"{key_id} in {domain}: {outcome.words}.")
        if not all(outcome.good for _, _, outcome in outcomes):
            raise CommandError("Not every key is as it should be.")


def days(text: str) -> int:
    """A day to a hundred years."""
    if not (text.isdecimal() and 1 <= int(text) <= 36_500):
        raise argparse.ArgumentTypeError(f"{text} is not a number of days from 1 to 36500, such as 365")
    return int(text)
