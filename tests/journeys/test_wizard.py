"""Somebody who read nothing makes a process: from the first start to plans that can be handed in, with and without
JavaScript, and with the keyboard alone."""

import os
import re
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from domain import demos
from domain.designs import files, model, presets
from domain.designs.model import Design
from domain.phases import HERE
from tests.journeys.conftest import PHONE, PROGRAM, TIMEOUT_MS, Demo, Visitor, Watch
from tests.journeys.steps import heading, preset, save
from tests.journeys.test_every_page import SIDEWAYS, SMALL, axe
from tests.journeys.test_from_idea_to_result import sign_in
from tests.journeys.test_keyboard import press, tab_to

PASSPHRASE = "vier losse woorden zonder zin"  # noqa: S105
DESK: ViewportSize = {"width": 1280, "height": 800}
SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])


@dataclass(frozen=True)
class Fresh:
    """A server on which nobody has done anything yet, and the link that it printed."""

    site: str
    link: str


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Fresh]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    site = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(
        [PROGRAM, "serve", "--db", tmp_path / "nieuw.db", "--port", str(port)],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "WIJKBUDGET_URL": site},
    )
    try:
        assert server.stderr is not None
        links = (re.search(r"\S+/beheer/start/\S+", line) for line in server.stderr)
        yield Fresh(site, next(found[0] for found in links if found))
    finally:
        server.terminate()
        server.wait(30)


def visit(chromium: Browser, fresh: Fresh, **options: Any) -> Page:
    context = chromium.new_context(**{"locale": "nl-NL", "viewport": PHONE, "reduced_motion": "reduce"} | options)
    context.set_default_timeout(TIMEOUT_MS)
    Watch(fresh.site.partition("//")[2]).follow(context)
    return context.new_page()


def make_account(page: Page, fresh: Fresh) -> None:
    page.goto(fresh.link)
    page.get_by_label("Uw naam").fill("Vera")
    page.get_by_label("E-mailadres").fill("vera@buurt.example")
    page.get_by_label("Wachtwoord", exact=True).fill(PASSPHRASE)
    page.get_by_label("Hetzelfde wachtwoord nog een keer").fill(PASSPHRASE)
    page.get_by_role("button", name="Bewaar").click()
    page.goto(f"{fresh.site}/beheer")


@SCRIPTS
def test_from_the_first_start_to_a_process_that_collects_plans(chromium: Browser, fresh: Fresh, scripts: bool) -> None:
    """Only what the pages themselves ask for is answered."""
    page = visit(chromium, fresh, java_script_enabled=scripts)
    make_account(page, fresh)
    page.get_by_role("link", name="Nieuw traject").click()
    preset(page, "Klein buurtbudget van vrijwilligers").click()
    page.get_by_role("link", name="Begin met: Het traject").click()
    page.get_by_label("Hoe heet het traject?").fill("Ons plein")
    page.get_by_label("In welke gemeente is het?").fill("Ermelo")
    page.get_by_label("Voor welke wijk of buurt is het?").fill("De Driehoek")
    save(page, "Geld en thema’s")
    page.get_by_label("Hoeveel geld verdelen bewoners?").fill("veel")
    page.get_by_role("button", name="Bewaar en ga verder").click()
    expect(page.get_by_role("link", name=re.compile("Dit is geen bedrag"))).to_be_visible()
    expect(page.get_by_label("Hoeveel geld verdelen bewoners?")).to_have_value("veel")
    page.get_by_label("Hoeveel geld verdelen bewoners?").fill("2500")
    page.get_by_label("Naam van het thema").first.fill("Groen")
    save(page, "Plannen indienen")
    for step in ("Steun zoeken", "Plannen controleren", "Stemmen", "Uitslag", "Plannen uitvoeren", "Planning"):
        save(page, step)
    page.get_by_label("Wanneer begint het traject?").fill("2026-01-05")
    page.get_by_role("button", name="Reken de data uit en bewaar").click()
    expect(page.get_by_text("De data zijn opnieuw berekend en bewaard.")).to_be_visible()
    page.get_by_label("Tot en met (Plannen indienen)").fill("2099-01-01")
    for kind in ("Stemmen", "Uitslag", "Plannen uitvoeren"):
        page.get_by_label(f"Van ({kind})").fill("2099-01-02")
        page.get_by_label(f"Tot en met ({kind})").fill("2099-12-31")
    save(page, "Hoe het eruitziet")
    save(page, "Privacy")
    page.get_by_label("Wij hebben er een gerechtvaardigd belang bij").check(force=True)
    page.get_by_label("Wie is verantwoordelijk voor de gegevens?").fill("Stichting Ons Plein")
    page.get_by_label("Waar kunnen bewoners terecht met vragen over hun gegevens?").fill("vera@buurt.example")
    save(page, "Ons plein")
    page.get_by_role("link", name="Open het traject").click()
    expect(page.get_by_text("Meteen gaat ‘Plannen indienen’ open")).to_be_visible()
    page.get_by_role("button", name="Ja, open het traject").click()
    expect(page.get_by_role("heading", name="Uw traject staat op de site")).to_be_visible()
    page.get_by_role("link", name="Bekijk de pagina zoals bewoners die zien").click()
    expect(heading(page)).to_contain_text("Ons plein")
    expect(page.get_by_role("link", name="Dien een plan in").first).to_be_visible()
    page.context.close()


VOGELBUURT = demos.read("vogelbuurt")
RADIOS = {"privacy-legal_basis": "Wij hebben er een gerechtvaardigd belang bij"}
LOOK = """:root {
  --basis-color-accent: #8a2f5d;
  --basis-color-action-1-color-default: #8a2f5d;
  --basis-color-action-1-color-hover: #6d2349;
  --basis-color-highlight-bg-default: #ffd9a8;
  --basis-border-radius-md: 1.25rem;
}"""


def test_a_process_of_the_demo_is_what_the_wizard_makes_of_the_same_answers(visitor: Visitor, demo: Demo) -> None:
    """Vogelbuurt, from its preset to its page, by what anyone types; a rehearsal shows a result before it opens."""
    desk = visitor(viewport=DESK)
    sign_in(desk, demo)
    there = downloaded(desk, demo("/beheer/vogelbuurt-verdeelt/ontwerp.toml"))
    desk.goto(demo("/beheer/nieuw"))
    preset(desk, presets.all_presets()[VOGELBUURT["preset"]].about["title"]).click()
    here = desk.url
    for step in model.steps():
        desk.goto(f"{here}/{step}")
        fill_in(desk, step, min(span.opens for span in there.spans.values() if span.opens))
        desk.get_by_role("button", name="Bewaar en ga verder").click()
    desk.get_by_role("link", name="Generale repetitie").click()
    desk.get_by_role("button", name="Begin de repetitie").click()
    expect(desk.get_by_role("heading", name="De uitslag")).to_be_visible(timeout=60_000)
    desk.goto(here)
    desk.get_by_role("link", name="Open het traject").click()
    desk.get_by_role("button", name="Ja, open het traject").click()
    expect(desk.get_by_role("heading", name="Uw traject staat op de site")).to_be_visible()
    assert downloaded(desk, f"{desk.url.partition('?')[0]}/ontwerp.toml") == there


def downloaded(page: Page, address: str) -> Design:
    return files.read(page.request.get(address).body())


def fill_in(page: Page, step: str, first: datetime) -> None:
    for field, value in VOGELBUURT["choices"].items():
        if field.partition("-")[0] == step and field in RADIOS:
            page.get_by_label(RADIOS[field]).check(force=True)
        elif field.partition("-")[0] == step:
            page.locator(f"[name={field}]").fill(value)
    if step == "planning":
        page.get_by_label("Wanneer begint het traject?").fill(f"{first.astimezone(HERE):%Y-%m-%d}")
        page.get_by_role("button", name="Reken de data uit en bewaar").click()
    if step == "look":
        page.get_by_text("Tokens van uw huisstijl (NL Design System)").click()
        page.get_by_role("textbox", name="Tokens van uw huisstijl").fill(LOOK)


def test_left_in_the_middle_it_is_taken_up_again(visitor: Visitor, demo: Demo) -> None:
    desk = visitor(viewport=DESK)
    sign_in(desk, demo)
    desk.goto(demo("/beheer/nieuw"))
    desk.get_by_role("button", name="Begin zonder voorbeeld").click()
    desk.get_by_role("link", name="Begin met: Het traject").click()
    desk.get_by_label("Hoe heet het traject?").fill("Half af")
    desk.get_by_role("button", name="Bewaar en stop").click()
    expect(desk.get_by_text("Bewaard. U kunt nu stoppen en later verdergaan.")).to_be_visible()
    desk.goto(demo("/beheer"))
    desk.get_by_role("link", name=re.compile("nog niet open")).click()
    desk.get_by_role("link", name=re.compile("Ga verder.*Half af")).click()
    expect(desk.get_by_text("nog 1 ding te kiezen")).to_be_visible()
    desk.get_by_role("link", name="Ga verder met: Het traject").click()
    expect(desk.get_by_label("Hoe heet het traject?")).to_have_value("Half af")


def test_a_step_by_keyboard(visitor: Visitor, demo: Demo) -> None:
    """Enter in a field saves the step and goes on, also where other buttons stand before the last."""
    page = visitor(viewport=DESK)
    sign_in(page, demo)
    page.goto(demo("/beheer/nieuw"))
    press(page, "Enter", preset(page, "Twee plannen per thema, zoals in Waalwijk"))
    expect(page.get_by_role("link", name="Begin met: Het traject")).to_be_visible()
    press(page, "Enter", page.get_by_role("link", name="Begin met: Het traject"))
    expect(heading(page)).to_have_text("Het traject")
    tab_to(page, page.get_by_label("Hoe heet het traject?"))
    page.keyboard.type("Met de toetsen")
    page.keyboard.press("Enter")
    expect(heading(page)).to_have_text("Geld en thema’s")
    tab_to(page, page.get_by_label("Hoeveel geld verdelen bewoners?"))
    page.keyboard.press("Enter")
    expect(heading(page)).to_have_text("Plannen indienen")
    tab_to(page, page.get_by_label("Iedereen die een e-mailadres bevestigt"))
    page.keyboard.press("ArrowDown")
    press(page, "Enter", page.get_by_role("button", name="Bewaar en ga verder"))
    expect(heading(page)).to_have_text("Steun zoeken")
    page.goto(page.url.rpartition("/")[0] + "/planning")
    tab_to(page, page.get_by_label("Wanneer begint het traject?"))
    page.keyboard.press("Enter")
    expect(heading(page)).to_have_text("Hoe het eruitziet")


@pytest.mark.parametrize("width", [360, 1280])
def test_every_page_of_the_wizard_is_looked_at(visitor: Visitor, demo: Demo, width: int) -> None:
    page = visitor(viewport=DESK)
    sign_in(page, demo)
    page.goto(demo("/beheer/nieuw"))
    preset(page, "Budget per thema, zoals in Amsterdam").click()
    here = page.url
    paths = ["", *(f"/{step}" for step in model.steps()), "/verwijderen"]
    addresses = [here + path for path in paths] + [demo("/beheer/ontwerpen"), demo("/beheer/ontwerpen/import")]
    of_process = [demo(f"/beheer/laak/keuzes/{step}") for step in ("traject", "money", "vote", "privacy")]
    for address in (*addresses, *of_process, demo(f"/beheer/{demo.process}/keuzes/vote")):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(address)
        assert page.evaluate(SIDEWAYS) == 0, address
        assert page.evaluate(SMALL) == [], address
        if width == PHONE["width"]:
            assert axe(page) == [], address
