"""Who does something: a member of staff, a buyer app, or the house itself."""

from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["staff", "buyer_app", "system"]


@dataclass(frozen=True)
class Actor:
    """An actor as the timeline names it. `user` is the Django user behind a member of staff or a technician."""

    kind: Kind
    name: str
    user: Any = None

    @classmethod
    def staff(cls, user: Any) -> "Actor":
        return cls("staff", user.get_username(), user)

    @classmethod
    def buyer_app(cls, subscriber_id: str) -> "Actor":
        return cls("buyer_app", subscriber_id)

    @classmethod
    def system(cls, name: str = "servicedrop") -> "Actor":
        return cls("system", name)

    def __str__(self) -> str:
        return f"{self.kind.replace('_', ' ')} {self.name}"
