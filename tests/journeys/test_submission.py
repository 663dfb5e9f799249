"""From an empty form to a plan on the site: by keyboard, with and without JavaScript; and a look at each page of it."""

import json
import os
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Response, Route, expect

from config.settings import load, secret_path
from domain import phases, residents, submissions, versions
from domain.database import Database, connect, writing
from domain.phases import Phase
from domain.secret import open_secret
from routes.submissions import PREFIX
from routes.visitors import COOKIE
from tests.cast import AICHA, BRAM, WILLEM, insert_vote, reload
from tests.journeys.conftest import PHONE, TIMEOUT_MS, Demo
from tests.journeys.steps import heading
from tests.journeys.test_every_page import SIDEWAYS, SMALL, STUCK, axe
from tests.journeys.test_keyboard import press, tab_to
from tests.writing import insert_plan, swing, typed_of

WEEK = timedelta(days=7)
SLUG = "inzendingen"
BOUNDARY = (
    '{"type": "MultiPolygon", "coordinates": [[[[4.3, 52.0], [4.4, 52.0], [4.4, 52.1], [4.3, 52.1], [4.3, 52.0]]]]}'
)


@dataclass(frozen=True)
class Collecting:
    """A process of the running demo in which plans are handed in, and a plan of Aïcha's in it."""

    demo: Demo
    db: Database
    secret: bytes
    plan_id: int

    def __call__(self, path: str = "") -> str:
        return self.demo(f"/{SLUG}/plannen/{path}".rstrip("/"))

    def plan(self, path: str = "") -> str:
        return self(f"{self.plan_id}/{path}")

    def last_mail(self, kind: str, to: str) -> str:
        """The path in the newest mail of that kind to that address."""
        (path,) = next(
            iter(
                self.db.execute(
                    "SELECT json_extract(content, '$.path') FROM outbox WHERE kind = ? AND recipient = ? "
                    "ORDER BY id DESC LIMIT 1",
                    [kind, to],
                )
            )
        )
        return self.demo(path)

    def sign_in(self, context: BrowserContext, email: str) -> None:
        with writing(self.db):
            id_ = residents.arrived(self.db, residents.key_of_address(self.secret, email), "nl", datetime.now(UTC))
            self.db.execute("UPDATE residents SET email = ? WHERE id = ?", [email, id_])
            token = residents.start_session(self.db, id_, datetime.now(UTC))
        context.add_cookies([{"name": COOKIE, "value": token, "url": self.demo.site}])


@pytest.fixture(scope="module")
def collecting(demo: Demo) -> Iterator[Collecting]:
    path = demo.letters.with_name("demo.db")
    db = connect(path)
    secret = open_secret(db, secret_path(load({"db": str(path)}, environment={})))
    now = datetime.now(UTC)
    for slug, closes_at in ((SLUG, now + WEEK), ("te-laat", now - WEEK)):
        process = insert_vote(db, secret, slug=slug, opens_at=now + 9 * WEEK, closes_at=now + 10 * WEEK)
        with writing(db):
            phases.insert(db, process.id, [Phase("collect", now - 2 * WEEK, closes_at)])
            db.execute("UPDATE areas SET boundary = ? WHERE name = ?", [BOUNDARY, slug.title()])
    with writing(db):
        aicha = residents.arrived(db, residents.key_of_address(secret, AICHA.email), "nl", now)
        db.execute("UPDATE residents SET email = ? WHERE id = ?", [AICHA.email, aicha])
    process = reload(db, SLUG)
    plan_id = insert_plan(db, process, aicha)
    with writing(db):
        versions.edit(db, plan_id, 1, {"title": "Schommel voor iedereen", "summary": "Anders dan eerst."}, now)
    yield Collecting(demo, db, secret, plan_id)
    db.close()


def picture(directory: Path) -> Path:
    path = directory / "foto.jpg"
    file = BytesIO()
    Image.new("RGB", (1200, 900), "teal").save(file, "JPEG")
    path.write_bytes(file.getvalue())
    return path


def field(page: Page, label: str) -> Locator:
    return page.get_by_label(label, exact=False).first


# What is typed, in the order in which Tab comes by.
TYPED = (
    ("Titel", "Jeu de boules op het plein"),
    ("Samenvatting", "Een baan voor jong en oud."),
    ("Beschrijving", "Wij leggen een baan aan.\n\nMet **bankjes** erbij."),
)


def type_in(page: Page, label: str, text: str) -> None:
    tab_to(page, field(page, label))
    page.keyboard.type(text)


def type_plan(page: Page) -> None:
    for label, text in TYPED:
        type_in(page, label, text)
    tab_to(page, page.get_by_label("Thema"))
    page.keyboard.press("ArrowDown")
    type_in(page, "Waar komt het", "Op het plein")
    type_in(page, "Wat op regel 1", "Zand en hout")
    page.keyboard.press("Tab")
    page.keyboard.type("1.200")
    type_in(page, "Wat op regel 2", "Ballen")
    page.keyboard.press("Tab")
    page.keyboard.type("99,50")
    type_in(page, "Uw voornaam", "Aïcha")


def confirm_by_mail(page: Page, collecting: Collecting, email: str) -> None:
    expect(heading(page)).to_contain_text("uw e-mailadres")
    tab_to(page, page.get_by_label("Uw e-mailadres"))
    page.keyboard.type(email)
    page.keyboard.press("Enter")
    expect(heading(page)).to_contain_text("Kijk in uw mail")
    page.goto(collecting.last_mail("confirm", email))
    press(page, "Enter", page.get_by_role("button", name="Ja, dien mijn plan in"))
    expect(heading(page)).to_have_text("Uw plan is ingediend")


def expect_on_the_site(page: Page) -> None:
    press(page, "Enter", page.get_by_role("link", name="Bekijk uw plan"))
    expect(heading(page)).to_have_text("Jeu de boules op het plein")
    expect(page.locator("main")).to_contain_text("€ 1.299,50")
    expect(page.locator("strong", has_text="bankjes")).to_be_visible()
    expect(page.get_by_role("heading", name="Dit is uw plan")).to_be_visible()


def test_from_empty_form_to_published_by_keyboard(phone: Page, collecting: Collecting) -> None:
    phone.goto(collecting("nieuw"))
    type_plan(phone)
    expect(phone.locator("#total")).to_have_text("€ 1.299,50")
    expect(phone.locator("#saved")).to_contain_text("Bewaard om")
    press(phone, "Enter", phone.get_by_role("button", name="Bekijk uw plan"))
    expect(phone.locator("main")).to_contain_text("Nog niet ingediend")
    press(phone, "Enter", phone.get_by_role("button", name="Dien in"))
    confirm_by_mail(phone, collecting, "dewi@example.org")
    expect_on_the_site(phone)


def test_from_empty_form_to_published_without_javascript(plain_phone: Page, collecting: Collecting) -> None:
    page = plain_phone
    page.goto(collecting("nieuw"))
    type_plan(page)
    page.keyboard.press("Enter")  # saves: the first button of the form is that one
    expect(page.locator("#saved")).to_contain_text("Bewaard om")
    page.reload()
    expect(field(page, "Titel")).to_have_value("Jeu de boules op het plein")
    expect(page.locator("#total")).to_have_text("€ 1.299,50")
    press(page, "Enter", page.get_by_role("button", name="Bekijk uw plan"))
    expect(page.locator("main")).to_contain_text("Nog niet ingediend")
    press(page, "Enter", page.get_by_role("button", name="Dien in"))
    confirm_by_mail(page, collecting, "emre@example.org")
    expect_on_the_site(page)


def fill(page: Page, **changes: str) -> None:
    """The whole form, fast: for what comes after it."""
    for label, text in TYPED:
        field(page, label).fill(changes.get(label, text))
    page.get_by_label("Thema").select_option(index=1)
    field(page, "Wat op regel 1").fill("Zand en hout")
    field(page, "Euro op regel 1").fill("1.200")
    field(page, "Uw voornaam").fill("Aïcha")


def test_what_was_typed_survives_that_the_browser_is_closed(
    chromium: Browser, phone: Page, collecting: Collecting
) -> None:
    phone.goto(collecting("nieuw"))
    field(phone, "Titel").fill("Half een plan")
    expect(phone.locator("#saved")).to_contain_text("Bewaard om")
    state = phone.context.storage_state()
    again = chromium.new_context(storage_state=state, locale="nl-NL", viewport=PHONE)
    page = again.new_page()
    page.goto(collecting("nieuw"))
    expect(field(page, "Titel")).to_have_value("Half een plan")
    again.close()


def test_the_last_words_are_saved_when_the_writer_goes_away(phone: Page, collecting: Collecting) -> None:
    phone.goto(collecting("nieuw"))
    field(phone, "Titel").fill("Net op tijd")
    phone.goto(collecting())
    saved = "SELECT count(*) FROM submissions WHERE json_extract(fields, '$.texts.title') = 'Net op tijd'"
    for _ in range(200):
        if collecting.db.execute(saved).fetchone()[0]:
            break
        phone.wait_for_timeout(50)
    phone.goto(collecting("nieuw"))
    expect(field(phone, "Titel")).to_have_value("Net op tijd")


def test_what_was_typed_is_given_back_when_it_closes_meanwhile(chromium: Browser, collecting: Collecting) -> None:
    now = datetime.now(UTC)
    closing = insert_vote(
        collecting.db, collecting.secret, slug="dicht", opens_at=now + 9 * WEEK, closes_at=now + 10 * WEEK
    )
    with writing(collecting.db):
        phases.insert(collecting.db, closing.id, [Phase("collect", now - WEEK, now + WEEK)])
    context = chromium.new_context(locale="nl-NL", viewport=PHONE)
    context.set_default_timeout(TIMEOUT_MS)
    page = context.new_page()
    page.goto(collecting.demo("/dicht/plannen/nieuw"))
    with writing(collecting.db):
        collecting.db.execute(
            "UPDATE phases SET closes_at = ? WHERE process_id = ? AND kind = 'collect'",
            [phases.to_text(datetime.now(UTC)), closing.id],
        )
    field(page, "Titel").fill("Net te laat")
    expect(heading(page)).to_have_text("Plannen indienen is voorbij")
    expect(page.locator("main")).to_contain_text("Uw plan is niet ingediend")
    expect(page.locator("main")).to_contain_text("Net te laat")
    context.close()


def test_a_change_that_is_not_saved_is_not_left_unasked(phone: Page, collecting: Collecting) -> None:
    asked: list[str] = []
    phone.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    collecting.sign_in(phone.context, AICHA.email)
    phone.goto(collecting.plan("wijzigen"))
    field(phone, "Titel").fill("Schommel met een dak")
    phone.get_by_role("link", name="Mijn plannen en steun").click(no_wait_after=True)
    phone.wait_for_timeout(500)
    assert asked == ["beforeunload"]
    expect(field(phone, "Titel")).to_have_value("Schommel met een dak")
    phone.get_by_role("link", name="Terug zonder bewaren").click()
    expect(heading(phone)).to_have_text("Schommel voor iedereen")
    assert asked == ["beforeunload"], "the link says that nothing is saved"


def pin(collecting: Collecting) -> tuple[str, str]:
    """Where the draft that was saved last has its pin."""
    newest = "SELECT fields ->> 'lat', fields ->> 'lon' FROM submissions ORDER BY saved_at DESC, id DESC LIMIT 1"
    lat, lon = collecting.db.execute(newest).fetchone()
    return lat, lon


def answer_tiles(page: Page, status: int) -> list[str]:
    """Stands in for our tiles, which come from another host (tests/test_tiles.py). Returns what was asked."""
    asked, picture = list[str](), BytesIO()
    Image.new("RGB", (256, 256), "palegreen").save(picture, "PNG")

    def tile(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=status, content_type="image/png", body=picture.getvalue() if status == 200 else b"")

    page.route("**/kaart/tegels/**", tile)
    return asked


def test_a_place_is_picked_on_the_moving_map(phone: Page, collecting: Collecting) -> None:
    asked = answer_tiles(phone, 200)
    phone.goto(collecting("nieuw"))
    assert asked == [], "nothing is loaded before somebody asks for it"
    phone.get_by_role("button", name="Toon kaart").click()
    expect(phone.locator(".leaflet-tile-loaded").first).to_be_visible()
    assert asked
    phone.locator(".moving-map").click(position={"x": 100, "y": 80})
    expect(phone.locator(".map [role=status]")).to_have_text("De pin staat op de kaart.")
    expect(phone.locator(".moving-map .pin")).to_be_visible()
    expect(phone.locator("#saved")).to_contain_text("Bewaard om")
    lat, lon = pin(collecting)
    assert 52.0 < float(lat) < 52.1
    assert 4.3 < float(lon) < 4.4
    phone.get_by_role("button", name="Zet de pin in het midden van de kaart").click()
    phone.get_by_role("button", name="Bewaar", exact=True).click()
    phone.wait_for_url(re.compile("#bewaren"))
    assert [round(float(part), 2) for part in pin(collecting)] == [52.05, 4.35]


def test_the_drawn_map_comes_back_when_there_are_no_tiles(chromium: Browser, collecting: Collecting) -> None:
    context = chromium.new_context(locale="nl-NL", viewport=PHONE)
    context.set_default_timeout(TIMEOUT_MS)
    page = context.new_page()
    asked = answer_tiles(page, 404)
    page.goto(collecting("nieuw"))
    page.get_by_role("button", name="Toon kaart").click()
    expect(page.locator(".map [role=status]")).to_contain_text("U ziet de getekende kaart")
    expect(page.locator(".moving-map")).to_have_count(0)
    page.locator("input[name=prik]").click(position={"x": 100, "y": 100})
    expect(page.locator(".map [role=status]")).to_have_text("De pin staat op de kaart.")
    assert asked
    assert all(pin(collecting))
    context.close()


def test_a_plan_is_supported_on_its_page_and_followed(phone: Page, collecting: Collecting) -> None:
    collecting.sign_in(phone.context, BRAM.email)
    phone.goto(collecting.plan())
    phone.evaluate("window.stayed = true")
    phone.get_by_role("button", name="Ik steun dit plan").click()
    expect(phone.locator("#steun")).to_contain_text("U steunt dit plan.")
    assert phone.evaluate("window.stayed"), "htmx swapped the panel in the page"
    phone.get_by_text("Krijg mail als er nieuws is over dit plan").click()
    phone.get_by_label("Meteen als er nieuws is").check()
    phone.get_by_role("button", name="Stuur mij mail").click()
    expect(phone.locator("#volgen")).to_contain_text("U volgt dit plan.")
    rows = "SELECT frequency FROM follows JOIN residents ON residents.id = resident_id WHERE plan_id = ? AND email = ?"
    assert collecting.db.execute(rows, [collecting.plan_id, BRAM.email]).fetchall() == [("at_once",)]


def test_rows_are_added_with_and_without_javascript(phone: Page, plain_phone: Page, collecting: Collecting) -> None:
    for page in (phone, plain_phone):
        page.goto(collecting("nieuw"))
        field(page, "Wat op regel 3").fill("Verf")
        page.get_by_role("button", name="Nog een regel").click()
        expect(page.get_by_label("Wat op regel 4")).to_be_focused()
        page.get_by_label("Wat op regel 4").fill("Kwasten")
        page.get_by_label("Euro op regel 4").fill("15")
        page.get_by_role("button", name="Bewaar", exact=True).click()
        expect(page.get_by_label("Euro op regel 4")).to_have_value("15")
        expect(field(page, "Wat op regel 3")).to_have_value("Verf")


def test_a_photo_and_what_is_wrong(phone: Page, collecting: Collecting, tmp_path: Path) -> None:
    phone.goto(collecting("nieuw"))
    fill(phone, Titel="")
    with phone.expect_navigation():
        phone.get_by_label("Kies een foto").set_input_files(picture(tmp_path))
    expect(phone.get_by_role("img", name="De foto die u gekozen hebt")).to_be_visible()
    phone.get_by_role("button", name="Bekijk uw plan").click()
    expect(phone.get_by_role("alert")).to_be_focused()
    phone.get_by_role("alert").get_by_role("link", name="Titel").click()
    expect(field(phone, "Titel")).to_be_focused()
    expect(phone.get_by_role("img", name="De foto die u gekozen hebt")).to_be_visible()
    field(phone, "Titel").fill("Muurschildering")
    field(phone, "Wat is er op de foto te zien").fill("Een groene muur")
    phone.get_by_role("button", name="Bekijk uw plan").click()
    expect(phone.get_by_role("img", name="Een groene muur")).to_be_visible()


def test_two_tabs_and_one_plan(phone: Page, collecting: Collecting) -> None:
    collecting.sign_in(phone.context, AICHA.email)
    phone.goto(collecting("nieuw"))
    fill(phone, Titel="Twee tabbladen")
    phone.get_by_role("button", name="Bewaar", exact=True).click()
    old = phone.context.new_page()
    old.goto(collecting("nieuw"))
    phone.get_by_role("button", name="Bekijk uw plan").click()
    phone.get_by_role("button", name="Dien in").dblclick()
    expect(heading(phone)).to_have_text("Uw plan is ingediend")
    field(old, "Titel").fill("Toch iets anders")
    old.get_by_role("button", name="Bewaar", exact=True).click()
    expect(heading(old)).to_have_text("U hebt dit plan al ingediend")
    titles = [plan.title for plan in reload(collecting.db, SLUG).plans]
    assert titles.count("Twee tabbladen") == 1


def empty_form(page: Page, collecting: Collecting) -> None:
    page.goto(collecting("nieuw"))


def form_with_errors(page: Page, collecting: Collecting) -> None:
    page.goto(collecting("nieuw"))
    field(page, "Wat op regel 1").fill("Zand")
    field(page, "Euro op regel 1").fill("veel")
    page.get_by_role("button", name="Bekijk uw plan").click()
    page.get_by_role("alert").wait_for()


def form_with_photo(page: Page, collecting: Collecting) -> None:
    page.goto(collecting("nieuw"))
    fill(page)
    buffer = BytesIO()
    Image.new("RGB", (900, 600), "teal").save(buffer, "PNG")
    with page.expect_navigation():
        page.get_by_label("Kies een foto").set_input_files(
            {"name": "foto.png", "mimeType": "image/png", "buffer": buffer.getvalue()}
        )


def link_mailed(page: Page, collecting: Collecting) -> None:
    page.goto(collecting("nieuw"))
    page.get_by_text("Later verder gaan").click()
    page.get_by_label("Uw e-mailadres").fill(BRAM.email)
    page.get_by_role("button", name="Stuur mij een link").click()
    page.get_by_text("Kijk in uw mail").wait_for()


def which_draft(page: Page, collecting: Collecting) -> None:
    link_mailed(page, collecting)
    path = collecting.last_mail("continue_submission", BRAM.email)
    page.context.clear_cookies()
    page.goto(collecting("nieuw"))
    field(page, "Titel").fill("Een ander plan")
    page.get_by_role("button", name="Bewaar", exact=True).click()
    page.wait_for_url(re.compile("#bewaren"))
    page.goto(path)


def preview(page: Page, collecting: Collecting) -> None:
    page.goto(collecting("nieuw"))
    fill(page)
    page.get_by_role("button", name="Bekijk uw plan").click()
    page.get_by_role("button", name="Dien in").wait_for()


def handed_in(page: Page, collecting: Collecting) -> None:
    collecting.sign_in(page.context, AICHA.email)
    preview(page, collecting)
    page.get_by_role("button", name="Dien in").click()
    page.get_by_text("Wat gebeurt er nu").wait_for()


def handed_in_before(page: Page, collecting: Collecting) -> None:
    handed_in(page, collecting)
    page.goto(collecting("nieuw"))


def closed(page: Page, collecting: Collecting) -> None:
    page.goto(collecting.demo("/te-laat/plannen/nieuw"))


def closed_with_a_draft(page: Page, collecting: Collecting) -> None:
    process, token = reload(collecting.db, "te-laat"), submissions.new_token()
    with writing(collecting.db):
        submissions.save(collecting.db, process.id, token, typed_of(swing(process)), None, datetime.now(UTC))
    page.context.add_cookies([{"name": f"{PREFIX}{process.id}", "value": token, "url": collecting.demo.site}])
    closed(page, collecting)


def plan_of_mine(page: Page, collecting: Collecting) -> None:
    collecting.sign_in(page.context, AICHA.email)
    page.goto(collecting.plan())


def edit(page: Page, collecting: Collecting) -> None:
    collecting.sign_in(page.context, AICHA.email)
    page.goto(collecting.plan("wijzigen"))


def edit_too_late_for_the_version(page: Page, collecting: Collecting) -> None:
    edit(page, collecting)
    page.locator("input[name=version]").evaluate("field => { field.value = '1'; }")
    field(page, "Titel").fill("Glijbaan voor iedereen")
    page.get_by_role("button", name="Bewaar de wijziging").click()
    page.get_by_text("Iemand was u voor").wait_for()


def makers_page(page: Page, collecting: Collecting) -> None:
    collecting.sign_in(page.context, AICHA.email)
    page.goto(collecting.plan("makers"))


def makers_page_with_errors(page: Page, collecting: Collecting) -> None:
    makers_page(page, collecting)
    page.get_by_role("button", name="Stuur de uitnodiging").click()
    page.get_by_role("alert").wait_for()


def not_yours(page: Page, collecting: Collecting) -> None:
    collecting.sign_in(page.context, WILLEM.email)
    page.goto(collecting.plan("wijzigen"))


def withdrawal(page: Page, collecting: Collecting) -> None:
    collecting.sign_in(page.context, AICHA.email)
    page.goto(collecting.plan("intrekken"))
    page.get_by_role("button", name="Ja, trek mijn plan in").click()
    page.get_by_role("alert").wait_for()


def all_versions(page: Page, collecting: Collecting) -> None:
    page.goto(collecting.plan("versies"))


SITUATIONS: dict[str, Callable[[Page, Collecting], None]] = {
    walk.__name__.replace("_", " "): walk
    for walk in (
        empty_form,
        form_with_errors,
        form_with_photo,
        link_mailed,
        which_draft,
        preview,
        handed_in,
        handed_in_before,
        closed,
        closed_with_a_draft,
        plan_of_mine,
        edit,
        edit_too_late_for_the_version,
        makers_page,
        makers_page_with_errors,
        not_yours,
        withdrawal,
        all_versions,
    )
}


@pytest.fixture(scope="module")
def pages(chromium: Browser, collecting: Collecting) -> Callable[[str], tuple[Page, str]]:
    """`pages("preview")`: that page as a new visitor sees it, and its HTML as it was sent."""
    seen: dict[str, tuple[Page, str]] = {}

    def visit(name: str) -> tuple[Page, str]:
        if name not in seen:
            context = chromium.new_context(locale="nl-NL", viewport=PHONE, reduced_motion="reduce")
            context.set_default_timeout(TIMEOUT_MS)
            page, documents = context.new_page(), list[Response]()
            page.on("response", lambda r: documents.append(r) if r.request.is_navigation_request() else None)
            SITUATIONS[name](page, collecting)
            page.wait_for_load_state()
            seen[name] = page, documents[-1].text()
        return seen[name]

    return visit


@pytest.mark.parametrize("name", SITUATIONS)
def test_axe_finds_nothing_and_everything_fits(pages: Callable[[str], tuple[Page, str]], name: str) -> None:
    page, _ = pages(name)
    page.evaluate("for (const part of document.querySelectorAll('main details')) part.open = true")
    assert axe(page) == []
    for width, height in ((1280, 800), (320, 740), (320, 256)):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate(SIDEWAYS) == 0, width
        assert page.evaluate(SMALL) == [], width
    assert page.evaluate(STUCK) < 0.25


def test_the_html_is_valid(pages: Callable[[str], tuple[Page, str]], tmp_path: Path) -> None:
    command = os.environ.get("HTML_VALIDATE")
    if not command:
        pytest.skip("HTML_VALIDATE is not set: .ci/run installs html-validate and sets it.")
    for name in SITUATIONS:
        (tmp_path / f"{name.replace(' ', '-')}.html").write_text(pages(name)[1], "utf-8")
    config = Path(__file__).with_name("htmlvalidate.json")
    arguments = ["--config", str(config), "--formatter", "json", *map(str, sorted(tmp_path.iterdir()))]
    done = subprocess.run([*shlex.split(command), *arguments], capture_output=True, text=True)
    assert done.stdout, done.stderr
    assert [
        f"{Path(report['filePath']).name}:{message['line']} {message['ruleId']}: {message['message']}"
        for report in json.loads(done.stdout)
        for message in report["messages"]
    ] == []
