"""Putting a letter into words: what its event tells, what else happened meanwhile, what comes next, where to look."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from connections.brand import dark_tones, light_tones
from connections.letters import MAILED, Said, more_about
from connections.models import Application, Letter, Provider
from connections.tracking import NextStep, next_step

OUR_COLOUR = "#0f5a6e"  # --brand of servicedrop.css


@dataclass(frozen=True)
class Written:
    """A letter in words: `text` and `html` say the same. `tells` are the letters whose events it tells of."""

    subject: str
    text: str
    html: str
    tells: list[Letter] = field(default_factory=list)


def write(application: Application, letters: Sequence[Letter]) -> Written | None:
    """One letter for all of these; the weightiest gives the subject. None where nothing is to be told any more."""
    ranked = sorted(letters, key=lambda letter: (-MAILED[letter.event.kind].weight, letter.event_id))
    told = [(letter, said) for letter in ranked if (said := MAILED[letter.event.kind].words(application, letter.event))]
    if not told:
        return None
    first, main = told[0][0], told[0][1]
    others = list(dict.fromkeys(said for _, said in told[1:] if said.headline != main.headline))
    context = letter_context(application, _joined(main, more_about(first.event.kind, application)), others)
    return Written(
        subject=" ".join(main.headline.split()),
        text=render_to_string("connections/letter.txt", context).strip() + "\n",
        html=render_to_string("connections/letter.html", context),
        tells=[letter for letter, _ in told],
    )


def letter_context(application: Application, main: Said, others: list[Said]) -> dict[str, Any]:
    """What both templates say."""
    provider, step = application.provider, next_step(application)
    page = absolute(reverse("track:page", args=[application.tracking_id]))
    action = (main.action[0], absolute(main.action[1])) if main.action else ("See how far it is", page)
    return {
        "application": application,
        "provider": provider,
        "said": main,
        "others": [{**asdict(other), "link": absolute(other.action[1]) if other.action else ""} for other in others],
        "next": step and _for_reading(step, main),
        "action": action,
        "page": page,
        "zone": provider.time_zone.rpartition("/")[2].replace("_", " "),
        "tones": light_tones(_colour(provider)),
        "dark": dark_tones(_colour(provider)),
    }


def _for_reading(step: NextStep, main: Said) -> NextStep | None:
    """What comes next, unless the letter has asked for just that."""
    return None if step.is_applicant and step.what in main.paragraphs else step


def _joined(main: Said, more: list[Said]) -> Said:
    for said in more:
        main = replace(
            main,
            paragraphs=(*main.paragraphs, *said.paragraphs),
            facts=(*main.facts, *said.facts),
            action=main.action or said.action,
        )
    return main


def _colour(provider: Provider) -> str:
    return provider.brand_colour or OUR_COLOUR


def absolute(path: str) -> str:
    """An address of this site as it is reached from outside."""
    return path if "://" in path else f"{settings.PUBLIC_URL}{path}"
