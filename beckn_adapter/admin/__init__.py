"""The conversation inspector: what buyer apps said, what we told them, and what came of it."""

from beckn_adapter.admin.callback import CallbackAdmin
from beckn_adapter.admin.circuit import CircuitAdmin
from beckn_adapter.admin.message import MessageAdmin
from beckn_adapter.admin.refusal import RefusalAdmin

__all__ = ["CallbackAdmin", "CircuitAdmin", "MessageAdmin", "RefusalAdmin"]
