"""The admin's look and its side menu."""

import re
from typing import Any

from django.templatetags.static import static
from django.urls import reverse_lazy


def _page(title: str, icon: str, app: str, model: str) -> dict[str, Any]:
    """A line of the side menu, for those who may view the model."""
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app}_{model}_changelist"),
        "permission": lambda request: request.user.has_perm(f"{app}.view_{model}"),
    }


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Servicedrop",
    "SITE_HEADER": "Servicedrop",
    "SITE_SUBHEADER": "New connections",
    "SITE_SYMBOL": "bolt",
    "SITE_URL": None,
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "DASHBOARD_CALLBACK": "connections.admin.dashboard.fill",
    "COLORS": lambda request: {},  # in desk.css: as a style element they would need a hole in the pages' policy
    "STYLES": [lambda request: static("servicedrop/desk.css")],
    "ACCOUNT": {
        "navigation": [
            {"title": "Change password", "link": reverse_lazy("admin:password_change")},
            {"title": "Second step at log-in", "link": reverse_lazy("access:set-up")},
        ]
    },
    "SIDEBAR": {
        "show_search": False,
        "navigation": [
            {
                "title": "Applications",
                "items": [
                    {"title": "Today", "icon": "dashboard", "link": reverse_lazy("admin:index")},
                    _page("Applications", "assignment", "connections", "application"),
                    _page("Calls for help", "support_agent", "connections", "supportrequest"),
                ],
            },
            {
                "title": "Field",
                "items": [
                    _page("Visits", "home_pin", "fieldwork", "visit"),
                    _page("Technicians", "engineering", "fieldwork", "technician"),
                    _page("Meters", "electric_meter", "fieldwork", "meter"),
                    _page("Windows of the day", "schedule", "fieldwork", "slot"),
                ],
            },
            {
                "title": "Catalogue",
                "items": [
                    _page("Providers", "domain", "connections", "provider"),
                    _page("Offerings", "sell", "connections", "offering"),
                ],
            },
            {
                "title": "Money",
                "items": [
                    {
                        "title": "Cashier",
                        "icon": "point_of_sale",
                        "link": reverse_lazy("admin:billing_cashier"),
                        "permission": lambda request: request.user.has_perm("billing.add_payment"),
                    },
                    _page("Instalments", "request_quote", "billing", "instalment"),
                    {
                        "title": "Due back",
                        "icon": "undo",
                        "link": reverse_lazy("admin:billing_refunds"),
                        "permission": lambda request: request.user.has_perm("billing.refund_payment"),
                    },
                    {
                        **_page("Payments", "payments", "billing", "payment"),
                        "active": lambda request: re.search(r"/billing/payment/(\d+/|$)", request.path),
                    },
                    _page("Invoices and receipts", "receipt_long", "billing", "voucher"),
                    _page("Reported payments", "mark_email_unread", "billing", "paymentreport"),
                    _page("Waivers", "rule", "billing", "waiver"),
                    _page("Closings", "lock_clock", "billing", "closing"),
                    _page("Ledger entries", "menu_book", "billing", "entry"),
                ],
            },
            {
                "title": "Network",
                "items": [
                    _page("Messages", "call_received", "beckn_adapter", "message"),
                    _page("Callbacks", "call_made", "beckn_adapter", "callback"),
                    _page("Letters", "mail", "connections", "letter"),
                    _page("Refused", "block", "beckn_adapter", "refusal"),
                    _page("Circuits", "electrical_services", "beckn_adapter", "circuit"),
                ],
            },
            {
                "title": "People",
                "items": [
                    _page("Users", "person", "auth", "user"),
                    _page("Groups", "group", "auth", "group"),
                    _page("Failed log-ins", "lock", "axes", "accessattempt"),
                    _page("Views of personal data", "visibility", "connections", "personaldataview"),
                ],
            },
        ],
    },
}
