"""What every page promises, looked at page by page: axe finds nothing, everything fits, the HTML is valid."""

import json
import os
import re
import shlex
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, Response

from config.settings import load, secret_path
from domain import makers, residents, sessions
from domain.database import connect, writing
from domain.designs import drafts, model, presets
from domain.secret import open_secret
from routes.staff.access import COOKIE as STAFF
from routes.visitors import COOKIE as RESIDENT
from tests.cast import AICHA, BRAM, YVONNE
from tests.journeys.conftest import PHONE, TIMEOUT_MS, Demo
from tests.journeys.steps import CLIMBING, MUSIC, PUMPTRACK, choose, hand_in, type_code

PATHS = {
    "home": "/",
    "process": "/bezuidenhout",
    "process finished": "/bezuidenhout-2019",
    "process ahead": "/straks",
    "plans": "/bezuidenhout/plannen",
    "plans, second page": "/bezuidenhout/plannen?pagina=2",
    "plans, none found": "/bezuidenhout/plannen?zoek=olifant&volgorde=cost",
    "ballot": "/bezuidenhout/stemmen",
    "ballot of three plans": "/drie-plannen/stemmen",
    "too early": "/straks/stemmen",
    "too late": "/bezuidenhout-2019/stemmen",
    "result": "/bezuidenhout-2019/uitslag",
    "result pending": "/bezuidenhout/uitslag",
    "turnout": "/bezuidenhout-2019/opkomst",
    "turnout, all of it": "/valkenbos/opkomst",
    "turnout pending": "/bezuidenhout/opkomst",
    "receipt check": "/bezuidenhout/controle",
    "receipt check finished": "/bezuidenhout-2019/controle",
    "help": "/hulp",
    "privacy": "/privacy",
    "accessibility": "/toegankelijkheid",
    "not found": "/bezuidenhout/bestaat-niet",
    "method not allowed": "/taal",
    "rules": "/bezuidenhout/zo-werkt-het",
    "rules ahead": "/laak/zo-werkt-het",
    "process privacy": "/bezuidenhout/privacy",
    "map": "/laak/kaart",
    "plan to hand in": "/laak/plannen/nieuw",
    "plan with support and reactions": "/laak/plannen/{plan}",
    "versions": "/laak/plannen/{plan}/versies",
    "reaction": "/laak/plannen/{plan}/reacties",
    "report": "/laak/plannen/{plan}/melding",
    "not a maker": "/laak/plannen/{plan}/wijzigen",
    "follow": "/laak/volgen",
    "hear more": "/op-de-hoogte",
    "hear more of this area": "/laak/op-de-hoogte",
    "hear no more": "/op-de-hoogte/bestaat-niet",
    "in a frame": "/bezuidenhout/inbed",
    "plans in a frame": "/bezuidenhout/inbed/plannen",
    "process with another look": "/baardwijk-beslist",
    "ballot per theme": "/baardwijk-beslist/stemmen",
    "result of volunteers": "/vogelbuurt-verdeelt/uitslag",
    "unsubscribed": "/afmelden/bestaat-niet",
    "sign in": "/aanmelden",
    "link unknown": "/bevestig/bestaat-niet",
    "staff sign in": "/beheer/inloggen",
    "staff forgot": "/beheer/wachtwoord",
}
MINE = {
    "mine": "/mijn",
    "my data": "/mijn/gegevens",
    "my removal": "/mijn/verwijdering",
    "my plan": "/laak/plannen/{plan}",
    "my plan, edit": "/laak/plannen/{plan}/wijzigen",
    "my plan, makers": "/laak/plannen/{plan}/makers",
    "my plan, withdraw": "/laak/plannen/{plan}/intrekken",
    "my plan, questions": "/laak/plannen/{plan}/vragen",
}
OF_STAFF = {
    f"staff {path or 'home'}": f"/beheer/{path}".rstrip("/")
    for path in (
        *("", "account", "account/wachtwoord", "account/tweede-stap", "medewerkers", "medewerkers/uitnodiging"),
        *("logboek", "post", "nieuw", "laak", "laak/werk", "laak/plannen", "laak/plannen/{plan}", "laak/toetsen"),
        *("laak/plannen/{plan}/toets", "laak/plannen/{plan}/wijzigen", "laak/plannen/{plan}/samenvoegen"),
        *("laak/checklist", "laak/reacties", "laak/reacties?toon=alles", "laak/meldingen", "laak/fasen"),
        *(
            "laak/keuzes",
            "laak/gebied",
            "laak/codes",
            "laak/uiterlijk",
            "laak/export",
            "laak/import",
            "laak/opkomst",
            "bestaat-niet",
        ),
        *("bezuidenhout/correcties", "bezuidenhout/correcties/nieuw?keuze=budget", "bezuidenhout/papieren"),
        *("laak/papieren/planning", "laak/papieren/dpia", "bezuidenhout/papieren/poster/vote", "laak/papieren/brief"),
        *("laak/papier", "laak/papier/plan", "laak/papier/formulier", "laak/papier/handtekeningen"),
        "bezuidenhout/papier/plan",
        *("wijken", "wijken/inlezen", "wijken/1"),
        *("ontwerpen", "ontwerpen/import", "ontwerpen/{design}", "ontwerpen/{design}/verwijderen"),
        *(f"ontwerpen/{{design}}/{step}" for step in model.steps()),
        *(f"laak/keuzes/{step}" for step in ("traject", "money", "vote", "look", "privacy")),
        *("bezuidenhout/keuzes/money", "bezuidenhout/keuzes/vote"),
        *(f"ontwerpen/{{design}}/{trial}" for trial in ("repetitie", "repetitie/weg", "proefstem", "simulatie")),
        *("baardwijk-beslist/repetitie", "baardwijk-beslist/proefstem", "baardwijk-beslist/simulatie"),
        "baardwijk-beslist/opkomst",
    )
}


def plan(page: Page, demo: Demo) -> None:
    page.goto(demo(f"plannen?zoek={MUSIC}"))
    page.get_by_role("link", name=MUSIC).click()


def plan_chosen(page: Page, demo: Demo) -> None:
    plan(page, demo)
    page.get_by_role("button", name="Kies dit plan").click()


def choices(page: Page, demo: Demo) -> None:
    page.goto(demo("stemmen"))
    choose(page, MUSIC)
    choose(page, PUMPTRACK)


def too_expensive(page: Page, demo: Demo) -> None:
    choices(page, demo)
    choose(page, CLIMBING)
    page.get_by_role("button", name="Stem indienen").click()


def too_many_of_a_theme(page: Page, demo: Demo) -> None:
    page.goto(demo("/baardwijk-beslist/stemmen"))
    for title in ("Boomspiegels vol bloemen", "Bijenhotels op elk veldje", "Regentonnen voor honderd huizen"):
        choose(page, title)
    page.get_by_role("button", name="Stem indienen").click()


def code_open(page: Page, demo: Demo) -> None:
    page.goto(demo("stemmen"))
    page.get_by_text("Vul nu uw stemcode in").click()
    type_code(page, "HALF")
    page.get_by_role("button", name="Bewaar stemcode").click()


def code_kept(page: Page, demo: Demo) -> None:
    page.goto(demo("stemmen"))
    page.get_by_text("Vul nu uw stemcode in").click()
    type_code(page, next(demo.codes))
    page.get_by_role("button", name="Bewaar stemcode").click()


def confirmation(page: Page, demo: Demo) -> None:
    choices(page, demo)
    page.get_by_role("button", name="Stem indienen").click()


def confirmation_with_code(page: Page, demo: Demo) -> None:
    code_kept(page, demo)
    choose(page, MUSIC)
    page.get_by_role("button", name="Stem indienen").click()


def nothing_chosen(page: Page, demo: Demo) -> None:
    page.goto(demo("stemmen"))
    page.get_by_role("button", name="Stem indienen").click()


def confirmation_blank(page: Page, demo: Demo) -> None:
    nothing_chosen(page, demo)
    page.get_by_role("button", name="Ik stem blanco").click()


def code_unknown(page: Page, demo: Demo) -> None:
    choices(page, demo)
    hand_in(page, YVONNE.letter)


def handed_in(page: Page, demo: Demo) -> None:
    choices(page, demo)
    hand_in(page, next(demo.codes))


def handed_in_and_may_change(page: Page, demo: Demo) -> None:
    page.goto(demo(f"/{demo.approval}/stemmen"))
    choose(page, "Pluktuin")
    choose(page, "Fietsenstalling")
    hand_in(page, BRAM.letter)


def receipt(page: Page, demo: Demo) -> None:
    handed_in(page, demo)
    typed = page.locator(".receipt-code").inner_text()
    check(page, demo, typed)


def check(page: Page, demo: Demo, typed: str) -> None:
    page.goto(demo("controle"))
    page.get_by_label("Uw controlecode").fill(typed)
    page.get_by_role("button", name="Controleer").click()


def receipt_unknown(page: Page, demo: Demo) -> None:
    check(page, demo, YVONNE.receipt)


def receipt_typo(page: Page, demo: Demo) -> None:
    check(page, demo, "HALF")


def too_large(page: Page, demo: Demo) -> None:
    page.goto(demo("controle"))
    field = page.get_by_label("Uw controlecode")
    field.evaluate("field => { field.removeAttribute('maxlength'); field.value = 'A'.repeat(300000); }")
    page.get_by_role("button", name="Controleer").click()


def other_site(page: Page, demo: Demo) -> None:
    form = f'<form method="post" action="{demo("stemmen")}"><button>Win!</button></form>'
    page.route("http://elders.example/", lambda route: route.fulfill(content_type="text/html", body=form))
    page.goto("http://elders.example/")
    page.get_by_role("button").click()


SITUATIONS: dict[str, Callable[[Page, Demo], None]] = {
    walk.__name__.replace("_", " "): walk
    for walk in (
        plan,
        plan_chosen,
        choices,
        too_expensive,
        too_many_of_a_theme,
        code_open,
        code_kept,
        confirmation,
        confirmation_with_code,
        nothing_chosen,
        confirmation_blank,
        code_unknown,
        handed_in,
        handed_in_and_may_change,
        receipt,
        receipt_unknown,
        receipt_typo,
        too_large,
        other_site,
    )
}
NAMES = [*PATHS, *MINE, *OF_STAFF, *SITUATIONS]

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
EVERYTHING = {"runOnly": TAGS, "resultTypes": ["violations"]}
# What can differ between light and dark, or a little wider, once everything else was looked at.
COLOURS = {"runOnly": ["color-contrast", "target-size", "link-in-text-block"], "resultTypes": ["violations"]}
# Cards of plans behind the third: the first look sees them all, the others what can differ.
CARD = "li.plan:not(.chosen)"
WHOLE = {"include": "html"}
NEW_TO_THE_EYE = {"include": "html", "exclude": f"{CARD} ~ {CARD} ~ {CARD} ~ {CARD}"}
LOOKS: list[tuple[int, Any, dict[str, str], dict[str, Any]]] = [
    (320, "light", WHOLE, EVERYTHING),
    (320, "dark", NEW_TO_THE_EYE, COLOURS),
    (360, "light", NEW_TO_THE_EYE, COLOURS),
    (360, "dark", NEW_TO_THE_EYE, EVERYTHING),
    (1280, "light", NEW_TO_THE_EYE, EVERYTHING),
    (1280, "dark", NEW_TO_THE_EYE, COLOURS),
]

SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
SMALL = """() => [...document.querySelectorAll("main, header, footer, aside")].flatMap((part) =>
  [...part.querySelectorAll("button, .button, .choice, .one-choice label, summary, select, textarea, " +
    "input:not([type=hidden], [type=checkbox], [type=radio], .unseen)")])
  .filter((target) => target.checkVisibility({ visibilityProperty: true }))
  .filter((target) => { const { width, height } = target.getBoundingClientRect(); return width < 44 || height < 43.9; })
  .map((target) => `${target.outerHTML.slice(0, 120)} ${JSON.stringify(target.getBoundingClientRect())}`)"""
# How much of the screen is taken by what doesn't scroll away.
STUCK = """() => [...document.querySelectorAll("body *")]
  .filter((part) => ["sticky", "fixed"].includes(getComputedStyle(part).position))
  .reduce((sum, part) => sum + part.getBoundingClientRect().height, 0) / innerHeight"""


@dataclass
class Seen:
    """What was seen on one page: by axe, at 320 px, at 400 % zoom (320 by 256 px), and its HTML as it was sent."""

    html: str
    findings: list[str]
    sideways: list[int]
    small: list[str]
    stuck: float


Look = Callable[[str], Seen]


@pytest.fixture(scope="module")
def look(chromium: Browser, demo: Demo) -> Look:
    """`look("plans")`: go there as a new visitor and look well; each page once."""
    seen: dict[str, Seen] = {}

    def look(name: str) -> Seen:
        if name not in seen:
            context = chromium.new_context(locale="nl-NL", viewport=PHONE, reduced_motion="reduce")
            context.set_default_timeout(TIMEOUT_MS)
            seen[name] = looked_at(context.new_page(), demo, name)
            context.close()
        return seen[name]

    return look


def somebody(demo: Demo) -> tuple[dict[str, int], dict[str, dict[str, str]]]:
    """A plan of Laak with reactions and a design; and the cookies of one of its makers, and of who owns the site."""
    db, now = connect(demo.db), datetime.now(UTC)
    secret = open_secret(db, secret_path(load({"db": str(demo.db)}, environment={})))
    with writing(db):
        (plan_id,) = db.execute(
            "SELECT plans.id FROM plans JOIN processes ON processes.id = process_id "
            "WHERE slug = 'laak' AND status = 'published' ORDER BY reactions DESC LIMIT 1"
        ).fetchone()
        resident_id = residents.arrived(db, residents.key_of_address(secret, AICHA.email), "nl", now)
        residents.keep_address(db, resident_id, AICHA.email)
        makers.add(db, plan_id, resident_id, "Aïcha", "", now)
        (owner,) = db.execute("SELECT id FROM accounts WHERE owner").fetchone()
        there = drafts.listed(db, owner)
        design_id = there[0].id if there else drafts.start(db, presets.all_presets()["waalwijk-per-thema"], owner, now)
        mine, staff = residents.start_session(db, resident_id, now), sessions.start(db, owner, "Chromium", now)
    db.close()
    return {"plan": plan_id, "design": design_id}, {
        "mine": {"name": RESIDENT, "value": mine, "url": demo.site},
        "staff": {"name": STAFF, "value": staff, "url": f"{demo.site}/beheer"},
    }


def visit(page: Page, demo: Demo, name: str) -> None:
    """Go to the page of that name, as who may see it."""
    if name in SITUATIONS:
        SITUATIONS[name](page, demo)
        return
    ids, cookies = somebody(demo)
    if name in MINE or name in OF_STAFF:
        page.context.add_cookies([cookies["mine" if name in MINE else "staff"]])  # type: ignore[list-item]
    page.goto(demo({**PATHS, **MINE, **OF_STAFF}[name].format(**ids)))


def looked_at(page: Page, demo: Demo, name: str) -> Seen:
    documents: list[Response] = []
    page.on("response", lambda r: documents.append(r) if r.request.is_navigation_request() else None)
    visit(page, demo, name)
    page.wait_for_load_state()
    html = documents[-1].text()
    page.evaluate("for (const part of document.querySelectorAll('main details')) part.open = true")
    findings = axe(page)
    sideways, small = [], []
    for width, height in ((1280, 800), (320, 740), (320, 256)):
        page.set_viewport_size({"width": width, "height": height})
        sideways.append(page.evaluate(SIDEWAYS))
        small += page.evaluate(SMALL)
    return Seen(html, findings, sideways, small, page.evaluate(STUCK))


def axe(page: Page) -> list[str]:
    page.evaluate(Axe().axe_script)
    return [finding for look in LOOKS for finding in findings(page, *look)]


def findings(page: Page, width: int, colours: Any, part: dict[str, str], options: dict[str, Any]) -> list[str]:
    page.set_viewport_size({"width": width, "height": 740})
    page.emulate_media(color_scheme=colours)
    found = page.evaluate("([part, options]) => axe.run(part, options)", [part, options])["violations"]
    return [f"{width} px {colours}: {rule['id']} {node['html']}" for rule in found for node in rule["nodes"]]


@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_nothing(look: Look, name: str) -> None:
    assert look(name).findings == []


@pytest.mark.parametrize("name", NAMES)
def test_nothing_scrolls_sideways_and_every_button_is_large_enough(look: Look, name: str) -> None:
    assert look(name).sideways == [0, 0, 0]
    assert look(name).small == []


@pytest.mark.parametrize("name", NAMES)
def test_at_400_percent_most_of_the_screen_is_left_to_read(look: Look, name: str) -> None:
    assert look(name).stuck < 0.25


def test_the_html_of_every_page_is_valid(look: Look, tmp_path: Path) -> None:
    command = os.environ.get("HTML_VALIDATE")
    if not command:
        pytest.skip("HTML_VALIDATE is not set: .ci/run installs html-validate and sets it.")
    for name in NAMES:
        (tmp_path / f"{re.sub(r'[^a-z0-9]+', '-', name)}.html").write_text(look(name).html, "utf-8")
    config = Path(__file__).with_name("htmlvalidate.json")
    found = tmp_path / "found.json"  # a file: on a pipe node stops at 64 kB
    arguments = ["--config", str(config), "--formatter", f"json={found}", *map(str, sorted(tmp_path.iterdir()))]
    done = subprocess.run([*shlex.split(command), *arguments], capture_output=True, text=True)
    assert found.exists(), done.stderr
    reports = json.loads(found.read_text("utf-8"))
    assert [
        f"{Path(report['filePath']).name}:{message['line']} {message['ruleId']}: {message['message']}"
        for report in reports
        for message in report["messages"]
    ] == []
    assert done.returncode == 0, done.stderr
