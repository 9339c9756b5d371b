"""The clerk and the technician of the demo: they log in, read their pages, and press what stands there.

Over HTTP with plain sessions, as their browsers would do it: whatever the pages do not offer they can not do.
"""

import re
from collections.abc import Mapping
from html import unescape
from uuid import uuid4

import requests

from beckn_adapter.sandbox.papers import draw_photo

TIMEOUT = 20  # seconds for one page


class PageRefused(Exception):
    """A page that did not do what the person wanted. The text says which."""


class Person:
    """Somebody with a login. `press` sends a form of a page with its token, `read` returns a page."""

    def __init__(self, house_url: str, login: str, name: str, password: str) -> None:
        self.url = house_url
        self.session = requests.Session()
        self.session.trust_env = False
        self.read(login)
        self.press(login, {"username": name, "password": password})

    def read(self, path: str) -> str:
        answer = self.session.get(f"{self.url}{path}", timeout=TIMEOUT)
        if answer.status_code != 200:
            raise PageRefused(f"{path} answered {answer.status_code}")
        return answer.text

    def press(self, path: str, fields: Mapping[str, str], photo: bytes = b"") -> str:
        """A form that was taken leads to another page; one that was not is shown again. Returns where it leads."""
        answer = self.session.post(
            f"{self.url}{path}",
            data={"csrfmiddlewaretoken": self.session.cookies["csrftoken"], **fields},
            files={"photo": ("photo.jpg", photo, "image/jpeg")} if photo else None,
            headers={"Referer": f"{self.url}{path}"},
            timeout=TIMEOUT,
            allow_redirects=False,
        )
        if answer.status_code != 302:
            raise PageRefused(f"{path} answered {answer.status_code}: {_complaint(answer.text)}")
        return answer.headers["Location"]

    def find(self, page: str, pattern: str, what: str) -> str:
        """What stands on a page. Raises `PageRefused` where it does not."""
        found = re.search(pattern, page)
        if found is None:
            raise PageRefused(f"there is no {what} on the page")
        return unescape(found[1])


class Clerk(Person):
    """Works at the desk on one application at a time, known by its row's id."""

    def __init__(self, house_url: str, password: str) -> None:
        super().__init__(house_url, "/admin/login/", "clerk", password)

    def find_order(self, number: str) -> int:
        """The row's id behind an order's number."""
        page = self.read(f"/admin/connections/application/?q={number}")
        return int(self.find(page, r"/admin/connections/application/(\d+)/change/", f"order {number}"))

    def assign(self, application: int) -> None:
        """Put the technician whom the desk suggests on the newest visit."""
        numbers = re.findall(r"/admin/fieldwork/visit/(\d+)/change/", self.read(_order(application)))
        path = f"/admin/fieldwork/visit/{max(map(int, numbers), default=0)}/advance/assign/"
        page = self.read(path)
        technician = self.find(page, r'name="technician" value="(\d+)"', "technician to choose")
        self.press(path, {"technician": technician})

    def judge(self, application: int, paper: int, version: int, verdict: str, **fields: str) -> None:
        """`verify` or `reject` the n-th paper (from 0), having seen this version of it."""
        path = f"{_order(application).removesuffix('change/')}documents/"
        document = list(dict.fromkeys(re.findall(r"\?document=(\d+)", self.read(path))))[paper]
        named = {f"{verdict}-{name}": value for name, value in fields.items()}
        self.press(path, {"verdict": verdict, "document": document, "seen": str(version), **named})

    def approve(self, application: int) -> None:
        self.press(f"{_order(application).removesuffix('change/')}advance/approve/", {})

    def take_payment(self, application: int) -> None:
        """What the cashier's screen proposes, in cash."""
        key = str(uuid4())
        path = f"/admin/billing/payment/cashier/{application}/?key={key}"
        amount = self.find(self.read(path), r'name="amount" value="([^"]+)"', "amount to take")
        self.press(path, {"key": key, "amount": amount, "method": "CASH", "reference": ""})


class TechnicianOnThePhone(Person):
    """Has one visit at a time: the first of the day."""

    def __init__(self, house_url: str, password: str) -> None:
        super().__init__(house_url, "/field/login/", "david", password)

    def step(self, name: str) -> None:
        """`set-out` or `arrive`: the big button of the day's first visit."""
        page = self.read("/field/")
        path = self.find(page, rf'action="(/field/visits/\d+/step/{name}/)"', f"button to {name}")
        self.press(path, {"client_id": _client_id(self, page)})

    def tell_position(self, latitude: str, longitude: str) -> None:
        token = self.session.cookies["csrftoken"]
        fields = {"csrfmiddlewaretoken": token, "latitude": latitude, "longitude": longitude}
        answer = self.session.post(f"{self.url}/field/position/", data=fields, timeout=TIMEOUT)
        if answer.status_code != 204:
            raise PageRefused(f"the position was answered with {answer.status_code}")

    def fill_in(self, sheet: str, **typed: str) -> str:
        """Findings or installation, with a photo; the meter is the one in the car. Returns the sheet's page."""
        visit = self.find(self.read("/field/"), r'href="(/field/visits/\d+/)"', "visit to go on with")
        page = self.read(f"{visit}{sheet}/")
        fields = {"client_id": _client_id(self, page), **typed}
        if meter := re.search(r'<option value="([^"]+)"', page):
            fields.setdefault("serial", meter[1])
        if sheet == "installation":
            fields["confirmed"] = "yes"
        self.press(f"{visit}{sheet}/", fields, draw_photo(sheet))
        return page


def _order(application: int) -> str:
    return f"/admin/connections/application/{application}/change/"


def _client_id(person: Person, page: str) -> str:
    return person.find(page, r'name="client_id" value="([^"]+)"', "form")


def _complaint(page: str) -> str:
    """The page's own words, without its tags."""
    found = re.search(r'role="alert"[^>]*>(.*?)</div>', page, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", found[1] if found else page[:300]).split())
