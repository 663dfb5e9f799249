"""Papers as they come out of a printer: a poster is one sheet and the rules are two, however long the names are."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page

from domain import sessions
from domain.database import connect, writing
from domain.designs import making, model
from domain.designs.model import Design, ThemeChoice, laid_out, placed
from domain.phase_kinds import KINDS
from routes.staff.access import COOKIE
from tests.journeys.conftest import TIMEOUT_MS, Demo

LONG = {
    "traject-name": "De allerlangste naam van het Schilderswijkse Oudejaarsavondgroenbuurtenbudget 20",
    "traject-municipality": "Nissewaard-Albrandswaard",
    "traject-area": "Scheveningen-Dorp, Belgisch Park en het Statenkwartier van de Duinoordsestraatwe",
    "traject-summary": "Bewoners beslissen samen over het geld. " * 7,
    "traject-contact": "Bel de gebiedsmakelaar, 070 123 45 67, of kom naar buurthuis De Regenboogschool, Dorpsweg 1.",
    "money-budget": 1_234_567_89,
    "collect-submit_age": 12,
    "collect-max_plan_cost": 123_456_78,
    "support-support_age": 12,
    "vote-voting_method": "knapsack",
    "vote-codes_by": "letter",
    "vote-vote_age": 12,
    "vote-min_length": 3,
    "vote-max_length": 10,
    "vote-change_allowed": True,
    "result-counting_rule": "greedy",
    "result-leftover": "fund",
    "deliver-aftercare": "Wij bellen alle bedenkers en kijken na een jaar hoe het ging. " * 5,
    "privacy-legal_basis": "public_task",
    "privacy-controller": "Gemeenschappelijke regeling Buurtbudgetten Haaglanden-Noordwest en omstreken",
    "privacy-privacy_contact": "functionarisgegevensbescherming@buurtbudgettenhaaglanden.example",
}
THEMES = tuple(ThemeChoice(f"Thema {n} met een lange naam", 100_000_00, 0, 2) for n in range(1, 6))
TALL = "(part) => [...document.querySelectorAll(part)].map((one) => one.getBoundingClientRect().bottom)"


@pytest.fixture(scope="module")
def long(demo: Demo) -> str:
    """A process of which every name is as long as it may be."""
    db, now = connect(demo.db), datetime.now(UTC)
    design = model.decided(Design(spans=laid_out(KINDS), themes=THEMES), LONG)
    with writing(db):
        (owner,) = db.execute("SELECT id FROM accounts WHERE owner").fetchone()
        slug = making.create(db, placed(design, now.date()), now, owner)
    db.close()
    return slug


@pytest.fixture(scope="module")
def staff(chromium: Browser, demo: Demo) -> Iterator[Page]:
    """Somebody who owns the site."""
    db, now = connect(demo.db), datetime.now(UTC)
    with writing(db):
        (owner,) = db.execute("SELECT id FROM accounts WHERE owner").fetchone()
        token = sessions.start(db, owner, "Chromium", now)
    db.close()
    context = chromium.new_context(locale="nl-NL")
    context.set_default_timeout(TIMEOUT_MS)
    context.add_cookies([{"name": COOKIE, "value": token, "url": f"{demo.site}/beheer"}])
    yield context.new_page()
    context.close()


def sheets(page: Page) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True)))


@pytest.mark.parametrize("size", ["a4", "a3"])
@pytest.mark.parametrize("kind", [*KINDS])
def test_a_poster_is_one_sheet_and_nothing_falls_off(staff: Page, demo: Demo, long: str, kind: str, size: str) -> None:
    for language in ("nl", "en"):
        staff.goto(f"{demo.site}/beheer/{long}/papieren/poster/{kind}?taal={language}&formaat={size}")
        assert sheets(staff) == 1
        (bottom,) = staff.evaluate(TALL, ".poster")
        assert all(at <= bottom for at in staff.evaluate(TALL, ".poster *"))


def test_the_rules_fit_on_two_sheets(staff: Page, demo: Demo, long: str) -> None:
    for which in (long, "laak", demo.process):
        staff.goto(f"{demo.site}/{which}/zo-werkt-het")
        assert sheets(staff) <= 2, which


def test_the_letter_is_one_sheet(staff: Page, demo: Demo, long: str) -> None:
    staff.goto(f"{demo.site}/beheer/{long}/papieren/brief")
    assert sheets(staff) == 1
