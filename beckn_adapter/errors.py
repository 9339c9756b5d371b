"""What we tell a buyer app when we can not do what it asks: code, sentence and path (BECKN-005, core `Error`)."""

from dataclasses import dataclass


@dataclass
class BecknError(Exception):
    """A refusal in the protocol's words. `path` is a JSON pointer into the message that caused it."""

    code: str
    message: str
    path: str = ""

    def __str__(self) -> str:
        return self.message

    def as_json(self) -> dict[str, str]:
        error = {"code": self.code, "message": self.message}
        return {**error, "paths": self.path} if self.path else error


INVALID_REQUEST = "30000"
PROVIDER_NOT_FOUND = "30001"
ITEM_NOT_FOUND = "30004"
CATEGORY_NOT_FOUND = "30005"
FULFILLMENT_UNAVAILABLE = "30008"
ORDER_NOT_FOUND = "30010"
BUSINESS_ERROR = "40000"
ACTION_NOT_APPLICABLE = "40001"
QUANTITY_UNAVAILABLE = "40002"
QUOTE_UNAVAILABLE = "40003"
PAYMENT_NOT_SUPPORTED = "40004"
