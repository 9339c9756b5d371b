"""A mail server on this machine that does as it is told: takes letters, refuses them, waits, or hangs up."""

import email
import email.policy
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any


class MailServer(socketserver.ThreadingTCPServer):
    """`moods` are taken one a connection, the last one for good: "take", "busy" (450 to the recipient), "unknown"
    (550), "drop" (hangs up after the letter, before its answer), "wait" (answers too late)."""

    allow_reuse_address = daemon_threads = True

    def __init__(self, *moods: str) -> None:
        super().__init__(("127.0.0.1", 0), Session)
        self.moods = list(moods or ["take"])
        self.taken: list[EmailMessage] = []
        self.connections = 0
        self.lock = threading.Lock()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def next_mood(self) -> str:
        with self.lock:
            mood = self.moods[min(self.connections, len(self.moods) - 1)]
            self.connections += 1
            return mood


class Session(socketserver.StreamRequestHandler):
    """One conversation of RFC 5321, as little of it as Django's backend speaks."""

    server: MailServer

    def handle(self) -> None:
        mood = self.server.next_mood()
        if mood == "wait":
            time.sleep(1.5)
        self.say("220 here")
        while line := self.rfile.readline().decode().strip():
            verb = line.split()[0].upper()
            if verb == "DATA":
                self.say("354 go on")
                letter = self.read_letter()
                if mood == "drop":
                    return
                self.server.taken.append(letter)
                self.say("250 taken")
            elif verb == "RCPT" and mood in {"busy", "unknown"}:
                self.say("450 later" if mood == "busy" else "550 nobody of that name")
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 fine")

    def say(self, line: str) -> None:
        try:
            self.wfile.write(f"{line}\r\n".encode())
        except OSError:  # the other side has hung up
            return

    def read_letter(self) -> EmailMessage:
        lines = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        parsed: Any = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed


@contextmanager
def mail_server(*moods: str) -> Iterator[MailServer]:
    with MailServer(*moods) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
