"""The sandbox's registry: who takes part in the network and with which keys. Kept in memory.

Open to everybody who plainly posts a record; who subscribes as the specification has it, with a nonce, is taken in as a
real registry would (onboarding.py).
"""

from beckn_adapter.sandbox.onboarding import Onboarding, is_strict
from beckn_adapter.sandbox.participant import Participant, b64
from beckn_adapter.sandbox.records import Record, Records
from beckn_adapter.sandbox.server import LocalServer, Reply, Request, json_reply

LOOKUP = ("/lookup", "/subscribers/lookup", "/v2.0/lookup")
SUBSCRIBE = ("/subscribe", "/subscribers/subscribe", "/register")


class Registry(LocalServer):
    """`POST /lookup` and `POST /subscribe` where the dialects have them, and `GET /` for its own public keys.

    `lookups` keeps every question that was asked, so that a test can count them.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(host, port)
        self.lookups: list[Record] = []
        self.me = Participant("registry.localhost", self.url, "BREG")
        self._records = Records()
        self.onboarding = Onboarding(self.me, self._records)

    def environment(self) -> dict[str, str]:
        """What a platform must know of this registry."""
        return {
            "BECKN_REGISTRY_URL": self.url,
            "BECKN_REGISTRY_SIGNING_PUBLIC_KEY": b64(bytes(self.me.signing_key.verify_key)),
            "BECKN_REGISTRY_ENCRYPTION_PUBLIC_KEY": b64(bytes(self.me.encryption_key.public_key)),
        }

    def answer(self, request: Request) -> Reply:
        if request.method == "GET" and not request.path:
            mine = {name: self.me.record()[name] for name in ("signing_public_key", "encr_public_key")}
            return json_reply({"status": "ok", "subscribers": len(self._records), **mine})
        body = request.json()
        if request.method != "POST" or not isinstance(body, dict):
            return json_reply({"error": "POST a JSON object to /lookup or /subscribe"}, 400)
        if request.path in LOOKUP:
            return json_reply(self.lookup(body))
        if request.path in SUBSCRIBE:
            return self.onboarding.receive(request) if is_strict(body) else self._subscribe(body)
        return json_reply({"error": "there is only /lookup and /subscribe here"}, 404)

    def lookup(self, question: Record) -> list[Record]:
        """The records that agree with everything the question names; newest first."""
        self.lookups.append(question)
        return self._records.find(question)

    def subscribe(self, record: Record) -> Record:
        """Add a record, or change the one with the same subscriber, key, type and domain. Raises `ValueError`."""
        return self._records.put(record)

    def _subscribe(self, body: Record) -> Reply:
        try:
            record = self.subscribe(body)
        except ValueError as problem:
            return json_reply({"error": str(problem)}, 400)
        return json_reply({"status": record["status"]})
