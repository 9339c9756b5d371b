"""Who signed this? Asks the registry and verifies, for the gateway and the buyer app."""

import json
import time
from datetime import UTC, datetime

from beckn_adapter import signing
from beckn_adapter.sandbox.participant import post
from beckn_adapter.subscriber import Subscriber, read_record

SKEW = 30  # seconds that two honest clocks may differ


class Verifier:
    """Remembers keys that fitted; one that no longer fits is looked up again, for it may have been changed."""

    def __init__(self, registry_url: str) -> None:
        self.registry_url = registry_url
        self._known: dict[tuple[str, str], list[Subscriber]] = {}

    def verify(self, header: str, body: bytes, *, kind: str) -> Subscriber:
        """The subscriber of type `kind` who signed these bytes, now. Raises `BadSignature` with the reason."""
        if not header:
            raise signing.BadSignature("the Authorization header is missing")
        signature = signing.parse(header)
        signing.check_times(signature, now=time.time(), skew=SKEW)
        name = (signature.subscriber_id, signature.key_id)
        try:
            return self._fitting(self._known.get(name, []), signature, body, kind)
        except signing.BadSignature:
            self._known[name] = self.look_up(*name)
            return self._fitting(self._known[name], signature, body, kind)

    def look_up(self, subscriber_id: str, key_id: str) -> list[Subscriber]:
        """Raises `requests.RequestException` where the registry does not answer."""
        query = {"subscriber_id": subscriber_id, **({"key_id": key_id} if key_id else {})}
        answer = post(f"{self.registry_url}/lookup", json.dumps(query).encode())
        answer.raise_for_status()
        return [subscriber for subscriber in map(read_record, answer.json) if subscriber]

    @staticmethod
    def _fitting(candidates: list[Subscriber], signature: signing.Signature, body: bytes, kind: str) -> Subscriber:
        problem = signing.BadSignature(f"no valid {kind} key is registered under this keyId")
        for subscriber in candidates:
            usable = subscriber.status == "SUBSCRIBED" and subscriber.is_current(datetime.now(UTC))
            if subscriber.type != kind or not usable:
                continue
            try:
                signing.verify(body, signature, subscriber.key)
            except signing.BadSignature as unfit:
                problem = unfit
                continue
            return subscriber
        raise problem
