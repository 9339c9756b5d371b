"""What does not grow with the orders: 50 providers with 20 offerings each, their crews, slots and terms."""

from django.contrib.auth.models import User
from django.db.models import Max

from connections.models import (
    CancellationTerm,
    Offering,
    PaymentTerm,
    PriceLine,
    Provider,
    RequiredDocument,
    ServiceArea,
    ServicePromise,
)
from fieldwork.models import Slot, Technician
from tests.bench.filling import fill, one_of, text

PROVIDERS, OFFERINGS_EACH, CREW = 50, 20, 10
BAPS = [f"bap-{n}.example" for n in range(20)]
PAPERS = "(VALUES (0, 'id-proof', 'ID proof'), (1, 'ownership', 'Ownership'), (2, 'wiring', 'Wiring diagram'))"


def fill_catalogue() -> tuple[int, int]:
    """Returns the ids below the first provider and the first offering."""
    providers = Provider.objects.aggregate(top=Max("pk"))["top"] or 0
    offerings = Offering.objects.aggregate(top=Max("pk"))["top"] or 0
    series = f"FROM generate_series(1, {PROVIDERS}) AS n"
    fill(
        Provider,
        series,
        id=f"{providers} + n",
        code="'utility-' || n",
        name="'Utility ' || n",
        currency="'USD'",
        order_prefix="'u' || n",
        consumer_prefix="'U' || n || '-'",
    )
    mine = f"FROM connections_provider AS p WHERE p.id > {providers}"
    fill(ServiceArea, mine, provider="p.id", name="'Everywhere'", city_codes="""'["NANP:628"]'::jsonb""")
    fill(
        Offering,
        f"FROM generate_series(0, {OFFERINGS_EACH} - 1) AS k, generate_series(1, {PROVIDERS}) AS n",
        id=f"{offerings} + n + {PROVIDERS} * k",
        provider=f"{providers} + n",
        code="'offering-' || k",
        name=one_of(["Residential connection", "Commercial connection", "Farm connection"], "k") + " || ' ' || k",
        description="'A new connection with a smart meter, overhead or underground.'",
        property_type=one_of(["RESIDENTIAL", "COMMERCIAL", "AGRICULTURAL"], "k"),
        phase=one_of(["SINGLE_PHASE", "THREE_PHASE"], "k"),
        max_load_kw="10 + k",
        position="k",
    )
    _fill_terms(f"FROM connections_offering AS o WHERE o.id > {offerings}")
    _fill_crews(providers, mine)
    return providers, offerings


def _fill_terms(offered: str) -> None:
    fill(PriceLine, offered, offering="o.id", title="'Connection fee'", amount="200")
    term = {"type": text("ON_FULFILLMENT"), "collected_by": text("BPP"), "amount": "150"}
    fill(PaymentTerm, offered, offering="o.id", **term)
    papers = offered.replace("WHERE", f", {PAPERS} AS paper (position, code, name) WHERE")
    fill(RequiredDocument, papers, offering="o.id", code="paper.code", name="paper.name", position="paper.position")


def _fill_crews(providers: int, mine: str) -> None:
    User.objects.create_user("seed-clerk", is_staff=True)
    crew = mine.replace("WHERE", f", generate_series(1, {CREW}) AS k WHERE")
    skills = """'["ASSESSMENT", "INSTALLATION"]'::jsonb"""
    fill(Technician, crew, provider="p.id", name="'Technician ' || k", phone="'+14155550100'", skills=skills)
    fill(Slot, mine, provider="p.id", name="'Morning'", starts="'08:00'", ends="'12:00'")
    states = "(VALUES ('SCHEDULED'), ('TECHNICIAN_ASSIGNED'), ('ASSESSMENT_COMPLETED'), ('APPROVED')) AS s (state)"
    promised = mine.replace("WHERE", f", {states} WHERE")
    fill(ServicePromise, promised, provider="p.id", state="s.state", working_days="5")
    fill(CancellationTerm, promised, provider="p.id", state="s.state", fee_percent="10")
