"""The applicant's page on a phone: at each stage, in light and dark, live, and when the connection is lost."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from billing.payments import record_payment
from connections.documents.handing_in import hand_in_link
from connections.documents.verdicts import reject_document, verify_document
from connections.lifecycle import advance
from connections.models import Application, ServicePromise
from fieldwork.models import Slot, Visit
from fieldwork.planning import schedule_visit
from fieldwork.services import assign_visit
from tests.browser.conftest import PHONE, Look, nothing_sticks_out
from tests.connections.letterbox import deliver, written
from tests.factories import SYSTEM, application_in, establish, offering, provider, scheduled_application, technician

pytestmark = pytest.mark.django_db(transaction=True)
EVERY_DAY = list(range(7))
LINES = [
    {"title": "Connection fee", "amount": Decimal(200)},
    {"title": "Inspection", "amount": Decimal(50)},
]
TERMS = [
    {"type": "PRE_FULFILLMENT", "collected_by": "BPP", "amount": Decimal(50)},
    {"type": "ON_FULFILLMENT", "collected_by": "BPP", "amount": Decimal(200)},
]
# What axe looks at first: one h1, no level left out, every control and link with a name, one main, a language; and the
# contrast of every text with the ground that it stands on (4.5:1, large text 3:1).
ACCESSIBLE = """() => {
  const wrong = [], seen = (e) => e.offsetParent !== null && getComputedStyle(e).visibility !== 'hidden';
  const levels = [...document.querySelectorAll('h1,h2,h3,h4')].filter(seen).map((h) => Number(h.tagName[1]));
  if (levels.filter((level) => level === 1).length !== 1) wrong.push('not one h1: ' + levels);
  if (levels.some((level, n) => n && level > levels[n - 1] + 1)) wrong.push('heading level left out: ' + levels);
  for (const part of document.querySelectorAll('a,button,input:not([type=hidden]),select,textarea')) {
    const labels = [...(part.labels || [])].map((label) => label.textContent).join('');
    const name = part.getAttribute('aria-label') || part.textContent + labels;
    if (!name.trim()) wrong.push('no name: ' + part.outerHTML.slice(0, 80));
  }
  if (!document.documentElement.lang || document.querySelectorAll('main').length !== 1) wrong.push('language or main');
  const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
  if (new Set(ids).size !== ids.length) wrong.push('an id twice');
  const rgb = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => { const f = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b); };
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const c = rgb(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] === 1) return c;
    }
    return [255, 255, 255];
  };
  for (const e of document.querySelectorAll('body *')) {
    if (![...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()) || !seen(e)) continue;
    const style = getComputedStyle(e), size = parseFloat(style.fontSize);
    if (!size || e.closest('.visually-hidden,.skip-link')) continue;
    const [a, b] = [light(rgb(style.color)), light(ground(e))].sort((x, y) => y - x), ratio = (a + 0.05) / (b + 0.05);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) wrong.push(ratio.toFixed(2) + ' ' + e.textContent.trim().slice(0, 40));
  }
  return wrong;
}"""


@pytest.fixture
def utility() -> Any:
    promising = provider(
        brand_colour="#0b4f8a",
        support_phone="+18004321234",
        support_email="support@sfea.gov",
        payment_instructions="Transfer to SFEA, account 12-345-678.\nOr at the counter, 9 to 17.",
        working_weekdays=EVERY_DAY,
    )
    for state, days in (("SCHEDULED", 2), ("TECHNICIAN_ASSIGNED", 5), ("ASSESSMENT_COMPLETED", 3), ("APPROVED", 7)):
        ServicePromise.objects.create(provider=promising, state=state, working_days=days)
    for name, starts, ends in (("Morning", "09:00", "12:00"), ("Afternoon", "14:00", "16:00")):
        Slot.objects.create(provider=promising, name=name, starts=starts, ends=ends)
    offering(provider=promising, lines=LINES, terms=TERMS)
    return promising


def with_papers(order: Application) -> Application:
    for document in order.documents.all():
        hand_in_link(document, text="seen", actor=SYSTEM)
    return order


def visit_planned(order: Application) -> Visit:
    worker = technician(name="David Chen", working_days=EVERY_DAY)
    slot = Slot.objects.get(name="Afternoon")
    day = order.provider.today() + timedelta(days=5)
    return assign_visit(
        schedule_visit(order.visits.get(), slot=slot, day=day, actor=SYSTEM), technician=worker, actor=SYSTEM
    )


def before_the_visit() -> Application:
    order = with_papers(scheduled_application())
    visit_planned(order)
    verify_document(order.documents.get(code="id-proof"), actor=SYSTEM)
    return order


def a_rejected_paper() -> Application:
    order = before_the_visit()
    reject_document(order.documents.get(code="wiring"), reason="The stamp is missing.", actor=SYSTEM)
    return order


def unpaid() -> Application:
    return with_papers(application_in("ASSESSMENT_COMPLETED"))


def paid() -> Application:
    order = unpaid()
    record_payment(order, amount=Decimal(50), reference="CARD-7", actor=SYSTEM)
    return order


def power_on() -> Application:
    order = with_papers(application_in("ASSESSMENT_COMPLETED"))
    record_payment(order, amount=Decimal(50), actor=SYSTEM)
    for document in order.documents.all():
        verify_document(document, actor=SYSTEM)
    return establish(advance(order, "approve", actor=SYSTEM))


def cancelled() -> Application:
    order = paid()
    return advance(order, "cancel", actor=SYSTEM, reason="The street is closed until next year.")


STAGES: list[tuple[Callable[[], Application], list[str]]] = [
    (before_the_visit, ["Your technician comes on", "Step 2 of 5: Visit", "Call David", "Change the time"]),
    (a_rejected_paper, ["We need your Wiring diagram from you", "“The stamp is missing.”", "Send again", "Next: You"]),
    (unpaid, ["Pay 50.00 USD by", "Transfer to SFEA", "Demand note DN-"]),
    (paid, ["Received from you", "Next: San Francisco Electric Authority", "working days left", "Receipt RCP-"]),
    (power_on, ["Your power is on", "Your consumer number is", "Pay 200.00 USD by", "Invoice INV-"]),
    (cancelled, ["Your application was cancelled", "The street is closed", "You get 50.00 USD back."]),
]


@pytest.mark.parametrize(("stage", "words"), STAGES, ids=lambda part: getattr(part, "__name__", ""))
def test_a_phone_shows_each_stage_in_light_and_dark(
    new_page: Callable[..., Page], utility: Any, look: Look, stage: Callable[[], Application], words: list[str]
) -> None:
    address = f"/track/{stage().tracking_id}/"

    for scheme in ("light", "dark"):
        page = new_page(**PHONE, color_scheme=scheme)
        page.goto(address)
        look(page, f"tracking-{stage.__name__}-{scheme}")
        for part in words:
            expect(page.locator("body")).to_contain_text(part)
        assert nothing_sticks_out(page)
        assert page.evaluate(ACCESSIBLE) == []
        heights = [part.bounding_box() for part in page.locator(".button, .button-quiet").all()]
        assert all(box and box["height"] >= 48 for box in heights)


def test_what_happens_shows_without_a_reload_and_is_said_aloud(phone: Page, utility: Any) -> None:
    order = before_the_visit()
    phone.clock.install()
    phone.goto(f"/track/{order.tracking_id}/")
    phone.locator("#call").focus()
    phone.evaluate("window.here = true; window.scrollTo(0, 200)")

    reject_document(order.documents.get(code="wiring"), reason="The stamp is missing.", actor=SYSTEM)
    phone.clock.run_for(16_000)

    expect(phone.locator("#answer")).to_have_text("We need your Wiring diagram from you")
    expect(phone.locator("#changed")).to_contain_text("We need your Wiring diagram from you")
    expect(phone.locator("#call")).to_be_focused()
    assert phone.evaluate("window.here && window.scrollY") == 200
    assert phone.title().startswith("We need your Wiring diagram")


def test_a_lost_connection_is_said_with_the_time_and_found_again(phone: Page, utility: Any) -> None:
    order = before_the_visit()
    phone.clock.install()
    phone.goto(f"/track/{order.tracking_id}/")

    phone.context.set_offline(True)
    phone.clock.run_for(16_000)
    expect(phone.locator("#connection")).to_contain_text("Not connected. This is how it stood at")
    expect(phone.locator("#answer")).to_be_visible()

    phone.context.set_offline(False)
    expect(phone.locator("#connection")).to_be_hidden()


def test_a_hidden_page_is_quiet_and_asks_when_it_is_seen_again(phone: Page, utility: Any) -> None:
    order = before_the_visit()
    asked: list[str] = []
    phone.clock.install()
    phone.goto(f"/track/{order.tracking_id}/")
    phone.on("request", lambda request: asked.append(request.url) if "/track/" in request.url else None)
    hide = "(hidden) => { Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });"
    hide += " document.dispatchEvent(new Event('visibilitychange')); }"

    phone.evaluate(hide, True)
    phone.clock.run_for(120_000)
    assert asked == []

    with phone.expect_response("**/track/**"):
        phone.evaluate(hide, False)


def test_the_missing_paper_is_one_press_away(phone: Page, utility: Any) -> None:
    phone.goto(f"/track/{a_rejected_paper().tracking_id}/")

    phone.get_by_role("link", name="Send again Wiring diagram").click()

    expect(phone.get_by_role("heading", level=1)).to_have_text("Wiring diagram")
    expect(phone.get_by_text("The stamp is missing.")).to_be_visible()


def test_the_visit_is_moved_by_thumb(phone: Page, utility: Any, look: Look) -> None:
    order = before_the_visit()
    before = order.visits.get().window_start
    phone.goto(f"/track/{order.tracking_id}/")

    phone.get_by_role("link", name="Change the time").click()
    look(phone, "tracking-move-visit")
    assert nothing_sticks_out(phone)
    assert phone.evaluate(ACCESSIBLE) == []
    phone.locator("label.choice").first.click()
    phone.get_by_role("button", name="Come at this time").click()

    expect(phone.get_by_role("heading", level=1)).to_have_text("Your visit has a new time")
    look(phone, "tracking-moved")
    phone.get_by_role("link", name="Back to your order").click()
    expect(phone.locator("#answer")).to_contain_text("Your technician comes on")
    assert Visit.objects.get().window_start not in {before, None}
    assert Visit.objects.get().window_start > timezone.now()


def test_without_script_the_page_says_the_same(new_page: Callable[..., Page], utility: Any) -> None:
    page = new_page(**PHONE, java_script_enabled=False)

    page.goto(f"/track/{before_the_visit().tracking_id}/")

    expect(page.locator("#answer")).to_contain_text("Your technician comes on")
    expect(page.locator("#connection")).to_be_hidden()


@pytest.mark.parametrize("width", [360, 700])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_letter_can_be_read_on_every_screen(
    new_page: Callable[..., Page], utility: Any, look: Look, width: int, scheme: str
) -> None:
    a_rejected_paper()
    deliver()
    page = new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)

    page.set_content(written()[-1].html)

    look(page, f"letter-{width}-{scheme}")
    assert nothing_sticks_out(page)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.evaluate(ACCESSIBLE.replace("document.querySelectorAll('main').length !== 1", "false")) == []
