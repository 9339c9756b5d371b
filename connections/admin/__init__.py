"""The staff's desk. The outer rooms put their parts on it from their own admin.py, with what is named here.

* `add_to_application_page(*inlines)`: a room's rows on the page of an application, below the core's own.
* `name_events({...})`: plain words for a room's events in the timeline.
* `explain_cancelling`: a function of the application that says what cancelling it costs.
* `knows_next_step`: a function of an application that says who has the ball, and which button leads there.
* `dashboard_cards`: a function of the request that returns the room's cards for the first page.
* `PersonalPage`: the page of a row that tells of a person: masked, or shown in full and noted.
* `LifecycleAdmin`, `ReadOnlyAdmin`, `ReadOnlyInline`: what a room's own pages are made of.
"""

from connections.admin import failed_logins, letter, people
from connections.admin.added_once import AddedOnce, counted_once, form_token
from connections.admin.application import ApplicationAdmin, add_to_application_page
from connections.admin.application_words import NextStep, knows_next_step
from connections.admin.cancelling import explain_cancelling
from connections.admin.catalogue import ListField, OfferingAdmin, ProviderAdmin
from connections.admin.dashboard import Card, dashboard_cards
from connections.admin.document import DocumentAdmin
from connections.admin.finding import ORDER_WORDS, FoundByOrder
from connections.admin.lifecycle_admin import LifecycleAdmin, Words
from connections.admin.lifecycle_forms import ActionForm, NothingToAsk, ReasonForm, without_side_doors
from connections.admin.long_list import BY_PROVIDER, KnownValues, OfProvider, count_some
from connections.admin.look import badge, link_to, moment, on_one_line, shortened, stamp
from connections.admin.personal import PersonalPage
from connections.admin.read_only import ReadOnlyAdmin, ReadOnlyInline
from connections.admin.timeline import name_events

__all__ = [
    "BY_PROVIDER",
    "ORDER_WORDS",
    "ActionForm",
    "AddedOnce",
    "ApplicationAdmin",
    "Card",
    "DocumentAdmin",
    "FoundByOrder",
    "KnownValues",
    "LifecycleAdmin",
    "ListField",
    "NextStep",
    "NothingToAsk",
    "OfProvider",
    "OfferingAdmin",
    "PersonalPage",
    "ProviderAdmin",
    "ReadOnlyAdmin",
    "ReadOnlyInline",
    "ReasonForm",
    "Words",
    "add_to_application_page",
    "badge",
    "count_some",
    "counted_once",
    "dashboard_cards",
    "explain_cancelling",
    "failed_logins",
    "form_token",
    "knows_next_step",
    "letter",
    "link_to",
    "moment",
    "name_events",
    "on_one_line",
    "people",
    "shortened",
    "stamp",
    "without_side_doors",
]
