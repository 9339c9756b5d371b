"""The environment, read: what can not be read is said with its name, and an empty value is none, lists aside.

NAME_FILE names a file that holds the value of NAME, as secrets of a container are given.
"""

from collections.abc import Collection
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured
from environ.fileaware_mapping import FileAwareMapping

YES, NO = ("yes", "on", "true", "y", "1", "ok"), ("no", "off", "false", "n", "0")
# A secret is all that its file holds: without the newline at its end it would be another one, and whatever was signed
# with it would be void.
WHOLE = ("SECRET_KEY", "SECRET_KEY_FALLBACKS")


class Said(FileAwareMapping):
    """The environment, with files read for the names that end in _FILE; an editor's last newline is no part of them."""

    def __getitem__(self, key: str) -> str:
        """Raises `KeyError` where nothing is said, `ImproperlyConfigured` where a file can not be read."""
        named = self.env.get(f"{key}_FILE")
        try:
            value: str = super().__getitem__(key)
        except OSError as problem:
            raise ImproperlyConfigured(f"{key}_FILE names {named}: {problem.strerror}.") from None
        except UnicodeDecodeError:
            raise ImproperlyConfigured(f"{key}_FILE names {named}, which is no text.") from None
        return value.rstrip() if named and key not in WHOLE else value


class Reading(environ.FileAwareEnv):
    """What of the environment our settings are made of. Every method raises `ImproperlyConfigured`."""

    ENVIRON = Said()

    def get_value(self, var: str, cast: Any = None, default: Any = None, parse_default: bool = False) -> Any:
        """A list that is empty says that nothing is in it; anything else that is empty says nothing."""
        if cast is not list and not self.ENVIRON.get(var, "").strip():
            return default
        return super().get_value(var, cast=cast, default=default, parse_default=parse_default)

    def names(self, var: str, default: list[str]) -> list[str]:
        """Comma separated; the blanks around each are no part of it."""
        return [name.strip() for name in self.list(var, default=default) if name.strip()]

    def flag(self, var: str, *, default: bool) -> bool:
        word = str(self.str(var, default=YES[0] if default else NO[0])).strip().lower()
        if word not in (*YES, *NO):
            raise ImproperlyConfigured(f"{var} is {word!r}. It is on or off.")
        return word in YES

    def whole(self, var: str, *, default: int, among: Collection[int] | None = None) -> int:
        """A whole number, 0 or more, or one of those that are named."""
        text = str(self.str(var, default=str(default))).strip()
        if not (text.isascii() and text.replace("_", "").isdecimal()):
            raise ImproperlyConfigured(f"{var} is {text!r}. It is a whole number, such as {default}.")
        if among is not None and int(text) not in among:
            raise ImproperlyConfigured(f"{var} is {text}, which it can not be. It is {default}, for example.")
        return int(text)

    def number(self, var: str, *, default: float) -> float:
        """0 or more, with a point or without."""
        text = str(self.str(var, default=str(default))).strip()
        try:
            value = float(text)
        except ValueError:
            value = -1.0
        if not 0 <= value < float("inf"):
            raise ImproperlyConfigured(f"{var} is {text!r}. It is a number, such as {default:g}.")
        return value

    def word(self, var: str, words: Collection[str], *, default: str) -> str:
        """One of these, in capitals."""
        text = str(self.str(var, default=default)).strip().upper()
        if text not in words:
            raise ImproperlyConfigured(f"{var} is {text!r}. It is one of {', '.join(words)}.")
        return text

    def database(self, var: str, *, default: str) -> dict[str, Any]:
        """Django's words for PostgreSQL or SQLite. The address may hold a password, so it is not repeated."""
        try:
            found: dict[str, Any] = self.db(var, default=default)
        except (ValueError, KeyError, TypeError):
            found = {}
        if not str(found.get("ENGINE")).endswith(("postgresql", "sqlite3")):
            raise ImproperlyConfigured(f"{var} is no address such as postgres://user:password@host:5432/name.")
        return found
