"""Is a message of the shape that we read? Our own JSON Schema, checked before anything is stored."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

from beckn_adapter.errors import INVALID_REQUEST, BecknError

SCHEMA = Path(__file__).parent / "schemas" / "connections-1.1.0.json"


@cache
def _validator(part: str) -> jsonschema_rs.Draft202012Validator:
    document = json.loads(SCHEMA.read_bytes())
    return jsonschema_rs.Draft202012Validator(
        {**document, "allOf": [{"$ref": f"#/$defs/{part}"}]}, validate_formats=True
    )


def check_envelope(message: dict[str, Any]) -> None:
    """There is a context, and its fields are of the right shape. Raises `BecknError` 30000."""
    _check("envelope", message, "context")


def check_shape(action: str, message: dict[str, Any]) -> None:
    """Raises `BecknError` 30000 with the path of the first thing that does not fit and what was expected there."""
    _check(action, message, "schema")


def _check(part: str, message: dict[str, Any], reason: str) -> None:
    validator = _validator(part)
    if validator.is_valid(message):
        return
    error = next(iter(validator.iter_errors(message)))
    path = "".join(f"/{str(step)[:80]}" for step in error.instance_path)
    where = path or "The message"
    record = f"{where}: does not keep the rule {error.schema_path[-1]!r}"  # the message quotes what stands there
    raise BecknError(INVALID_REQUEST, f"{where}: {error.message[:300]}", path or "/", reason, record)
