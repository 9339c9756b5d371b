"""The registry's challenge is answered at the door, by decryption or by a signature, and by nothing else of us."""

import base64
import json
import time
from typing import Any

import hypothesis
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from beckn_adapter import keys, signing
from beckn_adapter.challenge import Unanswerable, decrypt, encrypt
from beckn_adapter.models import Message
from beckn_adapter.signing import read_private_key, read_public_key
from tests.beckn_adapter.door_client import DoorClient
from tests.beckn_adapter.test_signing import of_kind

pytestmark = pytest.mark.django_db

REGISTRY = keys.make("registry-key")
TEXT = "38472639183746509182736450918273"


@pytest.fixture
def ours(settings: Any) -> keys.KeyPairs:
    """First and second keys, and a registry whose public keys are known."""
    first, second = keys.make("k1"), keys.make("k2", "BECKN_SECOND")
    for name, value in {**first.as_settings(), **second.as_settings()}.items():
        setattr(settings, name, value)
    settings.BECKN_SUBSCRIBER_ID = "bpp.test"
    settings.BECKN_REGISTRY_ENCRYPTION_PUBLIC_KEY = REGISTRY.encryption_public
    settings.BECKN_REGISTRY_SIGNING_PUBLIC_KEY = REGISTRY.signing_public
    return first


def challenge(text: str = TEXT, *, to: str) -> str:
    assert REGISTRY.encryption
    return encrypt(text, REGISTRY.encryption, read_public_key(to, "x25519"))


def ask(body: Any, *, by: SigningKey | None = REGISTRY.signing, path: str = "on_subscribe") -> tuple[int, Any]:
    raw = json.dumps(body).encode()
    headers = {"Signature": base64.b64encode(by.sign(raw).signature).decode()} if by else {}
    reply = DoorClient().post(f"/beckn/{path}", raw, content_type="application/json", headers=headers)
    return reply.status_code, reply.json()


@pytest.mark.parametrize("vector", of_kind("challenge"))
def test_the_published_challenge_is_decrypted(vector: dict[str, Any]) -> None:
    ours = X25519PrivateKey.from_private_bytes(read_private_key(vector["private_key_pkcs8_der_b64"], "x25519"))
    theirs = read_public_key(vector["peer_public_key_spki_der_b64"], "x25519")

    assert decrypt(vector["ciphertext_b64"], ours, theirs) == vector["plaintext"]
    assert encrypt(vector["plaintext"], ours, theirs) == vector["ciphertext_b64"]


def test_a_challenge_is_answered_and_leaves_no_row(ours: keys.KeyPairs) -> None:
    asked = {"subscriber_id": "bpp.test", "pub_key_id": "k1", "challenge": challenge(to=ours.encryption_public)}

    assert ask(asked) == (200, {"answer": TEXT})
    assert Message.objects.count() == 0


def test_a_challenge_for_the_second_key_is_answered_though_nobody_names_it(ours: keys.KeyPairs) -> None:
    second = keys.second()
    assert second

    assert ask({"challenge": challenge(to=second.encryption_public)}) == (200, {"answer": TEXT})


def test_a_trailing_slash_is_the_same_address(ours: keys.KeyPairs) -> None:
    assert ask({"challenge": challenge(to=ours.encryption_public)}, path="on_subscribe/")[0] == 200


def test_the_registry_may_sign_as_everybody_does(ours: keys.KeyPairs) -> None:
    raw = json.dumps({"challenge": challenge(to=ours.encryption_public)}).encode()
    now = int(time.time())
    header = signing.authorization(
        raw, subscriber_id="registry.test", key_id="r1", key=REGISTRY.signing, created=now, expires=now + 60
    )

    reply = DoorClient().post(
        "/beckn/on_subscribe", raw, content_type="application/json", headers={"authorization": header}
    )

    assert reply.json() == {"answer": TEXT}


@pytest.mark.parametrize("by", [None, SigningKey.generate()])
def test_nobody_but_the_registry_is_answered(by: SigningKey | None, ours: keys.KeyPairs) -> None:
    status, reply = ask({"challenge": challenge(to=ours.encryption_public)}, by=by)

    assert (status, reply["message"]["ack"]["status"]) == (401, "NACK")
    assert TEXT not in json.dumps(reply)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ([], "/"),
        ({}, "/challenge"),
        ({"challenge": ""}, "/challenge"),
        ({"challenge": 7}, "/challenge"),
        ({"challenge": "x" * 5000}, "/challenge"),
        ({"challenge": "not base64!"}, "/challenge"),
        ({"challenge": base64.b64encode(b"not whole blocks").decode()[:-4]}, "/challenge"),
        ({"challenge": base64.b64encode(bytes(32)).decode()}, "/challenge"),
        ({"challenge": "AAAA", "subscriber_id": "somebody.else"}, "/subscriber_id"),
    ],
)
def test_what_is_no_challenge_for_us_is_refused_in_words(body: Any, path: str, ours: keys.KeyPairs) -> None:
    status, reply = ask(body)

    assert (status, reply["error"]["paths"]) == (400, path)


def test_a_get_is_refused_in_words() -> None:
    assert DoorClient().get("/beckn/on_subscribe").json()["error"]["message"] == "Beckn messages are sent with POST."


def test_an_oversized_challenge_is_not_read(settings: Any) -> None:
    settings.BECKN_MAX_BYTES = 100

    assert "100 bytes at most" in ask({"challenge": "x" * 200})[1]["error"]["message"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("BECKN_REGISTRY_ENCRYPTION_PUBLIC_KEY", "BECKN_REGISTRY_ENCRYPTION_PUBLIC_KEY is not set"),
        ("BECKN_ENCRYPTION_KEY", "none of our encryption keys fits"),
        ("BECKN_SIGNING_KEY", "BECKN_SIGNING_KEY is not set"),
    ],
)
def test_what_is_missing_for_an_answer_is_named(name: str, words: str, ours: keys.KeyPairs, settings: Any) -> None:
    asked = {"challenge": challenge(to=ours.encryption_public)}
    setattr(settings, name, "")

    assert words in ask(asked)[1]["error"]["message"]


def test_a_network_may_want_its_challenge_signed(ours: keys.KeyPairs, settings: Any) -> None:
    settings.BECKN_CHALLENGE_MODE = "sign"

    _, reply = ask({"challenge": TEXT})

    ours.signing.verify_key.verify(TEXT.encode(), base64.b64decode(reply["answer"]))


def test_the_key_that_is_named_signs(ours: keys.KeyPairs, settings: Any) -> None:
    settings.BECKN_CHALLENGE_MODE = "sign"
    second = keys.second()
    assert second

    _, reply = ask({"challenge": TEXT, "key_id": "k2"})

    second.signing.verify_key.verify(TEXT.encode(), base64.b64decode(reply["answer"]))


def test_nothing_is_signed_for_a_registry_whose_key_is_not_known(ours: keys.KeyPairs, settings: Any) -> None:
    settings.BECKN_CHALLENGE_MODE = "sign"
    settings.BECKN_REGISTRY_SIGNING_PUBLIC_KEY = ""

    assert ask({"challenge": TEXT})[0] == 401


def test_even_the_registry_gets_no_message_of_ours_signed(ours: keys.KeyPairs, settings: Any) -> None:
    settings.BECKN_CHALLENGE_MODE = "sign"
    message = signing.signing_string(b'{"context": {}}', 1, 2).decode()

    status, reply = ask({"challenge": message})

    assert (status, "answer" in reply) == (400, False)


JSON = st.recursive(st.none() | st.integers() | st.text(max_size=40), lambda inner: st.lists(inner, max_size=3))
NAMES = st.sampled_from(["challenge", "subscriber_id", "pub_key_id", "key_id", "status"])


@pytest.mark.parametrize("mode", ["decrypt", "sign"])
@hypothesis.settings(suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture], deadline=None)
@given(body=st.dictionaries(NAMES, JSON, max_size=4) | JSON)
def test_whatever_is_asked_is_answered_or_refused(body: Any, mode: str, ours: keys.KeyPairs, settings: Any) -> None:
    settings.BECKN_CHALLENGE_MODE = mode

    status, reply = ask(body)

    assert (status, "answer" in reply) in [(200, True), (400, False)]


def test_a_challenge_for_other_keys_does_not_decrypt() -> None:
    others, ours = X25519PrivateKey.generate(), X25519PrivateKey.generate()
    for number in range(300):  # a wrong key leaves a good padding once in 256 times
        foreign = encrypt(f"{number:032}", others, X25519PrivateKey.generate().public_key().public_bytes_raw())
        with pytest.raises(Unanswerable):
            decrypt(foreign, ours, others.public_key().public_bytes_raw())


def test_a_public_key_of_low_order_is_refused() -> None:
    with pytest.raises(Unanswerable):
        decrypt(base64.b64encode(bytes(16)).decode(), X25519PrivateKey.generate(), bytes(32))
