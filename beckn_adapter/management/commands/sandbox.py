"""`manage.py sandbox`: registry, gateway and buyer app for a provider platform that you run yourself."""

import argparse
import signal
import threading
from typing import Any

import requests
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from beckn_adapter.sandbox.house import network_env, platform_of
from beckn_adapter.sandbox.network import Network


class Command(BaseCommand):
    help = "Start a registry, a gateway and a buyer app, and say which environment makes a Servicedrop take part."
    requires_system_checks = []  # it runs beside the platform, not as it

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--platform",
            default="http://127.0.0.1:8000/beckn",
            metavar="URL",
            help="where your provider platform takes requests (default: %(default)s)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            with Network() as network:
                self._introduce(network, options["platform"].rstrip("/"))
                threading.Event().wait()
        except (OSError, requests.RequestException) as problem:
            raise CommandError(f"The sandbox failed: {problem}") from None
        except KeyboardInterrupt:
            self.stdout.write("\nStopped.")

    def _introduce(self, network: Network, url: str) -> None:
        """Enter the platform in the registry and print what it needs to know of itself."""
        known = {
            "BECKN_SUBSCRIBER_ID": settings.BECKN_SUBSCRIBER_ID,
            "BECKN_SUBSCRIBER_URI": url,
            "BECKN_KEY_ID": settings.BECKN_KEY_ID,
            "BECKN_SIGNING_KEY": settings.BECKN_SIGNING_KEY,
            "BECKN_ENCRYPTION_KEY": settings.BECKN_ENCRYPTION_KEY,
        }
        platform = platform_of(known, url)
        platform.subscribe(network.registry.url)
        env = {**network_env(platform, network.registry.url), **network.registry.environment()}
        env["BECKN_ALLOW_PRIVATE_CALLBACKS"] = "1"
        lines = "\n".join(f"export {name}={value}" for name, value in env.items())
        self.stdout.write(
            f"# registry   {network.registry.url}\n"
            f"# gateway    {network.gateway.url}\n"
            f"# buyer app  {network.buyer.url}   (open it in a browser)\n"
            f"#\n"
            f"# {platform.subscriber_id} at {url} is registered. Run it with:\n"
            f"{lines}\n"
            f"# Exported before the next start of the sandbox too, these keys are kept. Ctrl-C stops it."
        )
        self.stdout.flush()
