"""What we tell a buyer app when we can not do what it asks: code, sentence and path (BECKN-005, core `Error`)."""

from dataclasses import dataclass


@dataclass
class BecknError(Exception):
    """A refusal in the protocol's words. `path` is a JSON pointer into the message that caused it.

    The door's own refusals name their `reason`, one word to count them by, and a `record` of what may be kept where
    `message` quotes the sender's data.
    """

    code: str
    message: str
    path: str = ""
    reason: str = ""
    record: str = ""

    def __str__(self) -> str:
        return self.message

    def as_json(self) -> dict[str, str]:
        error = {"code": self.code, "message": self.message}
        return {**error, "paths": self.path} if self.path else error


# BECKN-005, those that a provider of connections can mean.
INVALID_REQUEST = "30000"
PROVIDER_NOT_FOUND = "30001"
LOCATION_NOT_FOUND = "30002"
PROVIDER_CATEGORY_NOT_FOUND = "30003"
ITEM_NOT_FOUND = "30004"
CATEGORY_NOT_FOUND = "30005"
OFFER_NOT_FOUND = "30006"
ADD_ON_NOT_FOUND = "30007"
FULFILLMENT_UNAVAILABLE = "30008"
ORDER_NOT_FOUND = "30010"
INVALID_CANCELLATION_REASON = "30011"
INVALID_UPDATE_TARGET = "30012"
UPDATE_INCONSISTENCY = "30013"
RATED_ENTITY_NOT_FOUND = "30014"
INVALID_RATING_VALUE = "30015"
BUSINESS_ERROR = "40000"
ACTION_NOT_APPLICABLE = "40001"
QUANTITY_UNAVAILABLE = "40002"
QUOTE_UNAVAILABLE = "40003"
PAYMENT_NOT_SUPPORTED = "40004"
TRACKING_NOT_SUPPORTED = "40005"
CANCELLATION_NOT_POSSIBLE = "50001"
UPDATION_NOT_POSSIBLE = "50002"
UNSUPPORTED_RATING_CATEGORY = "50003"
SUPPORT_UNAVAILABLE = "50004"
