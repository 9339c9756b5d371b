"""JSON that is written already, so that what many are told is put into words once."""

import json
from typing import Any


class Written(str):
    """The text of a JSON value, to stand in a message as it is."""

    __slots__ = ()


def dump(value: Any) -> str:
    """Compact JSON, in UTF-8's own letters."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def dump_message(members: dict[str, Any]) -> bytes:
    """The bytes of a message; a member that is `Written` is taken as it stands."""
    texts = (f"{dump(name)}:{value if isinstance(value, Written) else dump(value)}" for name, value in members.items())
    return f"{{{','.join(texts)}}}".encode()
