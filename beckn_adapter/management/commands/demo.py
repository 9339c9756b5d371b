"""`manage.py demo [--once]`: a whole network on this machine, and the story of one order played on it."""

import argparse
import fcntl
import os
import secrets
import shutil
import signal
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import requests
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from beckn_adapter.sandbox.children import ChildFailed
from beckn_adapter.sandbox.house import House
from beckn_adapter.sandbox.network import Network
from beckn_adapter.sandbox.people import PageRefused
from beckn_adapter.sandbox.server import kept_port
from beckn_adapter.sandbox.story import Line, Passwords, StepFailed, Story

WHO = ("ADMIN", "CLERK", "TECHNICIAN")


class Command(BaseCommand):
    help = "Play a connection from search to rating over a network on this machine, then serve until Ctrl-C."
    requires_system_checks = []  # the house checks itself, with its own settings

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="stop after the story; exit 1 if a step failed")

    def handle(self, *args: Any, **options: Any) -> None:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            self._play(once=options["once"])
        except (StepFailed, ChildFailed, PageRefused, OSError, requests.RequestException) as problem:
            raise CommandError(f"The demo failed: {problem}") from None
        except KeyboardInterrupt:
            self._say("\nStopped.")
            if options["once"]:
                raise CommandError("The demo was stopped before its end.") from None

    def _play(self, *, once: bool) -> None:
        start = time.monotonic()
        passwords = {f"DEMO_{who}_PASSWORD": secrets.token_urlsafe(9) for who in WHO}
        with ExitStack() as stack:
            folder = stack.enter_context(OwnFolder(settings.VAR_DIR))
            network = stack.enter_context(Network())
            port = stack.enter_context(kept_port(8000))
            house = House(folder, network.registry.environment(), port)
            stack.callback(house.stop, grace=1.0)  # everything that counts is in the database
            self._say("Preparing the database ...")
            house.migrate()
            self._say("Starting web server, worker and timer, loading the guide's provider, technicians and logins ...")
            house.launch()
            house.manage("load_guide")
            house.call("furnish", env=passwords)
            house.wait()
            self._show_addresses(house, network)
            order = self._tell_story(network, house, passwords)
            self._show_end(house, network, order, passwords, time.monotonic() - start)
            if not once:
                self._serve(house)

    def _tell_story(self, network: Network, house: House, passwords: dict[str, str]) -> dict[str, Any]:
        known = Passwords(passwords["DEMO_CLERK_PASSWORD"], passwords["DEMO_TECHNICIAN_PASSWORD"])
        try:
            return Story(network, house, known, self._tell).play()
        except StepFailed:
            house.check()  # a process that died is the better explanation
            raise

    def _serve(self, house: House) -> None:
        self._say("\nServing until Ctrl-C.")
        while True:
            house.check()
            time.sleep(0.5)

    def _show_addresses(self, house: House, network: Network) -> None:
        self._say(
            f"\n  Servicedrop {house.url}   registry {network.registry.url}   "
            f"gateway {network.gateway.url}   buyer app {network.buyer.url}\n"
        )

    def _tell(self, line: Line) -> None:
        paint = self.style.SUCCESS if line.good else self.style.ERROR
        route = f"{line.who} → {line.whom}"
        time_of_day = line.at.astimezone().strftime("%H:%M:%S.%f")[:-3]
        verdict = paint(f"{line.verdict:<16}")
        self._say(f"{time_of_day}  {route:<28} {line.action:<11} {verdict}{line.words}".rstrip())

    def _show_end(
        self, house: House, network: Network, order: dict[str, Any], passwords: dict[str, str], seconds: float
    ) -> None:
        self._say(
            f"\n{order['number']} from search to rating, and a second order cancelled, in {seconds:.0f} s."
            " Now look at it from each side:\n"
            f"  the applicant        {order['url']}\n"
            f"  the utility's desk   {house.url}/admin/connections/application/{order['id']}/change/\n"
            f"                       login admin {passwords['DEMO_ADMIN_PASSWORD']}"
            f" or clerk {passwords['DEMO_CLERK_PASSWORD']}\n"
            f"  the technician       {house.url}/field/   login david {passwords['DEMO_TECHNICIAN_PASSWORD']}\n"
            f"  the buyer app        {network.buyer.url}\n"
            f"  the logs             {house.var_dir}"
        )

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


class OwnFolder:
    """An empty folder `demo` that no other demo uses; `demo-2` and so on while one is running."""

    def __init__(self, parent: Path) -> None:
        self.parent = parent
        self._lock = -1

    def __enter__(self) -> Path:
        for number in range(1, 100):
            folder = self.parent / ("demo" if number == 1 else f"demo-{number}")
            self._lock = os.open(f"{folder}.lock", os.O_CREAT | os.O_RDWR, 0o600)
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(self._lock)
                continue
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            return folder
        raise OSError("a hundred demos are running here already")

    def __exit__(self, *_: object) -> None:
        os.close(self._lock)
