"""Is a message of the shape that we read? Our own JSON Schema, checked before anything is stored."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

from beckn_adapter.errors import INVALID_REQUEST, BecknError

SCHEMA = Path(__file__).parent / "schemas" / "connections-1.1.0.json"


@cache
def _validator(action: str) -> jsonschema_rs.Draft202012Validator:
    document = json.loads(SCHEMA.read_bytes())
    return jsonschema_rs.Draft202012Validator(
        {**document, "allOf": [{"$ref": f"#/$defs/{action}"}]}, validate_formats=True
    )


def check_shape(action: str, message: dict[str, Any]) -> None:
    """Raises `BecknError` 30000 with the path of the first thing that does not fit and what was expected there."""
    error = next(iter(_validator(action).iter_errors(message)), None)
    if error is None:
        return
    path = "".join(f"/{step}" for step in error.instance_path)
    raise BecknError(INVALID_REQUEST, f"{path or 'The message'}: {error.message[:300]}", path or "/")
