"""Staff judge ten plans without touching the mouse, and every page they see on the way is looked at."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from config.settings import load, secret_path
from domain import assessments, checklists, makers, phases, questions, reports, residents, sessions
from domain.database import Database, connect, writing
from domain.phases import Phase
from domain.processes import Process
from domain.secret import open_secret
from routes.staff.access import COOKIE
from routes.visitors import COOKIE as RESIDENT
from tests.cast import Proposal, insert_vote, reload
from tests.journeys.conftest import PHONE, Demo, Visitor, Watch
from tests.journeys.steps import heading
from tests.journeys.test_every_page import SIDEWAYS, SMALL, axe
from tests.journeys.test_keyboard import press, tab_to
from tests.staff import account, give

NUMBER = 10
DESK = {"width": 1280, "height": 800}
SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])


@dataclass(frozen=True)
class Toets:
    """A process that assesses ten plans, and the cookie of somebody who may do everything there."""

    db: Database
    process: Process
    site: str
    token: str

    def __call__(self, path: str) -> str:
        return f"{self.site}/beheer/{self.process.slug}/{path}"

    @property
    def cookie(self) -> dict[str, str]:
        return {"name": COOKIE, "value": self.token, "url": f"{self.site}/beheer"}


@pytest.fixture
def toets(demo: Demo, request: pytest.FixtureRequest) -> Iterator[Toets]:
    now, week = datetime.now(UTC), timedelta(days=7)
    path = demo.letters.with_name("demo.db")
    db = connect(path)
    secret = open_secret(db, secret_path(load({"db": str(path)}, environment={})))
    proposals = tuple(Proposal(f"plan-{n}", f"Plan nummer {n}", 500 * n, "Groen") for n in range(1, NUMBER + 1))
    slug = f"toets-{db.execute('SELECT count(*) FROM processes').fetchone()[0]}"
    process = insert_vote(
        db, secret, slug=slug, plans=proposals, residents=(), opens_at=now + week, closes_at=now + 3 * week
    )
    with writing(db):
        phases.insert(db, process.id, [Phase("assess", now - week, now + week)])
        checklists.insert_default(db, process.id)
        tessa = account(db, "Tessa", now=now)
        for role in ("toetser", "beheerder"):
            give(db, tessa, process, role)
        token = sessions.start(db, tessa, "Chromium op Linux", now)
    yield Toets(db, reload(db, slug), demo.site, token)
    db.close()


def desk(visitor: Visitor, toets: Toets, *, scripts: bool = True) -> Page:
    page = visitor(viewport=DESK, java_script_enabled=scripts)
    page.context.add_cookies([toets.cookie])  # type: ignore[list-item]
    return page


@SCRIPTS
def test_ten_plans_are_judged_by_keyboard(visitor: Visitor, toets: Toets, scripts: bool) -> None:
    page = desk(visitor, toets, scripts=scripts)
    page.goto(toets("werk"))
    press(page, "Enter", page.locator(".work a").first)
    expect(heading(page)).to_be_focused()
    loads: list[str] = []
    page.on("domcontentloaded", lambda _: loads.append(page.url))
    for number in range(1, NUMBER + 1):
        expect(heading(page)).to_have_text(f"Plan nummer {number}")
        expect(heading(page)).to_be_focused()
        judge_by_keyboard(page, number)
        expect(page.get_by_role("status")).to_have_text(f"Oordeel over ‘Plan nummer {number}’ is gegeven.")
    expect(heading(page)).to_have_text("Werklijst")
    expect(page.locator("main")).to_contain_text("Alles is gedaan.")
    found = reload(toets.db, toets.process.slug).plans
    assert [plan.verdict for plan in found] == ["infeasible", "feasible"] * (NUMBER // 2)
    assert [plan.verdict_reason for plan in found] == [f"Reden {number}." for number in range(1, NUMBER + 1)]
    assert not (scripts and loads)  # with JavaScript only what changed was fetched


def judge_by_keyboard(page: Page, number: int) -> None:
    """To the verdict, one of the two, the reason, and Enter. Odd plans are infeasible."""
    press(page, "Enter", page.get_by_role("link", name="Naar het oordeel"))
    feasible = page.get_by_role("radio", name="Haalbaar", exact=True)
    tab_to(page, feasible)
    page.keyboard.press("Space")
    expect(feasible).to_be_checked()
    if number % 2:
        page.keyboard.press("ArrowRight")
        expect(page.get_by_role("radio", name="Niet haalbaar")).to_be_checked()
    tab_to(page, page.get_by_label("Reden van uw oordeel"))
    page.keyboard.type(f"Reden {number}.")
    press(page, "Enter", page.get_by_role("button", name="Geef dit oordeel"))


@SCRIPTS
def test_without_a_reason_the_page_says_what_is_missing(
    visitor: Visitor, watch: Watch, toets: Toets, scripts: bool
) -> None:
    page = desk(visitor, toets, scripts=scripts)
    page.goto(toets(f"plannen/{toets.process.plans[0].id}/toets"))
    tab_to(page, page.get_by_role("radio", name="Ja", exact=True).first)
    page.keyboard.press("Space")
    press(page, "Enter", page.get_by_role("button", name="Geef dit oordeel"))
    expect(page.get_by_role("alert")).to_contain_text("Zonder reden is er geen oordeel")
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_role("radio", name="Ja", exact=True).first).to_be_checked()
    press(page, "Enter", page.get_by_role("link", name="Reden: Geef een reden"))
    expect(page.get_by_label("Reden van uw oordeel")).to_be_focused()
    forget_refusals(watch)


def forget_refusals(watch: Watch) -> None:
    """A form that htmx sends may come back with what is wrong, as one that the browser sends may."""
    watch.complaints[:] = [complaint for complaint in watch.complaints if not complaint.startswith("422 ")]


@SCRIPTS
def test_a_note_leaves_what_is_typed_elsewhere(visitor: Visitor, toets: Toets, scripts: bool) -> None:
    page = desk(visitor, toets, scripts=scripts)
    page.goto(toets(f"plannen/{toets.process.plans[0].id}/toets"))
    page.get_by_label("Reden van uw oordeel").fill("Nog niet af")
    press(page, "Enter", page.get_by_role("button", name="Bewaar alleen de checklist"))
    expect(page.get_by_text("De checklist is bewaard.")).to_be_focused()
    press(page, "Enter", page.get_by_text("Schrijf een notitie"))
    tab_to(page, page.get_by_label("Uw notitie"))
    page.keyboard.type("Bel de eigenaar.")
    press(page, "Enter", page.get_by_role("button", name="Bewaar de notitie"))
    expect(page.locator("#notities")).to_contain_text("Bel de eigenaar.")
    expect(page.get_by_text("Uw notitie is bewaard.")).to_be_focused()
    expect(page.get_by_label("Reden van uw oordeel")).to_have_value("Nog niet af")


def test_where_the_site_fails_what_was_typed_stays_and_can_be_sent_again(
    visitor: Visitor, watch: Watch, toets: Toets
) -> None:
    page = desk(visitor, toets)
    page.goto(toets(f"plannen/{toets.process.plans[0].id}/toets"))
    page.get_by_label("Haalbaar", exact=True).check(force=True)
    page.get_by_label("Reden van uw oordeel").fill("Dit kan, zegt de beheerder van het park.")
    page.route("**/toets", lambda route: route.fulfill(status=503, body="<h1>Het is nu te druk</h1>"))
    page.get_by_role("button", name="Geef dit oordeel").click()
    expect(page.get_by_role("alert")).to_contain_text("Er komt geen antwoord.")
    expect(page.get_by_label("Reden van uw oordeel")).to_have_value("Dit kan, zegt de beheerder van het park.")
    page.unroute("**/toets")
    page.get_by_role("button", name="Geef dit oordeel").click()
    expect(page.get_by_role("status")).to_have_text("Oordeel over ‘Plan nummer 1’ is gegeven.")
    expect(page.get_by_role("alert")).to_have_count(0)
    watch.complaints[:] = [complaint for complaint in watch.complaints if not complaint.startswith("503 ")]


@SCRIPTS
def test_new_plans_and_a_report_are_dealt_with_by_keyboard(visitor: Visitor, toets: Toets, scripts: bool) -> None:
    """Two plans are published, one is hidden, and what was reported of a fourth is left, without the mouse."""
    ids = [plan.id for plan in toets.process.plans[:4]]
    with writing(toets.db) as db:
        db.execute("DELETE FROM phases WHERE process_id = ? AND kind = 'assess'", [toets.process.id])
        for plan_id in ids[:3]:
            at = phases.to_text(datetime.now(UTC) - timedelta(days=10 - plan_id % 5))
            db.execute("UPDATE plans SET status = 'submitted', submitted_at = ? WHERE id = ?", [at, plan_id])
        reports.report_plan(db, toets.process.id, ids[3], "Dit is reclame.", datetime.now(UTC))
    page = desk(visitor, toets, scripts=scripts)
    page.goto(toets("werk?soort=new"))
    press(page, "Enter", page.get_by_role("link", name="Begin met het oudste"))
    page.wait_for_url("**/plannen/*")
    page.wait_for_load_state()
    loads: list[str] = []
    page.on("domcontentloaded", lambda _: loads.append(page.url))
    for verb in ("publish", "hide", "publish"):
        expect(heading(page)).to_be_focused()
        title = heading(page).inner_text()
        press(page, "Enter", page.get_by_role("link", name="Naar wat u kunt doen"))
        if verb == "publish":
            press(page, "Enter", page.get_by_role("button", name="Publiceer"))
        else:
            press(page, "Enter", page.get_by_role("button", name="Verberg"))
            expect(heading(page)).to_be_focused()
            tab_to(page, page.get_by_label("Waarom?"))
            page.keyboard.type("Dit is reclame.")
            press(page, "Enter", page.get_by_role("button", name="Verberg dit plan"))
        expect(page.get_by_role("status")).to_contain_text(title)
    expect(heading(page)).to_have_text("Meldingen")
    expect(heading(page)).to_be_focused()
    press(page, "Enter", page.get_by_role("button", name="Laat het plan staan"))
    expect(page.get_by_role("status")).to_contain_text("zijn afgehandeld")
    expect(heading(page)).to_have_text("Werklijst")
    expect(heading(page)).to_be_focused()
    expect(page.locator("main")).to_contain_text("Alles is gedaan.")
    found = reload(toets.db, toets.process.slug).by_id
    assert sorted(found[plan_id].status for plan_id in ids) == ["hidden", "published", "published", "published"]
    assert not (scripts and loads)


def test_plan_and_assessment_stand_side_by_side_on_a_desk(visitor: Visitor, toets: Toets) -> None:
    page = desk(visitor, toets)
    page.goto(toets(f"plannen/{toets.process.plans[0].id}/toets"))
    plan = page.get_by_role("heading", name="Het plan").bounding_box()
    form = page.get_by_role("heading", name="De toets").bounding_box()
    assert plan is not None
    assert form is not None
    assert form["x"] > plan["x"] + plan["width"] / 2
    assert abs(form["y"] - plan["y"]) < 40


def everything(toets: Toets) -> int:
    """A plan with a verdict, notes, opinions asked and given, and questions; returns its id."""
    now, process, plan_id = datetime.now(UTC), toets.process, toets.process.plans[0].id
    with writing(toets.db) as db:
        tessa, tim = account(db, "Tessa", now=now), account(db, "Tim", now=now)
        give(db, tim, process, "toetser")
        aicha = residents.arrived(db, b"aicha".ljust(16), "nl", now)
        makers.add(db, plan_id, aicha, "Aïcha", "06 12345678", now)
        given = assessments.Judgement("feasible", 75_000, "Het past op de stoep.")
        item = checklists.of_process(db, process.id)[0]
        seen = assessments.Seen(1, 0, 0)
        assessments.judge(db, process, plan_id, given, {item.id: "yes"}, seen, tim, now)
        checklists.change(db, process.id, item.id, "Past het plan bij de wijk?", tessa, now)
        assessments.write_note(db, process, plan_id, "Bel de eigenaar.", tessa, now)
        assessments.ask_opinion(db, process, plan_id, None, "Kan dit met de kabels?", tim, now)
        assessments.ask_opinion(db, process, plan_id, tim, "En wat vindt u?", tessa, now)
        questions.ask(db, process, plan_id, "Waar komen ze precies?", tessa, now)
    return plan_id


def looked_at(page: Page) -> list[str]:
    """What is wrong with it, for axe at every width, and for who has a small screen."""
    page.wait_for_load_state()
    page.evaluate("for (const part of document.querySelectorAll('main details')) part.open = true")
    found: list[str] = axe(page)
    for width in (320, PHONE["width"], DESK["width"]):
        page.set_viewport_size({"width": width, "height": 800})
        found += [f"sideways at {width}"] if page.evaluate(SIDEWAYS) else []
        found += [f"small at {width}: {target}" for target in page.evaluate(SMALL)]
    return found


def test_every_page_of_the_assessment_is_for_everyone(visitor: Visitor, watch: Watch, toets: Toets) -> None:
    plan_id = everything(toets)
    page = desk(visitor, toets)
    for path in (f"plannen/{plan_id}/toets", "werk", "toetsen", "toetsen?stand=infeasible", "checklist"):
        page.goto(toets(path))
        assert looked_at(page) == [], path
    page.goto(toets(f"plannen/{plan_id}/toets"))
    page.get_by_role("button", name="Geef dit oordeel").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert looked_at(page) == []
    forget_refusals(watch)


def test_the_questions_are_for_every_maker(visitor: Visitor, toets: Toets) -> None:
    plan_id = everything(toets)
    with writing(toets.db) as db:
        aicha = residents.arrived(db, b"aicha".ljust(16), "nl", datetime.now(UTC))
        token = residents.start_session(db, aicha, datetime.now(UTC))
    page = visitor()
    page.context.add_cookies([{"name": RESIDENT, "value": token, "url": toets.site}])
    page.goto(f"{toets.site}/{toets.process.slug}/plannen/{plan_id}/vragen")
    assert looked_at(page) == []
    page.set_viewport_size(PHONE)
    page.get_by_role("button", name="Verstuur uw antwoord").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert looked_at(page) == []
    page.set_viewport_size(PHONE)
    tab_to(page, page.get_by_label("Uw antwoord"))
    page.keyboard.type("Bij de speeltuin.")
    press(page, "Enter", page.get_by_role("button", name="Verstuur uw antwoord"))
    expect(page.locator("#vragen")).to_contain_text("Bij de speeltuin.")
