"""Who took part: the two questions, the page for residents, and the watch of the staff."""

import io
import sqlite3
from collections.abc import Callable
from datetime import timedelta

import openpyxl
import pytest
from litestar.testing import TestClient

from domain import sheets, turnout
from domain.database import Database, writing
from domain.processes import Process
from routes import jobs
from routes.site import Site
from tests.cast import AFTER, AICHA, BRAM, NOW, insert_vote, reload
from tests.conftest import Clock, Seal
from tests.pages import Page, words
from tests.staff import NINA, sign_in, sign_in_as
from tests.test_disclosure import bounds
from tests.test_staff_access import address, staff_routes
from tests.watched import answer_many, insert_buurten, insert_codes, live_here, make_figures, vote_many

OVERVIEW, WATCH = "/bezuidenhout/opkomst", "/beheer/bezuidenhout/opkomst"
QUESTIONS = "/bezuidenhout/stemmen/vragen"
HTMX = {"hx-request": "true"}
DAY = timedelta(days=1)

Fill = Callable[..., Process]


@pytest.fixture
def fill(db: Database, secret: bytes) -> Fill:
    """Oost 128, West 67, Midden 85 and Haven 4 of 400 each, and answers of 200 of them."""

    def fill(**changes: object) -> Process:
        process = insert_vote(db, secret, **changes)  # type: ignore[arg-type]
        for area_id, number in zip(insert_buurten(db, process).values(), (128, 67, 85, 4), strict=True):
            insert_codes(db, process, area_id, 400)
            vote_many(db, process, area_id, number)
        live_here(db, process, 150, 250, 300, 200, 100)
        answer_many(db, process, "age", {"0-15": 2, "15-25": 22, "25-45": 96})
        make_figures(db, process, NOW)
        return reload(db)

    return fill


def hand_in(client: TestClient) -> Page:
    return Page(client.post("/bezuidenhout/stemmen/inzending", data=AICHA.form("bank")).text)


def asked(page: Page) -> dict[str, str]:
    (form,) = [form for form in page.forms if form.action == QUESTIONS]
    return {"kaart": form.fields["kaart"][0]}


def answers(db: Database) -> dict[tuple[str, str], int]:
    return {
        (question, said): n for question, said, n in db.execute("SELECT question, answer, number FROM voter_answers")
    }


def test_after_handing_in_a_voter_may_answer_two_questions(client: TestClient, process: Process, db: Database) -> None:
    page = client.post("/bezuidenhout/stemmen/inzending", data=AICHA.form("bank"))
    assert "Mogen we u nog twee dingen vragen? U hoeft niet te antwoorden." in words(page.text)
    form = asked(Page(page.text)) | {"leeftijd": "25-45", "eerste_keer": "yes"}
    said = words(client.post(QUESTIONS, data=form).text)
    assert "Dank u wel. We tellen uw antwoord mee. Het staat nergens bij uw stem." in said
    assert answers(db) == {("age", "25-45"): 1, ("first_time", "yes"): 1}


def test_htmx_puts_the_thanks_in_the_place_of_the_questions(client: TestClient, process: Process) -> None:
    form = asked(hand_in(client)) | {"leeftijd": "65+"}
    text = client.post(QUESTIONS, data=form, headers=HTMX).text
    assert "<html" not in text
    assert "Dank u wel" in words(text)


def test_an_answer_counts_once_whoever_sends_it_how_often(client: TestClient, process: Process, db: Database) -> None:
    form = asked(hand_in(client)) | {"leeftijd": "25-45"}
    client.post(QUESTIONS, data=form)
    for _ in range(3):
        assert "We hebben uw antwoord al" in words(client.post(QUESTIONS, data=form).text)
    assert answers(db) == {("age", "25-45"): 1}


@pytest.mark.parametrize("token", ["", "verzonnen", "x" * 5_000])
def test_a_made_up_page_counts_nothing(client: TestClient, process: Process, db: Database, token: str) -> None:
    hand_in(client)
    assert client.post(QUESTIONS, data={"kaart": token, "leeftijd": "25-45"}).status_code == 200
    assert answers(db) == {}


def test_the_page_of_one_process_answers_for_no_other(
    client: TestClient, process: Process, elsewhere: Process, db: Database
) -> None:
    form = asked(hand_in(client)) | {"leeftijd": "25-45"}
    client.post("/loosduinen/stemmen/vragen", data=form)
    assert answers(db) == {}


def test_after_an_hour_nobody_waits_for_an_answer(
    client: TestClient, process: Process, db: Database, clock: Clock
) -> None:
    form = asked(hand_in(client)) | {"leeftijd": "25-45"}
    clock.now = NOW + timedelta(minutes=61)
    assert "het is te lang geleden dat u stemde" in words(client.post(QUESTIONS, data=form).text)
    assert answers(db) == {}


def test_who_sends_nothing_is_told_that_this_is_fine_and_may_still_answer(
    client: TestClient, process: Process, db: Database
) -> None:
    form = asked(hand_in(client))
    said = words(client.post(QUESTIONS, data=form | {"leeftijd": "", "eerste_keer": "misschien"}).text)
    assert "U vulde niets in. Dat is goed" in said
    client.post(QUESTIONS, data=form | {"eerste_keer": "no"})
    assert answers(db) == {("first_time", "no"): 1}


def test_the_same_hand_in_again_asks_nothing(client: TestClient, process: Process) -> None:
    assert asked(hand_in(client))
    assert not [form for form in hand_in(client).forms if form.action == QUESTIONS]


def test_no_table_ties_an_answer_to_anybody(client: TestClient, process: Process, db: Database) -> None:
    columns = {row[1] for row in db.execute("PRAGMA table_info(voter_answers)")}
    columns |= {row[1] for row in db.execute("PRAGMA table_info(ballot_channels)")}
    assert columns == {"process_id", "question", "answer", "channel", "number"}


def test_an_address_typed_or_reloaded_leads_on(client: TestClient, process: Process) -> None:
    assert client.get(QUESTIONS).headers["location"] == "/bezuidenhout"


# The page for residents


def test_before_closing_residents_see_no_figures(client: TestClient, fill: Fill) -> None:
    fill()
    text = words(client.get(OVERVIEW).text)
    assert "Dat laten we zien als het stemmen voorbij is. Stemmen kan tot en met 31 mei 2026." in text
    assert "120" not in text


def test_unless_the_process_says_day_by_day(client: TestClient, fill: Fill) -> None:
    fill(turnout_public="daily")
    text = words(client.get(OVERVIEW).text)
    assert "Wie doen er mee?" in text
    assert "Minstens 280 mensen stemden." in text


def test_afterwards_they_see_who_took_part_and_what_is_missing(
    client: TestClient, fill: Fill, db: Database, seal: Seal, clock: Clock
) -> None:
    process = seal(fill())
    clock.now = AFTER
    assert "We maken de cijfers nu." in words(client.get(OVERVIEW).text)
    make_figures(db, process, AFTER)
    text = words(client.get(OVERVIEW).text)
    assert "Wie deden er mee?" in text
    assert "Midden minstens 80" in text
    assert "Haven te weinig om te laten zien" in text
    assert "Oost minstens 100" in text  # what the others leave of the total, at least
    assert "15 tot en met 24 20" in text
    assert "Van een groep van minder dan tien mensen laten we niets zien." in text
    for exact in ("128", "67 ", "85 ", "284"):
        assert exact not in text
    assert 'href="/bezuidenhout/opkomst"' in client.get("/bezuidenhout/uitslag").text


def test_a_buurt_of_few_codes_is_not_told_how_few(client: TestClient, fill: Fill, db: Database) -> None:
    process = fill(turnout_public="daily")
    with writing(db):
        db.execute("UPDATE turnout_days SET issued = json_set(issued, '$.\"6\"', 4)")
    (name,) = db.execute("SELECT name FROM areas WHERE id = 6").fetchone()
    text = words(client.get(f"/{process.slug}/opkomst").text)
    assert f"{name} te weinig om te laten zien minder dan 10" in text


def test_the_average_and_the_light_part_of_a_bar_are_explained(client: TestClient, fill: Fill) -> None:
    fill(turnout_public="daily")
    text = words(client.get(OVERVIEW).text)
    assert "Het streepje in elke balk is het gemiddelde: 17 van elke 100." in text
    assert "wat er door het afronden nog bij kan horen" in text


def test_of_a_channel_that_nothing_can_come_in_by_nothing_is_said(client: TestClient, fill: Fill, db: Database) -> None:
    process = fill(turnout_public="daily")
    plan = process.plans[0].id
    with writing(db):
        rows = [(plan, "paper")] * 25 + [(plan, "online")] * 60
        db.conn.executemany("INSERT INTO supports (plan_id, channel, given_on) VALUES (?, ?, '2026-05-01')", rows)
    make_figures(db, process, NOW + DAY)
    text = words(client.get(OVERVIEW).text)
    assert "Hoe het binnenkwam" in text
    assert "Op papier 20" in text
    assert "Aan de balie" not in text


def test_the_page_comes_from_memory(client: TestClient, fill: Fill) -> None:
    fill(turnout_public="daily")
    first = client.get(OVERVIEW)
    again = client.get(OVERVIEW, headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304


def test_a_process_that_does_not_vote_has_a_page_too(client: TestClient, db: Database, process: Process) -> None:
    with writing(db):
        db.execute("DELETE FROM phases WHERE process_id = ?", [process.id])
    assert "Er zijn nog geen cijfers over wie er meedoen." in words(client.get(OVERVIEW).text)


# The watch of the staff


@pytest.mark.parametrize("role", ["beheerder", "toetser", "moderator", "stemhulp"])
def test_every_role_sees_the_watch(client: TestClient, fill: Fill, db: Database, secret: bytes, role: str) -> None:
    process = fill()
    sign_in(client, db, secret, process, role)
    text = words(client.get(WATCH).text)
    assert "Uit Haven stemmen duidelijk minder mensen dan gemiddeld. Minder dan 10 van de 400." in text
    assert "Dat is zo sinds 12 mei 2026." in text


def test_nina_of_another_process_is_refused(
    client: TestClient, fill: Fill, elsewhere: Process, db: Database, secret: bytes
) -> None:
    fill()
    sign_in_as(client, db, secret, elsewhere, NINA)
    assert client.get(WATCH).status_code == client.get(f"{WATCH}/cijfers.csv").status_code == 403


def test_the_map_says_which_area_is_which_and_who_lags(
    client: TestClient, db: Database, secret: bytes, process: Process
) -> None:
    for area_id, number in zip(insert_buurten(db, process).values(), (43, 207, 165, 184), strict=True):
        insert_codes(db, process, area_id, 400)
        vote_many(db, process, area_id, number)
    make_figures(db, process, NOW)
    sign_in(client, db, secret, process, "stemhulp")
    page = Page(client.get(WATCH).text)
    (area,) = [path for path in page.all("path") if "d" in path]
    assert area["class"].split()[-1] == "lags"
    assert len(page.all("text")) == 1
    assert "3. Oost" in page.words
    assert "4. West minstens 200" in page.words
    assert "Uit Oost stemmen duidelijk minder mensen" in page.words
    assert "blijft achter" in page.words


def test_before_there_are_figures_the_watch_says_so(
    client: TestClient, process: Process, db: Database, secret: bytes
) -> None:
    sign_in(client, db, secret, process, "stemhulp")
    assert "Er zijn 6 stemcodes. Cijfers over wie stemmen, komen hier" in words(client.get(WATCH).text)


def test_the_figures_can_be_downloaded_as_they_were_shown(
    client: TestClient, fill: Fill, db: Database, secret: bytes
) -> None:
    process = fill()
    sign_in(client, db, secret, process, "beheerder")
    lines = client.get(f"{WATCH}/cijfers.csv").content.decode("utf-8-sig").splitlines()
    assert lines[0] == "dag;waarvan;indeling;groep;naam;minstens;stemcodes"
    (midden,) = [line for line in lines if ";Midden;" in line]
    assert midden.startswith("2026-05-12;stemmen;buurt;")
    assert midden.endswith(";80;400")
    assert not [line for line in lines if ";Haven;" in line]
    book = client.get(f"{WATCH}/cijfers.xlsx").content
    sheet = openpyxl.load_workbook(io.BytesIO(book)).active
    assert sheet is not None
    assert sheet.max_row == len(lines)
    assert client.get(f"{WATCH}/cijfers.exe").status_code == 404


LIVE = {"ballots", "receipts", "ballot_channels", "voter_answers", "supports", "reactions"}


@pytest.mark.parametrize("path", [OVERVIEW, WATCH, f"{WATCH}/cijfers.csv", "/bezuidenhout", "/beheer/bezuidenhout"])
def test_no_page_reads_what_the_figures_were_counted_from(
    client: TestClient,
    fill: Fill,
    db: Database,
    secret: bytes,
    path: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """SQLite is asked which columns every statement reads. (The first page of staff tells what waits, of reactions.)"""
    process = fill(turnout_public="daily")
    sign_in(client, db, secret, process, "beheerder")
    read: set[tuple[str, str]] = set()

    def watching(action: int, table: str | None, column: str | None, *_: object) -> int:
        if action == sqlite3.SQLITE_READ:
            read.add((table or "", column or ""))
        return sqlite3.SQLITE_OK

    site: Site = client.app.state.site
    site.reader.conn.set_authorizer(watching)
    original = Site.read

    def reading(self: Site, verb: Callable[..., object], process: Process) -> object:
        def watched(db: Database, process: Process) -> object:
            db.conn.set_authorizer(watching)
            return verb(db, process)

        watched.__qualname__ = verb.__qualname__
        return original(self, watched, process)

    monkeypatch.setattr(Site, "read", reading)
    assert client.get(path).status_code == 200
    assert read
    tables = {table for table, _ in read}
    assert ("roll", "used_on") not in read
    if path.startswith((OVERVIEW, WATCH)):
        assert not tables & LIVE
        assert ("turnout_figures", "number") in read


def test_who_subtracts_all_that_was_ever_downloaded_finds_no_few(
    client: TestClient, db: Database, secret: bytes, process: Process
) -> None:
    """Three days over HTTP, for who also knows the exact totals and the codes. Haven has few on each of them."""
    names = ("Haven", *(f"Buurt {n:02}" for n in range(12)))
    ids = insert_buurten(db, process, names)
    for area_id in ids.values():
        insert_codes(db, process, area_id, 200)
    sign_in(client, db, secret, process, "beheerder")
    counts = dict.fromkeys(names, 0)
    for day in range(3):
        more = {name: 13 + 3 * n + 5 * day if n else 3 for n, name in enumerate(names)}
        for name, number in more.items():
            vote_many(db, process, ids[name], number)
            counts[name] += number
        made = make_figures(db, process, NOW + day * DAY)
        sheet = sheets.read(client.get(f"{WATCH}/cijfers.csv").content)
        figures = {
            names.index(row["naam"]): int(row["minstens"])
            for row in sheet
            if row["dag"] == made.day and row["waarvan"] == "stemmen" and row["indeling"] == "buurt" and row["naam"]
        }
        assert figures
        assert 0 not in figures
        without_area = len(names)  # the codes of the cast, of which nobody voted
        issued = dict.fromkeys(range(len(names)), 200) | {without_area: 6}
        low, high = bounds(0, sum(counts.values()), len(names) + 1, figures, None, issued)
        assert (low, high >= 9) == (0, True)


@pytest.mark.parametrize(("voted", "more"), [(1, 8), (100, 9)])
def test_nothing_that_staff_see_changes_when_somebody_votes(
    client: TestClient, fill: Fill, db: Database, secret: bytes, voted: int, more: int
) -> None:
    """Every page, download and preview of a process, before and after; the figures stay those of the day."""
    process = fill()
    insert_codes(db, process, None, 200)
    sign_in(client, db, secret, process, "beheerder")
    hand_in_many(db, process, voted)
    make_figures(db, process, NOW + DAY)
    before = all_that_staff_see(client, process)
    hand_in_many(db, process, more)
    after = all_that_staff_see(client, process)
    assert len(before) > 30
    assert [what for what in before if before[what] != after[what]] == []


def hand_in_many(db: Database, process: Process, number: int) -> None:
    """Ballots with all that they leave behind."""
    vote_many(db, process, None, number)
    answer_many(db, process, "age", {"25-45": number})
    with writing(db):
        for _ in range(number):
            db.execute("INSERT INTO ballots (process_id, key, vote) VALUES (?, randomblob(16), '')", [process.id])
            db.execute("INSERT INTO receipts (process_id, hash) VALUES (?, randomblob(32))", [process.id])


def all_that_staff_see(client: TestClient, process: Process) -> dict[str, str]:
    routes = [(path, kinds) for method, path, _, kinds in staff_routes(client.app) if method == "GET"]
    pages = [address(path, kinds, process) for path, kinds in routes if "slug" in kinds]
    files = [f"/beheer/{process.slug}/export/{name}.csv" for name in ("plannen", "steun", "reacties")]
    choices = [f"/beheer/{process.slug}/correcties/nieuw?keuze={name}" for name in ("budget", "voting_method")]
    seen = {path: client.get(path).text for path in [*pages, *files, *choices, f"{WATCH}/cijfers.csv"]}
    phases_page = f"/beheer/{process.slug}/fasen"
    form = next(form for form in Page(seen[phases_page]).forms if "vote-closes_date" in form.fields)
    fields = {name: values[-1] for name, values in form.fields.items()}
    for name, changes in {
        "closes later": {**fields, "vote-closes_date": "2026-06-10"},
        "opens later": {**fields, "vote-opens_date": "2026-05-20"},
        "closes now": {"nu": "vote-closes"},
        "goes": {key: value for key, value in fields.items() if key != "vote-present"},
    }.items():
        seen[name] = client.post(phases_page, data=changes).text
    return seen


def test_the_job_makes_figures_once(client: TestClient, fill: Fill, site: Site, db: Database) -> None:
    process = fill()
    with writing(db):
        db.execute("DELETE FROM turnout_figures")
        db.execute("DELETE FROM turnout_days")
    client.blocking_portal.call(jobs.make_figures, site)
    made = turnout.history(db, process.id)
    assert made["total"] == {"2026-05-12": {"": 280}}
    vote_many(db, process, None, 6)
    client.blocking_portal.call(jobs.make_figures, site)
    assert turnout.history(db, process.id) == made


def test_bram_is_asked_as_well(client: TestClient, process: Process) -> None:
    """Each page has a token of its own."""
    first = asked(hand_in(client))["kaart"]
    page = Page(client.post("/bezuidenhout/stemmen/inzending", data=BRAM.form("bank")).text)
    assert asked(page)["kaart"] != first
