"""Papers that follow from the choices: posters, the letter, the planning as a calendar, the DPIA."""

import re
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st
from litestar.testing import TestClient

from config.settings import Settings
from domain import calendars, fields, phases, retention, tasks
from domain.calendars import Event
from domain.database import Database, writing
from domain.phases import Phase
from domain.processes import Process
from routes import letters
from tests.cast import CLOSES, NOW, OPENS, reload
from tests.conftest import Clock
from tests.pages import Page, words
from tests.staff import NINA, sign_in, sign_in_as

HERE = "/beheer/bezuidenhout/papieren"
PAPERS = ("", "/planning", "/planning.ics", "/dpia", "/dpia.html", "/brief", "/poster/vote")


@pytest.fixture
def whole(db: Database, process: Process) -> Process:
    """Bezuidenhout with plans handed in, supported and assessed before its vote."""
    with writing(db):
        ahead = [("collect", 120, 90), ("support", 120, 70), ("assess", 60, 20)]
        phases.insert(db, process.id, [Phase(kind, OPENS - timedelta(a), OPENS - timedelta(b)) for kind, a, b in ahead])
        phases.insert(db, process.id, [Phase("result", CLOSES + timedelta(2), CLOSES + timedelta(30))])
    return reload(db)


@pytest.fixture
def bea(client: TestClient, db: Database, secret: bytes, process: Process) -> None:
    sign_in(client, db, secret, process, "beheerder", "Bea")


def got(client: TestClient, path: str) -> str:
    answer = client.get(HERE + path)
    assert answer.status_code == 200
    return str(answer.text)


def said(client: TestClient, path: str) -> str:
    return words(got(client, path)).replace("\u00a0", " ")


@pytest.mark.parametrize("path", PAPERS)
def test_only_a_beheerder_of_the_process_gets_them(
    client: TestClient, db: Database, secret: bytes, process: Process, elsewhere: Process, path: str
) -> None:
    assert client.get(HERE + path).status_code == 303
    for role, name in (("toetser", "Tessa"), ("moderator", "Mo"), ("stemhulp", "Stef")):
        sign_in(client, db, secret, process, role, name)
        assert client.get(HERE + path).status_code == 403
    sign_in_as(client, db, secret, elsewhere, NINA)
    assert client.get(HERE + path).status_code == 403
    sign_in(client, db, secret, process, "beheerder", "Bea")
    assert client.get(HERE + path).status_code == 200


def test_a_poster_for_each_phase_in_two_languages(client: TestClient, whole: Process, bea: None) -> None:
    assert "Stem mee!" in said(client, "/poster/vote")
    assert "Hebt u een plan voor de buurt?" in said(client, "/poster/collect")
    for path in ("/poster/vote?taal=nl&formaat=a3", "/poster/vote?formaat=a4"):
        page = Page(got(client, path))
        assert len(page.all("svg")) == 1
        assert "testserver.local/bezuidenhout" in page.words
    assert 'lang="en"' in got(client, "/poster/vote?taal=en")
    assert 'class="paper on-a3"' in got(client, "/poster/vote?formaat=a3")


def test_the_qr_code_of_a_poster_leads_to_the_page_of_the_process(
    client: TestClient, db: Database, process: Process, bea: None
) -> None:
    for path in ("/poster/vote", "/poster/vote?taal=en&formaat=a4"):
        assert dots_of(got(client, path)) == dots("http://testserver.local/bezuidenhout")
    with writing(db):
        db.execute("UPDATE processes SET host = 'beslismee.example' WHERE id = ?", [process.id])
    assert dots_of(got(client, "/poster/vote")) == dots("http://beslismee.example/")


def dots(url: str) -> set[tuple[int, int]]:
    """The dark squares of the QR code of that address, column and row."""
    matrix = segno.make(url, error="m", micro=False, mask=2).matrix
    return {(x, y) for y, row in enumerate(matrix) for x, dark in enumerate(row) if dark}


def dots_of(page: str) -> set[tuple[int, int]]:
    """Those that are drawn in the one QR code of a page: `m` moves, `h` draws so many to the right."""
    (path,) = re.findall(r'<svg[^>]*>\s*<path[^>]* d="([^"]+)"', page)
    x, y, found = 0.0, 0.0, set()
    for verb, numbers in re.findall(r"([Mmh])([^Mmh]+)", path):
        by = [float(number) for number in re.findall(r"-?[0-9.]+", numbers)]
        if verb == "h":
            found |= {(int(x) + n, int(y)) for n in range(int(by[0]))}
            x += by[0]
        else:
            x, y = (by[0], by[1]) if verb == "M" else (x + by[0], y + by[1])
    border = min(column for column, _ in found)
    return {(column - border, row - border) for column, row in found}


CONTACT = "Fatima van het buurthuis, elke dinsdag"
WITH_CONTACT = (
    *("/bezuidenhout", "/bezuidenhout/zo-werkt-het", "/bezuidenhout/privacy"),
    *(f"{HERE}/poster/vote", f"{HERE}/brief"),
)


def test_whom_to_ask_stands_wherever_somebody_looks_for_it(
    client: TestClient, db: Database, process: Process, bea: None
) -> None:
    for path in WITH_CONTACT:
        assert CONTACT not in words(client.get(path).text), path
    with writing(db):
        db.execute("UPDATE processes SET contact = ? WHERE id = ?", [CONTACT, process.id])
    for path in WITH_CONTACT:
        assert CONTACT in words(client.get(path).text), path
        assert "Vraag het aan de organisatie" not in words(client.get(path).text), path
    with writing(db):
        db.execute("UPDATE processes SET codes_by = 'card' WHERE id = ?", [process.id])
    assert CONTACT in said(client, "/brief")


@pytest.mark.parametrize(
    ("typed", "href"), [("laak@example.org", "mailto:laak@example.org"), ("070 123-45 67", "tel:0701234567")]
)
def test_an_address_or_a_number_alone_is_a_link(
    client: TestClient, db: Database, process: Process, typed: str, href: str
) -> None:
    with writing(db):
        db.execute("UPDATE processes SET contact = ? WHERE id = ?", [typed, process.id])
    assert href in {link["href"] for link in Page(client.get("/bezuidenhout").text).all("a")}


def test_without_codes_nobody_is_sent_to_who_gave_them_a_code(
    client: TestClient, db: Database, process: Process
) -> None:
    assert "van wie u uw stemcode kreeg" in words(client.get("/bezuidenhout").text)
    with writing(db):
        db.execute("DELETE FROM roll WHERE process_id = ?", [process.id])
        db.execute("UPDATE phases SET kind = 'collect' WHERE process_id = ?", [process.id])
    front = words(client.get("/bezuidenhout").text)
    assert "van wie u uw stemcode kreeg" not in front
    assert "Vraag het aan de organisatie van dit traject" in front


@pytest.mark.parametrize("path", ["/poster/deliver", "/poster/dans", "/poster/vote?formaat=a0"])
def test_there_is_no_poster_of_what_is_not_there(client: TestClient, whole: Process, bea: None, path: str) -> None:
    assert client.get(HERE + path).status_code == 404


def test_a_poster_runs_nothing_and_fetches_nothing_from_elsewhere(
    client: TestClient, process: Process, bea: None
) -> None:
    page = Page(got(client, "/poster/vote"))
    assert page.all("script") == []
    assert page.all("style") == []
    assert not [tag for tag in page.tags if "style" in tag.attrs]
    assert all(link["href"].startswith("/") for link in page.all("link"))


def test_the_letter_to_look_at_is_the_letter_that_is_printed(
    client: TestClient, db: Database, secret: bytes, settings: Settings, process: Process, bea: None, tmp_path: Path
) -> None:
    with writing(db):
        db.execute("UPDATE processes SET vote_age = 12 WHERE id = ?", [process.id])
    letters.issue(db, secret, settings, "bezuidenhout", 1, "", tmp_path / "codes.csv", tmp_path / "brief.html", NOW)
    code = (tmp_path / "codes.csv").read_text().split("\n")[1].split(",")[0]
    printed = words(
        re.findall(r'<section class="letter">.*?</section>', (tmp_path / "brief.html").read_text(), re.S)[0]
    )
    shown = words(re.findall(r'<section class="letter">.*?</section>', got(client, "/brief"), re.S)[0])
    assert shown.replace("XXXXX-XXXXX-XXXX", code) == printed
    assert "U krijgt deze brief omdat u in Bezuidenhout woont en 12 jaar of ouder bent." in shown
    assert code not in got(client, "/brief")


def test_with_cards_the_card_is_shown(client: TestClient, db: Database, process: Process, bea: None) -> None:
    with writing(db):
        db.execute("UPDATE processes SET codes_by = 'card' WHERE id = ?", [process.id])
    assert '<section class="card">' in got(client, "/brief")
    assert "Deze code is voor één stem. Geef hem aan niemand anders." in said(client, "/brief")
    assert "Maak de kaartjes met stemcodes" in said(client, "/planning")


def test_the_planning_says_what_to_do_when(client: TestClient, whole: Process, bea: None, clock: Clock) -> None:
    clock.now = OPENS - timedelta(weeks=20)
    table = said(client, "/planning")
    for line in ("20 maart 2026 Bestel de brieven", "1 mei 2026 De regels liggen vast", "Maak de uitslag bekend"):
        assert line in table


def test_letters_come_before_support_where_a_code_gives_it(db: Database, whole: Process) -> None:
    with writing(db):
        db.execute("UPDATE processes SET supporters = 'code' WHERE id = ?", [whole.id])
    listed = {task.kind: task.day for task in tasks.tasks_of(reload(db))}
    support = whole.phase("support")
    assert support is not None
    assert listed["order_letters"] == tasks.local_day(support.opens_at) - timedelta(weeks=6)
    assert listed["post_letters"] < tasks.local_day(support.opens_at)


def test_a_vote_of_one_evening_asks_for_no_reminders(
    client: TestClient, db: Database, whole: Process, bea: None, clock: Clock
) -> None:
    """Nobody can be reminded of a vote a week before its end when it has not begun by then."""
    evening = {"opens": datetime(2026, 5, 1, 17, tzinfo=UTC), "closes": datetime(2026, 5, 1, 19, tzinfo=UTC)}
    assert "nog een week om te stemmen" in said(client, "/planning")
    vote_is(db, whole, **evening)
    planned = tasks.tasks_of(reload(db))
    assert {"reminder_vote", "watch_turnout"} & {task.kind for task in planned} == set()
    assert "nog een week om te stemmen" not in said(client, "/planning")


def vote_is(db: Database, process: Process, opens: datetime, closes: datetime) -> None:
    with writing(db):
        db.execute("DELETE FROM phases WHERE process_id = ? AND kind = 'vote'", [process.id])
        phases.insert(db, process.id, [Phase("vote", opens, closes)])


@pytest.mark.parametrize("days", [1, 6, 7, 8, 20])
def test_every_task_of_a_vote_that_runs_lies_within_it(db: Database, whole: Process, days: int) -> None:
    vote_is(db, whole, phases.moment(date(2026, 5, 4), time()), phases.moment(date(2026, 5, 4 + days), time()))
    listed = {task.kind: task.day for task in tasks.tasks_of(reload(db))}
    assert ("reminder_vote" in listed) == (days > 7)
    for kind in {"reminder_vote", "watch_turnout", "freeze"} & listed.keys():
        assert date(2026, 5, 4) <= listed[kind] < date(2026, 5, 4 + days)


def test_who_hands_out_cards_is_not_told_of_letters(
    client: TestClient, db: Database, whole: Process, bea: None
) -> None:
    assert "Een tweede brief helpt het meest" in said(client, "/planning")
    with writing(db):
        db.execute("UPDATE processes SET codes_by = 'card' WHERE id = ?", [whole.id])
    planning = said(client, "/planning")
    assert "Deel nog een keer kaartjes uit" in planning
    assert "brief" not in planning


def test_a_day_that_is_over_is_marked(client: TestClient, whole: Process, bea: None, clock: Clock) -> None:
    listed = tasks.tasks_of(whole)
    clock.now = phases.moment(listed[0].day, time(12))
    assert "voorbij" not in said(client, "/planning")
    clock.now += timedelta(days=1)
    assert said(client, "/planning").count(" voorbij ") == 2  # the task, and what to do about it
    clock.now = NOW
    over = [task for task in listed if task.day < NOW.date()]
    assert 0 < got(client, "/planning").count('<tr class="past">') == len(over) < len(listed)


# The calendar file, as RFC 5545 has it


def unfolded(body: bytes) -> list[str]:
    assert body.endswith(b"\r\n")
    assert b"\n" not in body.replace(b"\r\n", b"")
    return body.decode().replace("\r\n ", "").removesuffix("\r\n").split("\r\n")


def unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], text)


@given(text=st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=300))
def test_any_text_comes_out_of_the_file_as_it_went_in(text: str) -> None:
    body = calendars.written("x", [Event("uid", NOW, "a" + text + ";,\\b")], NOW)
    assert max(len(line) for line in body.split(b"\r\n")) <= 75
    (summary,) = [line.partition(":")[2] for line in unfolded(body) if line.startswith("SUMMARY:")]
    assert unescaped(summary) == fields.text("a" + text + ";,\\b")


def test_a_moment_is_utc_and_a_day_is_a_day() -> None:
    summer = datetime(2026, 7, 1, 12, tzinfo=phases.HERE)
    lines = unfolded(
        calendars.written("Laak", [Event("a", summer, "x"), Event("b", date(2026, 12, 31), "y", "een\ntwee")], NOW)
    )
    assert "DTSTART:20260701T100000Z" in lines
    assert lines[lines.index("DTSTART;VALUE=DATE:20261231") + 1] == "DTEND;VALUE=DATE:20270101"
    assert "DESCRIPTION:een\\ntwee" in lines
    assert lines.count("DTSTAMP:20260512T100000Z") == 2
    assert (lines[0], lines[-1]) == ("BEGIN:VCALENDAR", "END:VCALENDAR")
    assert lines.count("BEGIN:VEVENT") == lines.count("END:VEVENT") == 2


def test_the_file_keeps_its_uids_when_dates_move(client: TestClient, db: Database, whole: Process, bea: None) -> None:
    def uids() -> list[str]:
        answer = client.get(f"{HERE}/planning.ics")
        assert answer.headers["content-type"].startswith("text/calendar")
        return [line for line in unfolded(answer.content) if line.startswith("UID:")]

    first = uids()
    assert len(first) == len(set(first)) > 20
    with writing(db):
        later = phases.to_text(datetime(2026, 6, 20, 22, tzinfo=UTC))
        db.execute("UPDATE phases SET closes_at = ? WHERE process_id = ? AND kind = 'vote'", [later, whole.id])
    assert sorted(uids()) == sorted(first)


# Privacy of residents, and the DPIA


def test_residents_read_until_which_day(client: TestClient, whole: Process) -> None:
    told = words(client.get("/bezuidenhout/privacy").text)
    assert "Tot 1 juli 2027" in told  # a year after the last phase closed
    assert 'href="/bezuidenhout/privacy"' in client.get("/bezuidenhout").text


@pytest.mark.parametrize(
    ("basis", "told"),
    [("public_task", "algemeen belang"), ("legitimate_interest", "gerechtvaardigd belang"), ("consent", "toestemming")],
)
def test_the_ground_and_who_decides_are_those_of_the_process(
    client: TestClient, db: Database, process: Process, bea: None, basis: str, told: str
) -> None:
    values: list[Any] = [basis, "Stichting <Laak>", "fg@laak.example", process.id]
    with writing(db):
        db.execute("UPDATE processes SET legal_basis = ?, controller = ?, privacy_contact = ? WHERE id = ?", values)
    for text in (words(client.get("/bezuidenhout/privacy").text), said(client, "/dpia"), said(client, "/dpia.html")):
        assert told in text
        assert "Stichting <Laak>" in text
        assert "fg@laak.example" in text


def test_the_dpia_marks_what_the_municipality_fills_in_and_hides_no_risk(
    client: TestClient, db: Database, process: Process, bea: None
) -> None:
    page = got(client, "/dpia")
    assert page.count('class="to-fill-in"') >= 8
    assert "Wie de schijf van de server kan lezen" in words(page)
    assert "draagt elk stembiljet tot dan een getal uit de code" not in words(page)
    with writing(db):
        db.execute("UPDATE processes SET change_allowed = 1 WHERE id = ?", [process.id])
    assert "draagt elk stembiljet tot dan een getal uit de code" in said(client, "/dpia")


NEVER_HERE = {
    "support": "Welk plan u steunt. Het aantal blijft",
    "reaction_writer": "Wie een reactie schreef",
    "maker": "Wie een plan indiende: naam en contactgegevens.",
    "draft": "Een plan dat u aan het schrijven bent",
}


def test_of_what_can_not_happen_nothing_is_said_to_be_kept(
    client: TestClient, db: Database, process: Process, bea: None
) -> None:
    """Bezuidenhout has its vote alone here, and nobody may react."""
    everywhere = words(client.get("/bezuidenhout/privacy").text) + said(client, "/dpia")
    assert NEVER_HERE["reaction_writer"] in everywhere
    with writing(db):
        db.execute("UPDATE processes SET reactions_allowed = 0 WHERE id = ?", [process.id])
    for text in (words(client.get("/bezuidenhout/privacy").text), said(client, "/dpia"), said(client, "/dpia.html")):
        assert [kept for kept in NEVER_HERE.values() if kept in text] == []
        assert "Dat u iets schreef of volgde" in text
        assert "Welk plan of traject u volgt" in text


def test_what_its_phases_bring_is_said_to_be_kept(client: TestClient, whole: Process, bea: None) -> None:
    for text in (words(client.get("/bezuidenhout/privacy").text), said(client, "/dpia")):
        assert [kept for kept in NEVER_HERE.values() if kept not in text] == []
        assert "Dat u iets steunde, schreef of volgde" in text


def test_reactions_that_were_written_stay_on_the_list(db: Database, secret: bytes, process: Process) -> None:
    with writing(db):
        db.execute("UPDATE processes SET reactions_allowed = 0 WHERE id = ?", [process.id])
        db.execute("UPDATE plans SET reactions = 1 WHERE id = ?", [process.plans[0].id])
    assert "reaction" in {rule.name for rule in retention.rules_of(reload(db))}


def test_the_dpia_says_who_gets_a_card_and_asks_nobody_anything(
    client: TestClient, db: Database, process: Process, bea: None
) -> None:
    with writing(db):
        db.execute("UPDATE processes SET codes_by = 'card', vote_age = 8 WHERE id = ?", [process.id])
    text = said(client, "/dpia")
    assert "Iedereen van 8 jaar of ouder in Bezuidenhout kan een kaartje met een stemcode krijgen." in text
    assert "Woont u in" not in text
    assert "drukker" not in text


def test_the_dpia_is_a_file_that_stands_alone(client: TestClient, process: Process, bea: None) -> None:
    answer = client.get(f"{HERE}/dpia.html")
    assert answer.headers["content-disposition"] == 'attachment; filename="bezuidenhout-dpia.html"'
    assert not [tag for tag in Page(answer.text).tags if {"src", "href"} & tag.attrs.keys()]
