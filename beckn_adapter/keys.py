"""Our own keys, from the environment or from files: the first signs, the second is only published beside it.

They are read where they are needed and kept nowhere else: not in the database, not in a log, not in a `repr`.
"""

import base64
from dataclasses import dataclass, field
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from django.conf import settings
from nacl.signing import SigningKey

from beckn_adapter.signing import BadKey, read_private_key

X25519 = "x25519"


@dataclass(frozen=True)
class KeyPairs:
    """A signing pair (Ed25519) and an encryption pair (X25519) under one key id. `name` is the settings' prefix."""

    key_id: str
    signing: SigningKey = field(repr=False)
    encryption: X25519PrivateKey | None = field(repr=False, default=None)
    name: str = "BECKN"

    @property
    def signing_public(self) -> str:
        return b64(bytes(self.signing.verify_key))

    @property
    def encryption_public(self) -> str:
        """Empty where there is no encryption key: then no challenge can be answered by decryption."""
        return b64(self.encryption.public_key().public_bytes_raw()) if self.encryption else ""

    def as_settings(self) -> dict[str, str]:
        """The private parts, by the setting that takes each: for whoever makes them, and nobody else."""
        private = self.encryption.private_bytes_raw() if self.encryption else b""
        return {
            f"{self.name}_KEY_ID": self.key_id,
            f"{self.name}_SIGNING_KEY": b64(bytes(self.signing)),
            f"{self.name}_ENCRYPTION_KEY": b64(private),
        }


def make(key_id: str, name: str = "BECKN") -> KeyPairs:
    """Fresh pairs from the system's randomness."""
    return KeyPairs(key_id, SigningKey.generate(), X25519PrivateKey.generate(), name)


def first() -> KeyPairs:
    """The keys that sign. Raises `BadKey`, which says what is wrong without showing the key."""
    if not settings.BECKN_SIGNING_KEY:
        raise BadKey("BECKN_SIGNING_KEY is not set")
    return _read("BECKN", settings.BECKN_KEY_ID, settings.BECKN_SIGNING_KEY, settings.BECKN_ENCRYPTION_KEY)


def second() -> KeyPairs | None:
    """The keys that are published beside the first during a rotation. Raises `BadKey`."""
    key_id, signing_key = settings.BECKN_SECOND_KEY_ID, settings.BECKN_SECOND_SIGNING_KEY
    if not key_id and not signing_key:
        return None
    if not key_id or not signing_key:
        raise BadKey("BECKN_SECOND_KEY_ID and BECKN_SECOND_SIGNING_KEY go together")
    return _read("BECKN_SECOND", key_id, signing_key, settings.BECKN_SECOND_ENCRYPTION_KEY)


def ours() -> list[KeyPairs]:
    """The first, and the second where there is one. Raises `BadKey`."""
    other = second()
    return [first(), other] if other else [first()]


@lru_cache(maxsize=4)
def _read(name: str, key_id: str, signing_key: str, encryption_key: str) -> KeyPairs:
    """Kept, for reading a key costs as much as signing with it."""
    try:
        signing = SigningKey(read_private_key(signing_key))
    except BadKey as problem:
        raise BadKey(f"{name}_SIGNING_KEY: {problem}") from None
    if not encryption_key:
        return KeyPairs(key_id, signing, None, name)
    try:
        encryption = X25519PrivateKey.from_private_bytes(read_private_key(encryption_key, X25519))
    except BadKey as problem:
        raise BadKey(f"{name}_ENCRYPTION_KEY: {problem}") from None
    return KeyPairs(key_id, signing, encryption, name)


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
