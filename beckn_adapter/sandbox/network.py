"""Registry, gateway and buyer app together: everything a provider platform meets on a network."""

from contextlib import ExitStack
from typing import Self

from beckn_adapter.sandbox.buyer import BuyerApp
from beckn_adapter.sandbox.gateway import Gateway
from beckn_adapter.sandbox.registry import Registry
from beckn_adapter.sandbox.server import port_or_any

PORTS = {"registry": 8001, "gateway": 8002, "buyer": 8003}


class Network:
    """On the usual ports where they are free. Leaving the `with` block stops all three."""

    def __init__(self) -> None:
        self.registry = Registry(port=port_or_any(PORTS["registry"]))
        self.gateway = Gateway(self.registry.url, port=port_or_any(PORTS["gateway"]))
        self.buyer = BuyerApp(self.registry.url, self.gateway.url, port=port_or_any(PORTS["buyer"]))
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:  # should one fail to start, the ones before it are stopped
            for server in (self.registry, self.gateway, self.buyer):
                stack.enter_context(server)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
