"""Talking about a plan in a real browser, also when it went wrong while the page stood open."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from config.settings import load, secret_path
from domain import phases, reactions, residents
from domain.database import Database, connect, writing
from domain.phases import Phase
from domain.secret import open_secret
from routes.visitors import COOKIE
from tests.cast import AICHA, BRAM, CHEN, insert_vote, reload
from tests.journeys.conftest import Demo, Watch
from tests.writing import arrives, insert_plan

WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Talk:
    """A process of the running demo of which the plans gather support, and a plan about which Bram and Chen talk."""

    db: Database
    secret: bytes
    site: str
    slug: str
    plan: str
    bram: int
    chen: int

    def sign_in(self, page: Page) -> None:
        """This browser is Aïcha's."""
        now = datetime.now(UTC)
        aicha = arrives(self.db, self.secret, AICHA, now)
        with writing(self.db):
            token = residents.start_session(self.db, aicha, now)
        page.context.add_cookies([{"name": COOKIE, "value": token, "url": self.site}])

    def close(self) -> None:
        with writing(self.db):
            self.db.execute("UPDATE processes SET reactions_allowed = 0 WHERE slug = ?", [self.slug])

    def hide(self, reaction_id: int) -> None:
        with writing(self.db):
            change = "UPDATE reactions SET status = 'hidden', status_reason = 'Scheldt' WHERE id = ?"
            self.db.execute(change, [reaction_id])


@pytest.fixture
def talk(demo: Demo) -> Iterator[Talk]:
    db = connect(demo.db)
    secret = open_secret(db, secret_path(load({"db": str(demo.db)}, environment={})))
    now = datetime.now(UTC)
    slug = f"praat-{db.execute('SELECT count(*) FROM processes').fetchone()[0]}"
    process = insert_vote(db, secret, slug=slug, residents=(), opens_at=now + WEEK, closes_at=now + 2 * WEEK)
    with writing(db):
        phases.insert(db, process.id, [Phase("support", now - WEEK, now + WEEK)])
    plan_id = insert_plan(db, reload(db, slug), arrives(db, secret, BRAM, now), name="Bram")
    said = []
    for who, text in ((BRAM, "Kinderen spelen er graag."), (CHEN, "Er is te weinig schaduw.")):
        writer = arrives(db, secret, who, now)
        with writing(db):
            typed = reactions.Typed("for", text, who.name)
            said.append(reactions.write(db, process.id, plan_id, writer, typed, now))
    yield Talk(db, secret, demo.site, slug, demo(f"/{slug}/plannen/{plan_id}"), *said)
    db.close()


def useful(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=f"reactie van {name}")


def write(page: Page, text: str) -> None:
    page.get_by_text("Schrijf een reactie").click()
    page.get_by_label("Voor", exact=True).check(force=True)
    page.get_by_label("Uw argument").fill(text)
    page.get_by_label("Uw voornaam").fill("Aïcha")


def test_an_argument_a_mark_and_a_mark_too_late(phone: Page, talk: Talk) -> None:
    talk.sign_in(phone)
    phone.goto(talk.plan)
    write(phone, "Ik kom er elke dag langs.")
    phone.get_by_role("button", name="Plaats uw reactie").click()
    expect(phone.locator("#reacties")).to_contain_text("Ik kom er elke dag langs.")

    useful(phone, "Bram").click()
    expect(useful(phone, "Bram")).to_have_attribute("aria-pressed", "true")
    expect(useful(phone, "Bram")).to_be_focused()
    expect(phone.locator("#reacties")).to_contain_text("Ik kom er elke dag langs.")

    talk.hide(talk.bram)
    useful(phone, "Bram").click()
    expect(phone.get_by_role("alert")).to_contain_text("staat niet meer op de site")
    expect(phone.locator("#reacties")).to_contain_text("Er is te weinig schaduw.")

    talk.close()
    useful(phone, "Chen").click()
    expect(phone.get_by_role("alert")).to_contain_text("De reacties zijn gesloten.")
    expect(phone.get_by_role("alert")).to_be_focused()
    expect(phone.locator("#reacties")).to_contain_text("Er is te weinig schaduw.")


def test_a_half_written_reaction_stays_until_it_is_placed(phone: Page, talk: Talk) -> None:
    talk.sign_in(phone)
    phone.goto(talk.plan)
    write(phone, "Ik weet nog niet of")
    expect(phone.get_by_text("blijft op dit apparaat bewaard")).to_be_visible()
    useful(phone, "Bram").click()
    expect(useful(phone, "Bram")).to_have_attribute("aria-pressed", "true")
    expect(phone.get_by_label("Uw argument")).to_have_value("Ik weet nog niet of")

    context = phone.context
    phone.close()
    again = context.new_page()
    again.goto(talk.plan)
    expect(again.get_by_label("Uw argument")).to_have_value("Ik weet nog niet of")
    expect(again.get_by_label("Voor", exact=True)).to_be_checked()
    again.get_by_label("Uw voornaam").fill("aicha@example.org")
    again.get_by_role("button", name="Plaats uw reactie").click()
    expect(again.get_by_role("alert")).to_contain_text("geen e-mailadres")
    again.goto(talk.plan)  # what came back with an error is kept too
    expect(again.get_by_label("Uw argument")).to_have_value("Ik weet nog niet of")

    again.get_by_label("Uw voornaam").fill("Aïcha")
    again.get_by_role("button", name="Plaats uw reactie").click()
    expect(again.locator("#reacties-lijst")).to_contain_text("Ik weet nog niet of")
    expect(again.get_by_label("Uw argument")).to_be_hidden()
    assert again.evaluate("localStorage.length") == 0


def test_more_arguments_leave_what_is_typed(phone: Page, talk: Talk) -> None:
    with writing(talk.db):
        (plan_id,) = talk.db.execute("SELECT plan_id FROM reactions WHERE id = ?", [talk.bram]).fetchone()
        for number in range(reactions.PAGE):
            said = reactions.Typed("for", f"Argument {number}", "Bram")
            reactions.insert(talk.db, plan_id, said, datetime.now(UTC), status="published")
    phone.goto(talk.plan)
    write(phone, "Ik weet nog niet of")
    phone.get_by_role("link", name="Toon meer").click()
    expect(phone.locator(".side.for > .arguments > li")).to_have_count(reactions.PAGE + 2)
    expect(phone.get_by_label("Uw argument")).to_have_value("Ik weet nog niet of")


def test_whose_session_ended_is_told_and_asked(phone: Page, talk: Talk) -> None:
    talk.sign_in(phone)
    phone.goto(talk.plan)
    phone.context.clear_cookies()
    useful(phone, "Bram").click()
    expect(phone.get_by_role("alert")).to_contain_text("U bent niet meer aangemeld.")
    useful(phone, "Bram").click()
    expect(phone.get_by_role("heading", name="uw e-mailadres")).to_be_visible()


def test_where_htmx_is_refused_the_page_says_why(phone: Page, talk: Talk, watch: Watch) -> None:
    talk.sign_in(phone)
    phone.goto(talk.plan)
    with writing(talk.db):
        talk.db.execute("UPDATE plans SET status = 'submitted' WHERE title = 'Schommel in het park'")
    useful(phone, "Bram").click()
    expect(phone.locator("main").get_by_role("heading", level=1)).to_contain_text("niet")
    expect(phone.locator("#reacties")).to_have_count(0)
    watch.complaints[:] = [complaint for complaint in watch.complaints if not complaint.startswith("404 ")]
