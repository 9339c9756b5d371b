"""Three people in a real browser, who see and press what their pages offer and nothing else."""

import re
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from playwright.sync_api import Browser, BrowserContext, FilePayload, Page, expect

from tests.connections.papers import jpeg, pdf, png

PHONE: dict[str, Any] = {
    "viewport": {"width": 360, "height": 740},
    "is_mobile": True,
    "has_touch": True,
    "device_scale_factor": 2,
}
DESK: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
PAPERS: dict[str, FilePayload] = {
    "ID proof": {"name": "id.jpg", "mimeType": "image/jpeg", "buffer": jpeg("Identity card")},
    "ownership certificate": {"name": "deed.png", "mimeType": "image/png", "buffer": png("Deed")},
    "wiring diagram": {"name": "wiring.pdf", "mimeType": "application/pdf", "buffer": pdf(pages=2)},
}
CAMERA: FilePayload = {"name": "IMG_1.jpg", "mimeType": "image/jpeg", "buffer": jpeg("The premises")}
PASSWORD = "a long walk home"
CLOCK = ZoneInfo("America/Los_Angeles")  # the screens' own
# What a clerk needs for the story, and no more.
CLERK_MAY = (
    *("view_application", "view_document", "verify_document", "approve_application"),
    *("view_visit", "assign_visit", "view_quote", "view_instalment", "add_payment"),
)
# Runs in the house: a clerk, a technician who lives next door to Maria, and a meter in the technician's car.
LET_PEOPLE_IN = f"""
from datetime import time
from django.contrib.auth.models import Permission, User
from connections.actors import Actor
from connections.lifecycle import advance
from connections.models import Provider
from fieldwork.crew import let_work
from fieldwork.models import Meter, Skill, Technician

clerk = User.objects.create_user("{{run}}-clerk", password="{PASSWORD}", is_staff=True)
clerk.user_permissions.set(Permission.objects.filter(codename__in={CLERK_MAY!r}))
provider = Provider.objects.get(code="sf_electric_authority")
technician = Technician.objects.create(
    provider=provider, name="Ada Able", phone="+14155550199", skills=Skill.values, working_days=list(range(7)),
    base_latitude="37.774900", base_longitude="-122.419400", shares_position=True,
    user=User.objects.create_user("{{run}}-ada", password="{PASSWORD}"),
)
let_work(technician)
meter = Meter.objects.create(
    provider=provider, serial="{{run}}-M1", type="SMART_METER", phase="SINGLE_PHASE", max_load_kw=24
)
advance(meter, "issue", technician=technician, actor=Actor.system("{{run}}"))
"""


class Person:
    """A browser of one's own; `complaints` are the mistakes that its pages told of."""

    def __init__(self, browser: Browser, url: str, **screen: Any) -> None:
        self.url = url
        self.context: BrowserContext = browser.new_context(base_url=url, **screen)
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda problem: self.complaints.append(str(problem)))
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)

    def press(self, name: str | re.Pattern[str]) -> None:
        exact = isinstance(name, str)
        self.page.get_by_role("button", name=name, exact=exact).click()

    def follow(self, name: str | re.Pattern[str]) -> None:
        exact = isinstance(name, str)
        self.page.get_by_role("link", name=name, exact=exact).first.click()

    def leave(self) -> list[str]:
        self.context.close()
        return [said for said in self.complaints if not said.startswith("Failed to load resource")]


class Applicant(Person):
    """Has the link that the buyer app passed on."""

    def hand_in(self, link: str, *papers: str) -> str:
        """Every paper that the form asks for, which must be these; returns the number of the submission."""
        self.page.goto(link)
        for paper in papers:
            expect(self.page.get_by_role("heading", level=1)).to_have_text(f"{paper[0].upper()}{paper[1:]}")
            self.page.locator("#paper").set_input_files(PAPERS[paper])
            self.press(f"Send {paper}")
        self.follow("This is right: finish")
        return self.page.locator("#submission").inner_text()

    def reads(self, words: str) -> None:
        expect(self.page.get_by_text(words)).to_be_visible()


class Clerk(Person):
    """Works at the desk, in the admin."""

    def log_in(self, name: str) -> None:
        self.page.goto("/admin/")
        self.page.locator("[name=username]").fill(name)
        self.page.locator("[name=password]").fill(PASSWORD)
        self.page.locator("[name=password]").press("Enter")
        expect(self.page).to_have_url(f"{self.url}/admin/")

    def open_order(self, number: str) -> None:
        self.page.goto(f"/admin/connections/application/?q={number}")
        self.page.get_by_role("link", name=number, exact=True).click()

    def open_visit(self, number: str, kind: str) -> None:
        self.open_order(number)
        self.follow(f"{kind} visit")

    def set_the_time(self, number: str, kind: str) -> None:
        """From now to two hours on."""
        self.open_visit(number, kind)
        self.follow("Set the time")
        now = datetime.now(CLOCK)
        self.page.locator("[name=window_start]").fill(f"{now:%Y-%m-%dT%H:%M}")
        self.page.locator("[name=window_end]").fill(f"{now + timedelta(hours=2):%Y-%m-%dT%H:%M}")
        self.press("Set the time")

    def assign_whom_the_house_suggests(self, number: str, kind: str) -> str:
        self.open_visit(number, kind)
        self.follow("Put a technician on it")
        first = self.page.locator("label:has([name=technician])").first
        suggestion = first.inner_text()
        first.click()
        self.press("Put a technician on it")
        expect(self.page.get_by_text("assigned.", exact=False).first).to_be_visible()
        return suggestion

    def open_papers(self, number: str) -> None:
        self.open_order(number)
        self.follow(re.compile("^Check documents"))

    def reject(self, number: str, paper: str, reason: str) -> None:
        self.open_papers(number)
        self.page.get_by_label("Documents of this application").get_by_role(
            "link", name=re.compile(paper, re.I)
        ).click()
        self.page.get_by_text("It is not good").click()
        self.page.get_by_text(reason).click()
        self.press(f"Reject {paper}")
        expect(self.page.get_by_text("rejected; the applicant is asked for a new one")).to_be_visible()

    def verify(self, number: str, paper: str) -> None:
        """The next that waits, having seen it large."""
        self.open_papers(number)
        picture = self.page.locator(".papers-page img").first
        expect(picture).to_be_visible()
        assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 300
        self.press(f"Verify {paper}")
        expect(self.page.get_by_text(re.compile(": verified"))).to_be_visible()

    def approve(self, number: str) -> None:
        self.open_order(number)
        self.follow("Approve")
        self.press("Approve")
        expect(self.page.get_by_text(re.compile("approved\\."))).to_be_visible()

    def take_the_payment(self, number: str, reference: str) -> None:
        self.open_order(number)
        self.follow("Take a payment")
        self.page.get_by_text("Card", exact=True).click()
        self.page.get_by_label("Reference").fill(reference)
        self.press("Take the payment")
        expect(self.page.get_by_role("link", name=re.compile("RCP-.*to print"))).to_be_visible()


class TechnicianOnThePhone(Person):
    """At the premises from the beginning: the phone says so when it is asked."""

    def log_in(self, name: str) -> None:
        self.page.goto("/field/")
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.press("Log in")

    def set_out(self) -> None:
        self.page.goto("/field/")
        self.press("Set out")
        expect(self.page.get_by_text("The applicant can see where you are until you arrive.")).to_be_visible()

    def arrive(self) -> None:
        self.press("I am here")
        expect(self.page.get_by_text("On site")).to_be_visible()

    def take_photo(self) -> None:
        self.page.locator("#photo").set_input_files(CAMERA)
        expect(self.page.get_by_text("The photo is kept.")).to_be_visible()

    def assess(self) -> None:
        self.follow("Write down the findings")
        self.take_photo()
        self.page.get_by_text("Yes", exact=True).click()
        self.page.get_by_text("Single phase", exact=True).click()
        self.page.get_by_label("Load that the service can carry").fill("8")
        self.page.get_by_label("Length of the service drop").fill("12,5")
        self.press("Send the findings")
        expect(self.page.get_by_text("The findings are with the office")).to_be_visible()

    def install(self, serial: str, seal: str) -> None:
        self.follow("Install the meter")
        expect(self.page.get_by_text("Your position is known")).to_be_visible()
        self.take_photo()
        self.page.get_by_label("Serial number of the meter").fill(serial)
        self.page.get_by_label("Number of the seal").fill(seal)
        self.page.get_by_label("Reading", exact=True).fill("0.4")
        self.page.get_by_label("The same reading, once more").fill("0.4")
        self.press("Check")
        self.press("Turn the power on")
        expect(self.page.get_by_role("heading", name="The power is on")).to_be_visible()
