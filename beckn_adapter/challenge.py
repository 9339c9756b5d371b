"""The registry's challenge at `/on_subscribe`: a proof that the registered keys are ours (PROTOCOL: section d.2).

`decrypt`: the challenge is AES-256-ECB with PKCS7 under the X25519 secret of our encryption key and the registry's
public key; the answer is the plain text. `sign`: the answer is the base64 Ed25519 signature over the challenge.
"""

import base64
import binascii
import time
from collections.abc import Iterable
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from django.conf import settings
from nacl.exceptions import CryptoError
from nacl.signing import VerifyKey

from beckn_adapter import keys, signing
from beckn_adapter.errors import INVALID_REQUEST, BecknError
from beckn_adapter.gate import NotAuthenticated
from beckn_adapter.signing import read_public_key
from beckn_adapter.strict_json import parse

ON_SUBSCRIBE = "on_subscribe"
MODES = ("decrypt", "sign")
LONGEST = 4096  # characters; registries send some sixty
BLOCK_BITS = 128


class Unanswerable(ValueError):
    """A challenge that is not for these keys."""


def answer_challenge(body: bytes, headers: Any) -> str:
    """The answer to the registry's request. Raises `NotAuthenticated` (401) or `BecknError` (NACK)."""
    authenticate(body, headers)
    request = parse(body)
    challenge = request.get("challenge")
    if not isinstance(challenge, str) or not 0 < len(challenge) <= LONGEST:
        raise BecknError(INVALID_REQUEST, "There is no challenge in the request.", "/challenge")
    if request.get("subscriber_id") not in (None, settings.BECKN_SUBSCRIBER_ID):
        raise BecknError(INVALID_REQUEST, "The challenge is for another subscriber.", "/subscriber_id")
    named = next((request[name] for name in ("pub_key_id", "key_id", "unique_key_id") if request.get(name)), "")
    try:
        ours = sorted(keys.ours(), key=lambda pairs: pairs.key_id != named)  # the one that is named comes first
        return sign(challenge, ours[0]) if settings.BECKN_CHALLENGE_MODE == "sign" else _decrypt(challenge, ours)
    except (signing.BadKey, Unanswerable) as problem:
        raise BecknError(INVALID_REQUEST, f"The challenge can not be answered: {problem}.", "/challenge") from None


def authenticate(body: bytes, headers: Any) -> None:
    """By the registry's own key, where we know it: as a Beckn signature, or bare over the body in `Signature`.

    In the mode `sign` the key must be known: whoever has his texts signed by us could sign messages as us.
    """
    if not settings.BECKN_REGISTRY_SIGNING_PUBLIC_KEY:
        if settings.BECKN_CHALLENGE_MODE == "sign":
            raise NotAuthenticated("BECKN_REGISTRY_SIGNING_PUBLIC_KEY is not set, and challenges are signed here")
        return
    try:
        key = VerifyKey(read_public_key(settings.BECKN_REGISTRY_SIGNING_PUBLIC_KEY))
        if headers.get("Authorization"):
            signature = signing.parse(headers["Authorization"])
            signing.check_times(signature, now=time.time(), skew=settings.BECKN_CLOCK_SKEW)
            signing.verify(body, signature, key)
        else:
            key.verify(body, base64.b64decode(headers.get("Signature", ""), validate=True))
    except (signing.BadSignature, signing.BadKey) as problem:
        raise NotAuthenticated(f"the registry's signature: {problem}") from None
    except (CryptoError, ValueError):
        raise NotAuthenticated("the registry's signature is missing or does not fit") from None


def sign(challenge: str, pairs: keys.KeyPairs) -> str:
    """Only one line is ever signed, so that no text of three lines, which would be a message's signature, is."""
    if "\n" in challenge or challenge.startswith("(created)"):
        raise Unanswerable("it looks like what a message's signature is made of")
    return base64.b64encode(pairs.signing.sign(challenge.encode()).signature).decode()


def _decrypt(challenge: str, pairs: Iterable[keys.KeyPairs]) -> str:
    """With the first of our keys that fits. Raises `BadKey` or `Unanswerable`."""
    if not settings.BECKN_REGISTRY_ENCRYPTION_PUBLIC_KEY:
        raise Unanswerable("BECKN_REGISTRY_ENCRYPTION_PUBLIC_KEY is not set")
    theirs = read_public_key(settings.BECKN_REGISTRY_ENCRYPTION_PUBLIC_KEY, keys.X25519)
    for ours in pairs:
        if ours.encryption:
            try:
                return decrypt(challenge, ours.encryption, theirs)
            except Unanswerable:
                continue
    raise Unanswerable("none of our encryption keys fits")


def decrypt(challenge: str, ours: X25519PrivateKey, theirs: bytes) -> str:
    """The plain text. Raises `Unanswerable` where it is not for this pair of keys."""
    try:
        cipher = base64.b64decode(challenge, validate=True)
        decryptor = _aes(ours, theirs).decryptor()
        unpadder = PKCS7(BLOCK_BITS).unpadder()
        padded = decryptor.update(cipher) + decryptor.finalize()
        plain = (unpadder.update(padded) + unpadder.finalize()).decode()
    except (ValueError, binascii.Error):  # not base64, not whole blocks, wrong padding, not UTF-8, a key of low order
        raise Unanswerable("it does not decrypt") from None
    if not plain.isprintable():  # one wrong key in 256 leaves a padding that looks right
        raise Unanswerable("it does not decrypt to text")
    return plain


def encrypt(plain: str, ours: X25519PrivateKey, theirs: bytes) -> str:
    """What a registry sends (for the sandbox's, and for the tests)."""
    encryptor, padder = _aes(ours, theirs).encryptor(), PKCS7(BLOCK_BITS).padder()
    padded = padder.update(plain.encode()) + padder.finalize()
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def _aes(ours: X25519PrivateKey, theirs: bytes) -> Cipher[modes.ECB]:
    """The shared secret itself is the key, and the mode is ECB: so it is agreed. What it hides is random and short."""
    secret = ours.exchange(X25519PublicKey.from_public_bytes(theirs))
    return Cipher(algorithms.AES(secret), modes.ECB())  # noqa: S305 - the registries' choice, not ours
