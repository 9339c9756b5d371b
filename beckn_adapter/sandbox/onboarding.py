"""How a real registry takes somebody in: a signed subscription, a challenge to the address given, then SUBSCRIBED.

A key never changes under its id. It is ended by a subscription that another key of the same subscriber has signed.
"""

import base64
import json
import secrets
import threading
import time
from datetime import UTC, datetime

import requests
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from nacl.exceptions import CryptoError
from nacl.signing import VerifyKey

from beckn_adapter import signing
from beckn_adapter.challenge import encrypt
from beckn_adapter.sandbox.participant import Participant, post
from beckn_adapter.sandbox.records import Record, Records, canonical
from beckn_adapter.sandbox.server import Reply, Request, json_reply
from beckn_adapter.signing import BadKey, read_public_key
from beckn_adapter.subscriber import Subscriber, read_record

SKEW = 30  # seconds that two honest clocks may differ


class Refused(Exception):
    """A subscription that is not accepted, with the HTTP status that says so."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


def is_strict(body: Record) -> bool:
    """A subscription as the specification or ONDC has it, to be signed and challenged."""
    return "nonce" in body or "entity" in (body.get("message") or {})


class Onboarding:
    """`mode` is how challenges are put: `decrypt` or `sign`. Who brings the `api_key` needs no signature, if it is set.

    `challenges` keeps which key was asked and what was wrong with the answer, nothing if it was right.
    """

    def __init__(self, me: Participant, records: Records) -> None:
        self.me, self.records, self.mode, self.api_key = me, records, "decrypt", ""
        self.challenges: list[tuple[str, str]] = []

    def receive(self, request: Request) -> Reply:
        try:
            record = flat(request.json())
            signer = self._signer(request, record)
            return json_reply({"status": self._take_in(record, signer)})
        except Refused as refusal:
            return json_reply({"error": str(refusal)}, refusal.status)
        except (ValueError, KeyError) as problem:
            return json_reply({"error": str(problem)}, 400)

    def _signer(self, request: Request, record: Record) -> str:
        """The id of the key that signed. Raises `Refused` (401)."""
        header = request.headers.get("Authorization", "")
        if self.api_key and self.api_key in (header.removeprefix("Bearer "), request.headers.get("ApiKey", "")):
            return ""
        try:
            signature = signing.parse(header)
            signing.check_times(signature, now=time.time(), skew=SKEW)
            if signature.subscriber_id != record["subscriber_id"]:
                raise signing.BadSignature("the signer is another subscriber")
            signing.verify(request.body, signature, self._key_of(signature, record).key)
        except signing.BadSignature as problem:
            raise Refused(401, str(problem)) from None
        return signature.key_id

    def _key_of(self, signature: signing.Signature, record: Record) -> Subscriber:
        """A verified key of this subscriber; the new one itself only for somebody who has none yet."""
        verified = [one for one in self._known(signature.subscriber_id) if one.status == "SUBSCRIBED"]
        usable = [one for one in verified if one.is_current(datetime.now(UTC))]
        fresh = read_record(record) if not usable else None
        for one in (*usable, *([fresh] if fresh else [])):
            if one.key_id == signature.key_id:
                return one
        raise signing.BadSignature("no verified key of this subscriber signed it")

    def _known(self, subscriber_id: str) -> list[Subscriber]:
        return [one for one in map(read_record, self.records.find({"subscriber_id": subscriber_id})) if one]

    def _take_in(self, record: Record, signer: str) -> str:
        old = self.records.get(record)
        if old and old["status"] == "SUBSCRIBED":
            if any(old.get(name) != record.get(name) for name in ("signing_public_key", "encr_public_key")):
                raise Refused(409, "a verified key never changes: use a new key id")
            if signer == record["key_id"] and record.get("valid_until", "") < old.get("valid_until", ""):
                raise Refused(409, "a key is ended by another key's signature")
            return str(self.records.put(record)["status"])
        self.records.put({**record, "status": "UNDER_SUBSCRIPTION"})
        threading.Thread(target=self._challenge, args=(record,), daemon=True).start()
        return "UNDER_SUBSCRIPTION"

    def _challenge(self, record: Record) -> None:
        try:
            outcome = self._ask(record)
        except (requests.RequestException, BadKey, CryptoError, ValueError) as problem:
            outcome = f"{type(problem).__name__}: {problem}"
        if not outcome:
            self.records.put({**record, "status": "SUBSCRIBED"})
        self.challenges.append((record["key_id"], outcome))

    def _ask(self, record: Record) -> str:
        """Why the answer does not do; empty when it does. Raises what goes wrong on the way."""
        text = f"{secrets.randbelow(10**32):032}"
        challenge = text
        if self.mode == "decrypt":
            ours = X25519PrivateKey.from_private_bytes(bytes(self.me.encryption_key))
            challenge = encrypt(text, ours, read_public_key(record["encr_public_key"], "x25519"))
        asked = {"subscriber_id": record["subscriber_id"], "pub_key_id": record["key_id"], "challenge": challenge}
        body = json.dumps(asked).encode()
        reply = post(f"{record['url']}/on_subscribe", body, {"Authorization": self.me.sign(body)})
        answer = str(reply.json.get("answer", "")) if isinstance(reply.json, dict) else ""
        if self.mode == "decrypt":
            return "" if answer == text else f"the answer is wrong: {reply.status} {reply.json}"
        key = VerifyKey(read_public_key(record["signing_public_key"]))
        key.verify(text.encode(), base64.b64decode(answer, validate=True))
        return ""


def flat(body: Record) -> Record:
    """ONDC's nested subscription as one record, the others as they are, under the first of their names."""
    if "nonce" in body:
        return canonical({name: value for name, value in body.items() if name not in ("nonce", "status")})
    entity, taking_part = body["message"]["entity"], body["message"]["network_participant"][0]
    return canonical(
        {
            "subscriber_id": entity["subscriber_id"],
            "key_id": entity["unique_key_id"],
            "url": taking_part["subscriber_url"],
            "type": "BPP",
            "domain": taking_part["domain"],
            **entity["key_pair"],
        }
    )
