"""One plan all the way, in real browsers: handed in, supported by 25 neighbours, assessed, voted on, counted.

Nothing is prepared: the process is made in the browser too, by Olga, who owns the site. Mail is read where it waits.
"""

import csv
import re
import subprocess
import time
from pathlib import Path

from playwright.sync_api import Page, expect

from domain.database import connect
from tests.cast import AICHA
from tests.journeys.conftest import PROGRAM, Demo, Visitor
from tests.journeys.steps import expect_counted, heading, preset, save, type_code

SLUG = "van-idee-tot-uitslag"
NEIGHBOURS = 25
TITLE = "Een bank bij de vijver"
COST, ASSESSED = "1200", "1350"


def last_link(demo: Demo, to: str) -> str:
    """The address in the newest mail to that person."""
    db = connect(demo.db, readonly=True)
    query = "SELECT json_extract(content, '$.path') FROM outbox WHERE recipient = ? ORDER BY id DESC"
    path = db.execute(query, [to]).fetchone()[0]
    db.close()
    return demo(path)


def confirm(page: Page, demo: Demo, email: str) -> None:
    """From “Wat is uw e-mailadres?” by the mail to the page where it shows."""
    page.get_by_label("Uw e-mailadres").fill(email)
    page.get_by_role("button", name="Stuur mij de link").click()
    expect(page.get_by_role("heading", name="Kijk in uw mail")).to_be_visible()
    page.goto(last_link(demo, email))
    expect(heading(page)).to_have_text("Klopt dit?")
    page.get_by_role("button", name=re.compile("^Ja, ")).click()


def sign_in(page: Page, demo: Demo) -> None:
    page.goto(demo("/beheer"))
    page.get_by_label("E-mailadres").fill("olga@demo.example")
    page.get_by_label("Wachtwoord", exact=True).fill(demo.password)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("link", name="Uitloggen").or_(page.get_by_role("button", name="Uitloggen"))).to_be_visible()


def make_process(page: Page, demo: Demo) -> None:
    """As in Den Haag, with other answers where it matters here."""
    page.goto(demo("/beheer/nieuw"))
    preset(page, "Wijkbudget, zoals in Den Haag").click()
    page.get_by_role("link", name="Begin met: Het traject").click()
    page.get_by_label("Hoe heet het traject?").fill("Van idee tot uitslag")
    page.get_by_label("In welke gemeente is het?").fill("Den Haag")
    page.get_by_label("Voor welke wijk of buurt is het?").fill("Vijverkwartier")
    save(page, "Geld en thema’s")
    page.get_by_label("Hoeveel geld verdelen bewoners?").fill("5000")
    save(page, "Plannen indienen")
    page.get_by_label("Hoeveel mag één plan hoogstens kosten?").fill("2500")
    save(page, "Steun zoeken")
    page.get_by_label("Hoeveel steun heeft een plan nodig?").fill(str(NEIGHBOURS))
    for step in ("Plannen controleren", "Stemmen", "Uitslag", "Plannen uitvoeren", "Planning", "Hoe het eruitziet"):
        save(page, step)
    save(page, "Privacy")
    page.get_by_label("Het is een taak van de overheid").check(force=True)
    page.get_by_label("Wie is verantwoordelijk voor de gegevens?").fill("Gemeente Den Haag")
    page.get_by_label("Waar kunnen bewoners terecht met vragen over hun gegevens?").fill("privacy@demo.example")
    save(page, "Van idee tot uitslag")
    page.get_by_role("link", name="Open het traject").click()
    page.get_by_role("button", name="Ja, open het traject").click()
    expect(heading(page)).to_have_text("Van idee tot uitslag")


def move(page: Page, demo: Demo, verb: str, phase: str) -> None:
    """Open or close a phase now, after reading what that changes."""
    page.goto(demo(f"/beheer/{SLUG}/fasen"))
    page.get_by_role("button", name=re.compile(f"{verb} nu.*{phase}")).click()
    expect(heading(page)).to_have_text("Dit verandert er")
    page.get_by_role("button", name="Ja, verander dit").click()
    expect(page.get_by_text("De fasen zijn veranderd.")).to_be_visible()


def hand_in_plan(page: Page, demo: Demo) -> str:
    """Aïcha writes her plan, looks at it, hands it in and confirms her address; returns where it stands."""
    page.goto(demo(f"/{SLUG}/plannen/nieuw"))
    page.get_by_label("Titel").fill(TITLE)
    page.get_by_label("Samenvatting").fill("Een plek om uit te rusten bij het water.")
    page.get_by_label("Beschrijving").first.fill("Wie de vijver rondloopt, kan nergens zitten. Een **bank** helpt.")
    page.get_by_label("Thema").select_option("Groen")
    page.locator("#items").get_by_role("textbox").nth(0).fill("De bank, met plaatsen")
    page.locator("#items").get_by_role("textbox").nth(1).fill(COST)
    page.get_by_label("Uw voornaam").fill("Aïcha")
    page.get_by_role("button", name="Bekijk uw plan").click()
    old_enough(page)
    page.get_by_role("button", name="Dien in").click()
    confirm(page, demo, AICHA.email)
    expect(page.get_by_text(TITLE).first).to_be_visible()
    page.goto(demo(f"/{SLUG}/plannen"))
    page.get_by_role("link", name=TITLE).click()
    return page.url


def old_enough(page: Page) -> None:
    page.get_by_label("Ik ben 12 jaar of ouder").check(force=True)


def support(page: Page, demo: Demo, plan: str, email: str) -> None:
    page.goto(plan)
    old_enough(page)
    page.get_by_role("button", name="Ik steun dit plan").click()
    confirm(page, demo, email)
    expect(page.get_by_text("U steunt dit plan.")).to_be_visible()


def assess(page: Page, demo: Demo) -> None:
    """Olga lets the new plan stand; the work list goes on to its verdict: feasible, at another cost."""
    page.goto(demo(f"/beheer/{SLUG}/werk"))
    page.get_by_role("link", name=f"Nieuw plan {TITLE}").click()
    page.get_by_role("button", name="Gezien, laat het staan").click()
    expect(heading(page)).to_contain_text(TITLE)
    page.get_by_label("Ja", exact=True).first.check(force=True)
    page.get_by_label("Haalbaar", exact=True).check(force=True)
    page.get_by_label("Kosten in euro").fill(ASSESSED)
    page.get_by_label("Reden van uw oordeel").fill("Dit kan. De bank moet wel van hout zijn dat lang meegaat.")
    page.get_by_role("button", name="Geef dit oordeel").click()
    expect(page.get_by_text(re.compile("Oordeel.*gegeven")).first).to_be_visible()


def draw_code(demo: Demo, directory: Path) -> str:
    """A stemcode, as it comes with the letter."""
    file = directory / "codes.csv"
    subprocess.run([PROGRAM, "codes", SLUG, "--db", demo.db, "--number", "1", "--out", file], check=True)
    with file.open(encoding="utf-8", newline="") as lines:
        return next(csv.DictReader(lines))["code"]


def vote(page: Page, demo: Demo, code: str) -> None:
    page.goto(demo(f"/{SLUG}/stemmen"))
    with page.expect_response(lambda response: response.request.method == "POST" and response.ok):
        page.get_by_role("checkbox", name=TITLE).click()
    page.get_by_role("button", name="Stem indienen").click()
    type_code(page, code)
    page.get_by_role("button", name="Ja, dien mijn stem in").click()
    expect_counted(page)


def wait_until_sealed(demo: Demo) -> None:
    """Closing now may be the end of this minute; the server seals by itself soon after, or this does."""
    for _ in range(60):
        answer = subprocess.run([PROGRAM, "seal", SLUG, "--db", demo.db], capture_output=True, text=True)
        if answer.returncode == 0 or "sealed already" in answer.stderr:
            return
        time.sleep(2)
    raise AssertionError(answer.stderr)


def test_a_plan_goes_from_an_empty_form_to_the_result(visitor: Visitor, demo: Demo, tmp_path: Path) -> None:
    staff = visitor(viewport={"width": 1280, "height": 800})
    sign_in(staff, demo)
    make_process(staff, demo)
    move(staff, demo, "Open", "Plannen indienen")

    aicha = visitor()
    plan = hand_in_plan(aicha, demo)
    move(staff, demo, "Sluit", "Plannen indienen")
    move(staff, demo, "Open", "Steun zoeken")
    for number in range(NEIGHBOURS):
        neighbour = visitor()
        support(neighbour, demo, plan, f"buur{number}@example.org")
        neighbour.context.close()
    aicha.goto(plan)
    expect(aicha.get_by_text(f"{NEIGHBOURS} mensen steunen dit plan")).to_be_visible()

    move(staff, demo, "Sluit", "Steun zoeken")
    move(staff, demo, "Open", "Plannen controleren")
    assess(staff, demo)
    aicha.goto(plan)
    expect(aicha.get_by_role("heading", name="Dit plan kan")).to_be_visible()
    expect(aicha.get_by_text("Na de controle kost het plan € 1.350.")).to_be_visible()

    code = draw_code(demo, tmp_path)
    move(staff, demo, "Sluit", "Plannen controleren")
    move(staff, demo, "Open", "Stemmen")
    vote(aicha, demo, code)

    staff.goto(demo(f"/beheer/{SLUG}/fasen"))
    staff.get_by_role("button", name=re.compile("Sluit nu.*Stemmen")).click()
    expect(staff.get_by_text("Er kan al gestemd zijn")).to_be_visible()
    staff.get_by_role("button", name="Ja, verander dit").click()
    expect(staff.get_by_text("De fasen zijn veranderd.")).to_be_visible()
    wait_until_sealed(demo)
    aicha.goto(demo(f"/{SLUG}/uitslag"))
    expect(heading(aicha)).to_have_text("1 plan gaat door")
    expect(aicha.get_by_text(TITLE).first).to_be_visible()
    expect(aicha.get_by_text("€ 1.350").first).to_be_visible()
