"""The three addresses that machines ask, by whatever name or address they know us."""

from django.http import HttpRequest, HttpResponsePermanentRedirect
from django.middleware.common import CommonMiddleware

PROBES = {"/healthz", "/readyz", "/metrics"}


class CommonButForProbes(CommonMiddleware):
    """Django's own, which looks at the Host header of everybody else.

    Prometheus and most balancers send this machine's address there, which is no name of ours. Nothing that these three
    answer is made of that header, and who may read the figures is asked of the connection (config/metrics.py).
    """

    def process_request(self, request: HttpRequest) -> HttpResponsePermanentRedirect | None:
        return None if request.path_info in PROBES else super().process_request(request)
