"""What an attacker tries on every page and every form: requests from another site, scripts in every field, numbers of
somebody else's things, addresses that lead elsewhere. Residents and staff alike; the routes are those of the app."""

import io
import json
import re
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from html import escape
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import openpyxl
import pytest
from httpx import Response
from litestar import Litestar
from litestar.testing import TestClient

from config.settings import Settings, load, secret_path
from domain import links, outbox
from domain.database import Database, connect, writing
from domain.migrations import migrate
from domain.secret import open_secret
from routes import jobs
from routes.mail import letter, message
from routes.site import Site
from tests import staff
from tests import writing as writers
from tests.attacks import (
    HIDDEN,
    PAYLOADS,
    PUBLIC,
    SUBMITTED,
    Route,
    Town,
    Typing,
    become_everyone,
    contents,
    everybody,
    forget,
    forms_on,
    harm_in,
    insert_town,
    lists_of,
    pages,
    routes_of,
    submit,
    title_of,
    unlimited,
    unseen_in,
)
from tests.cast import AICHA, BRAM, DEWI, NOW, WILLEM
from tests.pages import Page

# What ends something is tried last, in this order.
LAST = ("toets", "loggen", "afmeld", "sessies", "intrekking", "intrekken", "splits", "samenvoegen", "moderatie")
LAST += ("wachtwoord", "keuzes", "fasen", "medewerkers", "verwijdering", "openen", "verwijderen")


@pytest.fixture(autouse=True)
def nothing_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """What changes is of a request, not of a job such as sending mail."""
    monkeypatch.setattr(jobs, "JOBS", ())


@dataclass(frozen=True)
class Original:
    """Two towns that are made once; every test has a copy of its own to attack. `forms`: what stands in them."""

    settings: Settings
    loosduinen: Town
    town: Town
    forms: list[Typing] = field(default_factory=list)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Original:
    settings = load({"db": str(tmp_path_factory.mktemp("towns") / "towns.db")}, environment={})
    db = connect(settings.db)
    try:
        migrate(db)
        secret = open_secret(db, secret_path(settings))
        elsewhere = insert_town(db, secret, "loosduinen", WILLEM, DEWI, "Nina")
        return Original(settings, elsewhere, insert_town(db, secret, "bezuidenhout", AICHA, BRAM, "Bea"))
    finally:
        db.close()


@pytest.fixture
def db(settings: Settings, original: Original) -> Iterator[Database]:
    shutil.copy(original.settings.db, settings.db)
    shutil.copy(secret_path(original.settings), secret_path(settings))
    db = connect(settings.db)
    yield db
    db.close()


@pytest.fixture
def loosduinen(original: Original) -> Town:
    """Willem's, with things of every kind of its own."""
    return original.loosduinen


@pytest.fixture
def town(original: Original) -> Town:
    return original.town


@pytest.fixture
def attacker(client: TestClient, site: Site) -> TestClient:
    unlimited(site)
    return client


# From another site

FOREIGN: tuple[dict[str, str], ...] = (
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"origin": "https://elders.example"},
    {"origin": "null"},
    {"origin": "http://testserver.local.elders.example"},
    {"origin": "http://elders.example", "sec-fetch-site": "cross-site", "content-type": "text/plain"},
)


def test_whatever_another_site_sends_is_refused_and_changes_nothing(
    app: Litestar, attacker: TestClient, db: Database, secret: bytes, town: Town
) -> None:
    become_everyone(attacker, db, secret, town)
    before, routes = contents(db), routes_of(app, "POST", "PUT", "PATCH", "DELETE")
    assert len(routes) > 60
    for route in routes:
        for headers in FOREIGN:
            answer = attacker.request(route.method, route.address(town), headers=headers)
            assert answer.status_code == 403, (route, headers)
            assert "set-cookie" not in answer.headers, (route, headers)
    assert contents(db) == before


def test_only_opening_a_page_changes_nothing(
    app: Litestar, attacker: TestClient, db: Database, secret: bytes, town: Town
) -> None:
    """Links in mail too: programs that check mail for viruses open all of them, and a picture can be any address."""
    for who in everybody(attacker, db, secret, town):
        before = contents(db)
        for path in pages(app, town):
            answer = attacker.get(path, headers={"sec-fetch-site": "cross-site"})
            assert answer.status_code < 500, (who, path)
            assert contents(db) == before, (who, path)


def test_a_mail_program_unsubscribes_without_saying_where_it_comes_from(
    attacker: TestClient, db: Database, town: Town
) -> None:
    """RFC 8058: no cookies, no Origin; it holds the token."""
    before = db.execute("SELECT count(*) FROM follows").fetchone()[0]
    address = f"/afmelden/{town.tokens['/afmelden/{token}']}"
    assert attacker.post(address, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert db.execute("SELECT count(*) FROM follows").fetchone()[0] == before - 1


# Scripts, in every field


def test_a_page_that_forgets_to_escape_is_seen() -> None:
    for name in ("script", "template"):
        assert harm_in(f"<h1>{PAYLOADS[name]}</h1>")
    assert harm_in(f"<input value='{PAYLOADS['attribute']}'>")
    assert harm_in(f'<input value="{PAYLOADS["attribute"]}">')
    assert harm_in('<a href=" java\nscript:alert(1)">x</a>')
    assert harm_in("<p>1337</p>")
    assert harm_in("<script src=//elders.example></script>")
    assert unseen_in(PAYLOADS["unseen"])
    assert not harm_in(f"<p>{escape(PAYLOADS['script'])}</p>")


@pytest.fixture
def forms(
    original: Original, app: Litestar, attacker: TestClient, db: Database, secret: bytes, town: Town
) -> list[Typing]:
    """Every form there is; looked for once, as looking changes nothing."""
    original.forms.extend(() if original.forms else every_form(app, attacker, db, secret, town))
    return original.forms


def every_form(app: Litestar, client: TestClient, db: Database, secret: bytes, town: Town) -> list[Typing]:
    """One of each, with those that end something last."""
    found: dict[Any, Typing] = {}
    for who in everybody(client, db, secret, town):
        if who != "passer-by":
            become_everyone(client, db, secret, town)
        for path in pages(app, town):
            for form in forms_on(path, client.get(path).text):
                found.setdefault(form.key, form)
    return sorted(found.values(), key=rank)


def rank(form: Typing) -> int:
    return next((place for place, word in enumerate(LAST, 1) if word in form.action), 0)


def type_everywhere(
    forms: list[Typing],
    client: TestClient,
    db: Database,
    secret: bytes,
    town: Town,
    payload: str,
    *,
    everything: bool,
) -> Iterator[tuple[Typing, Response]]:
    """The payload in every field of every form, and in those of the page that answers, such as one that asks again."""
    for known in forms:
        for button in known.buttons:
            become_everyone(client, db, secret, town)
            form = again_on_its_page(client, known)
            answer = submit(client, form, form.fields(payload, button, everything=everything))
            yield form, answer
            if answer.status_code < 300:
                for again in forms_on(form.page, answer.text):
                    if again.key != form.key and again.method == "post" and not again.action.endswith("/uitloggen"):
                        yield (
                            again,
                            submit(client, again, again.fields(payload, again.buttons[0], everything=everything)),
                        )


def again_on_its_page(client: TestClient, form: Typing) -> Typing:
    """The same form with the hidden fields of now, such as which version is changed; the old one where it is gone."""
    alike = [each for each in forms_on(form.page, client.get(form.page).text) if each.key == form.key]
    return next((each for each in alike if each.action == form.action), alike[0] if alike else form)


@pytest.mark.parametrize("name", PAYLOADS)
def test_what_is_typed_into_any_field_is_text_on_every_page(
    app: Litestar,
    attacker: TestClient,
    site: Site,
    db: Database,
    secret: bytes,
    town: Town,
    forms: list[Typing],
    name: str,
) -> None:
    payload, kept, number = PAYLOADS[name], set(), 0
    verdicts_first = sorted(forms, key=lambda form: not form.action.endswith("/toets"))  # none of a hidden plan
    for form, answer in type_everywhere(verdicts_first, attacker, db, secret, town, payload, everything=False):
        assert not found_in(answer, payload), (form, answer.status_code)
        assert answer.status_code < 500, form
        number += 1
        if name == "script":
            kept |= kept_in(db, payload[:12], EXPECTED - kept)
    assert number > 60
    assert look_everywhere(app, attacker, site, db, secret, town, payload) > 200
    assert kept == (EXPECTED if name == "script" else set())  # what a form can't keep was not tried


EXPECTED = {
    *("plans.title", "plans.summary", "plans.description", "plans.for_whom", "plans.own_work", "plans.location"),
    *("plans.items", "plans.verdict_reason", "plans.status_reason", "plan_versions.reason"),
    *("reactions.name", "reactions.text", "reports.reason", "questions.text", "questions.answer", "notes.text"),
    *("second_opinions.question", "makers.name", "makers.contact", "submissions.fields", "accounts.name"),
    *("processes.name", "processes.summary", "processes.description", "phases.text", "themes.name"),
    *("checklist_items.text", "outbox.content", "news.text", "areas.name"),
}


def kept_in(db: Database, piece: str, columns: Iterable[str]) -> set[str]:
    """Which of these hold what was typed."""
    pairs = [name.partition(".") for name in columns]
    found = ((t, c, db.execute(f"SELECT 1 FROM {t} WHERE instr({c}, ?)", [piece]).fetchone()) for t, _, c in pairs)
    return {f"{table}.{column}" for table, column, there in found if there}


@pytest.mark.parametrize("name", ["script", "attribute", "link", "template"])
def test_whatever_text_is_kept_anywhere_is_text_on_every_page(
    app: Litestar, attacker: TestClient, site: Site, db: Database, secret: bytes, town: Town, name: str
) -> None:
    """Everywhere at once, however it came there: from a list, a .pb file, or an older version with another form."""
    for column in (*EXPECTED, "plan_versions.fields"):
        put_into(db, *column.split("."), PAYLOADS[name])
    assert look_everywhere(app, attacker, site, db, secret, town, PAYLOADS[name]) > 200


def put_into(db: Database, table: str, column: str, payload: str) -> None:
    """Into every row; of JSON into every text in it but paths. Where a text is there once, with a number behind it."""
    for rowid, (key, value) in enumerate(
        db.execute(f"SELECT {KEYS.get(table, 'rowid')}, {column} FROM {table}").fetchall()
    ):
        kept = json.dumps(laced(json.loads(value), payload)) if column in ("items", "fields", "content") else payload
        number = f" {rowid}" if column == "name" else ""
        where = f"{KEYS.get(table, 'rowid')} = ?" if table not in DOUBLE else f"{column} = ? || ''"
        with writing(db):
            db.execute(
                f"UPDATE {table} SET {column} = ? WHERE {where}", [kept + number, value if table in DOUBLE else key]
            )


KEYS = {"makers": "plan_id", "plan_versions": "plan_id"}
DOUBLE = ("makers", "plan_versions")  # no rowid: by what stood there


def laced(value: Any, payload: str, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: laced(each, payload, key) for key, each in value.items()}
    if isinstance(value, list):
        return [laced(each, payload, name) for each in value]
    bound = name.endswith(("path", "slug", "photo", "at", "kind", "verdict", "action", "lat", "lon", "theme", "themes"))
    return value if bound or not isinstance(value, str) else payload


OWN_DRAFT = "/bezuidenhout/plannen/nieuw"


def look_everywhere(
    app: Litestar, client: TestClient, site: Site, db: Database, secret: bytes, town: Town, payload: str
) -> int:
    """How many pages and mails there were, without harm in any of them."""
    number = 0
    for who in everybody(client, db, secret, town):
        for path in pages(app, town):
            answer = client.get(path)
            assert answer.status_code < 500, (who, path)
            unseen = [] if path.startswith(OWN_DRAFT) else unseen_in(answer.text)
            assert not found_in(answer, payload) + unseen, (who, path)
            number += 1
    return number + mails_looked_at(site, db, payload)


def mails_looked_at(site: Site, db: Database, payload: str) -> int:
    number = 0
    for number, row in enumerate(list(db.query("SELECT * FROM outbox WHERE content != '{}'")), 1):  # noqa: B007
        mail = outbox.mail_from({name: value for name, value in row.items() if name != "once"})
        made = letter(site.settings, mail)
        assert not harm_in(made.html, payload, mail=True), made
        assert not unseen_in(made.html + made.text + made.subject), made
        assert "\n" not in made.subject, made
        head = (
            message(replace(site.settings, mail_from="wijk@bestuur.example"), mail)
            .as_bytes()
            .partition(b"\n\n")[0]
            .decode()
            .lower()
        )
        assert "\nbcc:" not in head, head
    return number


def found_in(answer: Response, payload: str) -> list[str]:
    """The harm in an answer; of a file that a browser doesn't read as a page, only that it says so."""
    kind = answer.headers.get("content-type", "").partition(";")[0]
    location = answer.headers.get("location", "/")
    if not location.startswith("/") or location.startswith("//"):
        return [location]
    if kind == "application/atom+xml":
        return harm_in_feed(answer.content)
    if kind == "application/json":
        return [] if isinstance(answer.json(), dict | list) else ["no JSON"]
    if kind in ("text/csv", "text/plain", "text/calendar", "application/zip", "application/toml") or not answer.content:
        return [] if answer.headers.get("x-content-type-options") == "nosniff" else ["sniffed"]
    harm = harm_in(answer.text, payload)
    if answer.headers.get("content-disposition", "").startswith("attachment") and OWN_STYLE in harm:
        harm.remove(OWN_STYLE)  # a file to print brings its one style along
    return harm


OWN_STYLE = "<style {}>"
ATOM = "{http://www.w3.org/2005/Atom}"


def harm_in_feed(body: bytes) -> list[str]:
    """A feed holds nothing but elements of Atom, and its texts are text."""
    tags = list(ET.fromstring(body).iter())  # noqa: S314 – made by us
    strange = [tag.tag for tag in tags if not tag.tag.startswith(ATOM) or tag.get("type", "text") in ("html", "xhtml")]
    links = [tag.get("href", "") for tag in tags if tag.tag == f"{ATOM}link"]
    return strange + [link for link in links if not link.startswith("http://testserver.local/")]


@pytest.mark.parametrize("name", PAYLOADS)
def test_what_is_sent_instead_of_what_a_form_sends_is_text_on_the_answer(
    attacker: TestClient, db: Database, secret: bytes, town: Town, forms: list[Typing], name: str
) -> None:
    payload = PAYLOADS[name]
    for form, answer in type_everywhere(forms, attacker, db, secret, town, payload, everything=True):
        assert not found_in(answer, payload), (form, answer.status_code)
        assert answer.status_code < 500, form


@pytest.mark.parametrize("name", PAYLOADS)
def test_what_stands_in_an_address_is_text_on_the_answer(
    app: Litestar, attacker: TestClient, db: Database, secret: bytes, town: Town, name: str
) -> None:
    payload = PAYLOADS[name]
    asked = dict.fromkeys(PARAMETERS, payload[:200])
    become_everyone(attacker, db, secret, town)
    for path in [route.address(town) for route in routes_of(app, "GET")] + lists_of(town):
        for answer in (
            attacker.get(path, params=asked),
            attacker.get(path, params=asked, headers={"hx-request": "true"}),
        ):
            assert answer.status_code < 500, path
            assert not found_in(answer, payload), path
    for route in routes_of(app, "GET"):
        for varies in set(route.names) - {"slug"}:
            answer = attacker.get(route.address(town, **{varies: in_path(payload)}))
            assert answer.status_code < 500, (route, varies)
            assert not found_in(answer, payload), (route, varies)


def in_path(payload: str) -> str:
    return quote(payload, safe="")[:3000]


PARAMETERS = (
    *("zoek", "volgorde", "pagina", "thema", "terug", "toon", "status", "gedaan", "nieuw", "gewijzigd", "rij", "mail"),
    *("lat", "lon", "mail", "gestuurd", "bewaard", "traject", "voor", "actie", "reacties", "voor_pagina", "in", "naar"),
    *("plan", "mislukt", "op", "wacht", "oordeel", "toets", "na", "reden", "staat", "weg"),
)


@pytest.mark.parametrize("name", ["script", "attribute", "link", "template", "unseen"])
def test_what_stands_in_a_list_or_a_boundary_is_text(
    app: Litestar, attacker: TestClient, site: Site, db: Database, secret: bytes, town: Town, name: str
) -> None:
    payload = PAYLOADS[name]
    become_everyone(attacker, db, secret, town)
    here = f"/beheer/{town.process.slug}"
    for file in (sheet(payload), payload.encode(), csv_of(payload), payload.encode("utf-16")):
        files = {"lijst": (f"{payload}.xlsx", file)}
        answer = attacker.post(f"{here}/import", files=files)
        assert answer.status_code in (200, 422)
        assert not found_in(answer, payload)
    for file in (boundary(payload), payload.encode(), f'"{payload}"'.encode()):
        answer = attacker.post(f"{here}/gebied", files={"grens": (f"{payload}.geojson", file)})
        assert answer.status_code in (200, 422)
        assert not found_in(answer, payload)
    photo = {"photo": (f"{payload}.svg", f'<svg xmlns="http://www.w3.org/2000/svg">{payload}</svg>'.encode())}
    answer = attacker.post(f"/{town.process.slug}/plannen/nieuw", files=photo, data={"photo_alt": payload})
    assert answer.status_code == 422
    assert not found_in(answer, payload)


def test_what_is_read_in_from_a_list_is_text_on_every_page(
    app: Litestar, attacker: TestClient, site: Site, db: Database, secret: bytes, town: Town
) -> None:
    payload = PAYLOADS["script"]
    become_everyone(attacker, db, secret, town)
    here = f"/beheer/{town.process.slug}/import"
    answer = attacker.post(here, files={"lijst": ("plannen.csv", csv_of(payload))})
    kept = next(form for form in forms_on(here, answer.text) if form.action == f"{here}/plannen")
    assert submit(attacker, kept, kept.fields(payload)).status_code == 303
    columns = {"plans.title", "plans.summary", "plans.description"}
    assert kept_in(db, payload, columns) == columns
    look_everywhere(app, attacker, site, db, secret, town, payload)


COLUMNS = ("titel", "samenvatting", "beschrijving", "voor wie", "eigen werk", "waar", "wanneer", "foto in woorden")


def csv_of(payload: str) -> bytes:
    quoted = '"' + payload.replace('"', '""') + '"'
    return f"{','.join(COLUMNS)},bedrag\r\n{','.join([quoted] * len(COLUMNS))},100\r\n".encode()


def sheet(payload: str) -> bytes:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    typed = "".join(c for c in payload if c.isprintable() or c in "\r\n")
    page.append([*COLUMNS, typed])
    page.append([typed] * (len(COLUMNS) + 1))
    book.save(file := io.BytesIO())
    return file.getvalue()


def boundary(payload: str) -> bytes:
    ring = [[4.30, 52.06], [4.36, 52.06], [4.36, 52.10], [4.30, 52.06]]
    shape = {"type": "Polygon", "coordinates": [ring], payload: payload}
    feature = {"type": "Feature", "id": payload, "properties": {payload: payload, "name": payload}, "geometry": shape}
    return json.dumps({"type": "FeatureCollection", "name": payload, "features": [feature]}).encode()


# Numbers of somebody else's things


def foreign_addresses(app: Litestar, town: Town, elsewhere: Town) -> Iterator[tuple[Route, str]]:
    """Every address under this process with the number of something of the other's in it: all of them, and each
    alone."""
    for route in routes_of(app, "GET", "POST"):
        varies = [
            name for name in route.names if name not in ("slug", "token", "name", "file", "session_id", "step", "kind")
        ]
        if "slug" not in route.names or not (varies or "token" in route.names):
            continue
        theirs = {name: value_of(name, elsewhere) for name in varies}
        if "token" in route.names:
            theirs["token"] = elsewhere.tokens[route.path]
        yield route, route.address(town, **theirs)
        for name in theirs if len(theirs) > 1 else ():
            yield route, route.address(town, **{name: theirs[name]})


def value_of(name: str, town: Town) -> int:
    return town.plans[PUBLIC] if name == "plan_id" else town.ids[name.removesuffix("_id")]


def test_what_is_of_another_process_is_not_here(
    app: Litestar, attacker: TestClient, db: Database, secret: bytes, town: Town, loosduinen: Town
) -> None:
    """Asked by who made a plan there, and is beheerder here."""
    writers.sign_in(attacker, db, secret, WILLEM)
    staff.sign_in(attacker, db, secret, town.process, "beheerder", name="Bea")
    before = contents(db)
    addresses = list(foreign_addresses(app, town, loosduinen))
    assert len(addresses) > 40
    for route, address in addresses:
        answer = attacker.request(route.method, address)
        empty = answer.status_code == 422 and route.method == "POST"  # what nobody filled in is seen before the number
        assert answer.status_code in (403, 404) or empty, (route, address)
        assert "loosduinen" not in answer.text.lower(), (route, address)
    assert contents(db) == before


def test_numbers_of_another_process_in_a_form_change_nothing_there(
    attacker: TestClient, db: Database, secret: bytes, town: Town, loosduinen: Town, forms: list[Typing]
) -> None:
    theirs = sorted({*loosduinen.ids.values(), *loosduinen.plans.values()})
    before = rows_of(db, loosduinen)
    tried = 0
    for form in forms:
        if form.method == "get" or "/medewerkers" in form.action or "/post/" in form.action:
            continue
        own = form.fields("iets", form.buttons[0])
        for number in theirs:
            sent = {name: swapped(values, number) for name, values in own.items()}
            there = replace(form, action=re.sub(r"\d+(?=\D*$)", str(number), form.action))
            for each, fields in ((form, sent), (there, own)):
                if (each.action, fields) == (form.action, own):
                    continue  # there is no number in it
                become_everyone(attacker, db, secret, town)
                assert submit(attacker, each, fields).status_code < 500, (each, fields)
                tried += 1
    assert tried > 100
    assert rows_of(db, loosduinen) == before


def swapped(values: list[str], number: int) -> list[str]:
    """The same with that number in the place of every other, also behind a word (“hide 12”)."""
    return [
        " ".join(str(number) if part.isdigit() else part for part in value.split(" "))
        if any(map(str.isdigit, value))
        else value
        for value in values
    ]


OF_A_PROCESS = ("processes", "phases", "themes", "plans", "checklist_items", "submissions", "follows", "news")
OF_A_PLAN = ("reactions", "reports", "questions", "second_opinions", "notes", "makers", "supports", "verdicts")


def rows_of(db: Database, town: Town) -> dict[str, list[Any]]:
    """Everything of that process."""
    id_, found = town.process.id, {}
    for table in OF_A_PROCESS:
        column = "id" if table == "processes" else "process_id"
        found[table] = db.execute(f"SELECT * FROM {table} WHERE {column} = ?", [id_]).fetchall()
    for table in (*OF_A_PLAN, "plan_themes", "plan_versions", "assessments"):
        query = f"SELECT * FROM {table} WHERE plan_id IN (SELECT id FROM plans WHERE process_id = ?)"
        found[table] = db.execute(query, [id_]).fetchall()
    assert all(found[table] for table in ("plans", "reactions", "reports", "questions", "makers", "supports"))
    return found


MAKERS_ONLY = ("makers", "wijzigen", "intrekken", "vragen", "vragen/{question_id}", "ingediend")


def test_who_is_no_maker_sees_and_changes_nothing_of_the_makers(
    app: Litestar, attacker: TestClient, db: Database, secret: bytes, town: Town
) -> None:
    paths = {f"/{{slug}}/plannen/{{plan_id}}/{rest}" for rest in MAKERS_ONLY}
    routes = [route for route in routes_of(app, "GET", "POST") if route.path in paths]
    assert {route.path for route in routes} == paths
    for who in (BRAM, WILLEM, None):
        forget(attacker)
        if who:
            writers.sign_in(attacker, db, secret, who)
        before = contents(db)
        for route in routes:
            answer = attacker.request(route.method, route.address(town), data={"reason": "weg", "title": "anders"})
            asked_who = answer.status_code == 200 and who is None and "/aanmelden" in answer.text
            assert answer.status_code in (303, 403, 404) or asked_who, (who, route)
            assert "06 12345678" not in answer.text, route
        assert contents(db) == before


@pytest.mark.parametrize("kind", [SUBMITTED, HIDDEN])
def test_a_plan_that_is_not_public_is_not_there_for_others(
    app: Litestar, attacker: TestClient, db: Database, secret: bytes, town: Town, kind: str
) -> None:
    routes = [route for route in routes_of(app, "GET", "POST") if "plan_id" in route.names and not route.of_staff]
    for who in (BRAM, WILLEM, None):
        forget(attacker)
        if who:
            writers.sign_in(attacker, db, secret, who)
        before = contents(db)
        for route in routes:
            answer = attacker.request(route.method, route.address(town, plan_id=town.plans[kind]))
            asked_who = who is None and route.path.endswith("/vragen") and answer.status_code == 200
            says_why = kind == HIDDEN and route.path == "/{slug}/plannen/{plan_id}" and answer.status_code == 200
            assert answer.status_code == 404 or asked_who or says_why, (who, route)
            assert title_of(town.process.slug, kind) not in answer.text, (who, route)
        for path in pages(app, town):
            if not path.startswith("/beheer"):
                assert title_of(town.process.slug, kind) not in attacker.get(path).text, (who, path)
        assert contents(db) == before


def test_a_session_of_somebody_else_can_not_be_ended(
    attacker: TestClient, db: Database, secret: bytes, town: Town
) -> None:
    staff.sign_in(attacker, db, secret, town.process, "owner")
    (olgas,) = db.execute("SELECT max(id) FROM staff_sessions").fetchone()
    staff.sign_in(attacker, db, secret, town.process, "beheerder", name="Bea")
    attacker.post(f"/beheer/account/sessies/{olgas}")
    assert db.execute("SELECT count(*) FROM staff_sessions WHERE id = ?", [olgas]).fetchone() == (1,)
    attacker.post("/beheer/account/sessies")
    assert db.execute("SELECT count(*) FROM staff_sessions WHERE id = ?", [olgas]).fetchone() == (1,)


def test_mail_and_colleagues_of_another_process_are_out_of_reach(
    app: Litestar, attacker: TestClient, db: Database, secret: bytes, town: Town, loosduinen: Town
) -> None:
    staff.sign_in(attacker, db, secret, town.process, "beheerder", name="Bea")
    before = contents(db)
    ours = [route for route in routes_of(app, "GET", "POST") if {"account_id", "mail_id"} & set(route.names)]
    assert len(ours) > 5
    for route in ours:
        answer = attacker.request(route.method, route.address(loosduinen), data={"traject": "loosduinen"})
        assert answer.status_code in (403, 404), route
    assert contents(db) == before


# Sessions, other addresses, headers, who is known


def test_a_session_that_somebody_else_laid_ready_is_not_taken_over(
    attacker: TestClient, db: Database, secret: bytes, town: Town
) -> None:
    """Who signs in gets a new cookie, and what stood in the old one opens nothing."""
    for name, path in (("bewoner", "/"), ("steun", "/"), ("beheer", "/beheer")):
        forget(attacker)
        attacker.cookies.set(name, "laid-ready", domain="testserver.local", path=path)
        answer = attacker.post(f"/bevestig/{fresh_link(db)}")
        assert answer.status_code == 303
        token = answer.cookies["bewoner"]
        assert token != "laid-ready"  # noqa: S105
        forget(attacker)
        attacker.cookies.set(name, "laid-ready", domain="testserver.local", path=path)
        assert "/aanmelden" in attacker.get("/mijn").text
        assert attacker.get("/beheer").status_code == 303


def test_who_confirms_in_a_browser_of_somebody_else_takes_its_session_away(
    attacker: TestClient, db: Database, secret: bytes, town: Town
) -> None:
    writers.sign_in(attacker, db, secret, BRAM)
    before = {cookie.name: cookie.value for cookie in attacker.cookies.jar}["bewoner"]
    answer = attacker.post(f"/bevestig/{fresh_link(db)}")
    assert answer.cookies["bewoner"] != before
    forget(attacker)
    attacker.cookies.set("bewoner", before or "", domain="testserver.local")
    assert "/aanmelden" in attacker.get("/mijn").text


def fresh_link(db: Database) -> str:
    with writing(db):
        return links.make(db, "sign_in", AICHA.email, {"to": "/mijn"}, NOW)


ELSEWHERE = (
    "https://elders.example/",
    "//elders.example",
    "/\\elders.example",
    "\\\\elders.example",
    "/\t/elders.example",
    "javascript:alert(1)",
    "/mijn\r\nSet-Cookie: a=b",
    "http:elders.example",
    "///elders.example",
)


@pytest.mark.parametrize("there", ELSEWHERE)
def test_no_parameter_leads_to_another_site(
    app: Litestar, attacker: TestClient, db: Database, secret: bytes, town: Town, there: str
) -> None:
    asked = dict.fromkeys(PARAMETERS + NEXT, there)
    for who in everybody(attacker, db, secret, town):
        for route in routes_of(app, "GET"):
            answer = attacker.get(route.address(town), params=asked)
            assert stays(answer), (who, route, answer.headers["location"])
            assert "elders.example" not in hosts_in(answer), (who, route)


NEXT = ("next", "to", "url", "back", "redirect", "return")


@pytest.mark.parametrize("there", ELSEWHERE)
def test_no_field_leads_to_another_site(
    attacker: TestClient, db: Database, secret: bytes, town: Town, forms: list[Typing], there: str
) -> None:
    referer = {"referer": there} if there.isprintable() else {}
    for form in forms:
        become_everyone(attacker, db, secret, town)
        sent = form.fields("iets", form.buttons[0]) | {key: [there] for key in ("terug", *NEXT)}
        if form.method == "post":
            answer = attacker.post(form.action, data=sent, headers=referer)
            assert stays(answer), (form, answer.headers["location"])
            assert "a" not in answer.cookies, form


def stays(answer: Response) -> bool:
    there = answer.headers.get("location", "/")
    return there.startswith("/") and not there.startswith(("//", "/\\")) and "\t" not in there


def hosts_in(answer: Response) -> set[str]:
    """Where the links and forms of a page lead."""
    page = Page(answer.text) if "html" in answer.headers.get("content-type", "") else None
    found = (tag.attrs.get(name, "") for tag in page.tags for name in ("href", "action")) if page else ()
    return {urlsplit(urljoin("http://testserver.local/a/b", address)).netloc for address in found}


@pytest.mark.parametrize(
    "typed",
    [
        "iemand@example.org\r\nBcc: k@elders.example",
        "iemand@example.org\nBcc: k@elders.example",
        "iemand@example.org, k@elders.example",
        "iemand@example.org;k@elders.example",
        "<iemand@example.org> k@elders.example",
        "iemand@example.org%0aBcc:k@elders.example",
        "iemand@example.org\u2028Bcc: k@elders.example",
        '"k@elders.example" <iemand@example.org>',
    ],
)
def test_an_address_is_one_address_wherever_it_is_typed(
    attacker: TestClient, db: Database, secret: bytes, town: Town, forms: list[Typing], typed: str
) -> None:
    before = set(db.execute("SELECT recipient FROM outbox UNION SELECT email FROM accounts"))
    tried = 0
    for form in forms:
        names = [control.name for control in form.controls if control.kind == "email"]
        for button in form.buttons if names else ():
            become_everyone(attacker, db, secret, town)
            answer = submit(attacker, form, form.fields("iets", button) | {name: [typed] for name in names})
            assert answer.status_code < 500, form
            tried += 1
    assert tried > 4
    added = set(db.execute("SELECT recipient FROM outbox UNION SELECT email FROM accounts")) - before
    assert not [address for (address,) in added if "elders" in address]


def test_nobody_learns_whether_an_address_is_known(
    attacker: TestClient, db: Database, secret: bytes, town: Town
) -> None:
    """The answers differ in nothing but the address that was typed."""
    known, unknown = AICHA.email, "niemand@example.org"
    for page in ("/aanmelden", "/mijn", "/mijn/gegevens", "/bezuidenhout/volgen"):
        forget(attacker)
        assert said_to(attacker, page, known) == said_to(attacker, page, unknown), page
    with writing(db):
        db.execute("UPDATE accounts SET password = 'argon2' WHERE name = 'Bea'")
    answers = {said_to(attacker, "/beheer/wachtwoord", who) for who in (staff.address_of("Bea"), unknown)}
    assert len(answers) == 1


def said_to(client: TestClient, page: str, email: str) -> tuple[int, str, tuple[str, ...]]:
    """The answer to that address, without the address itself and what is sealed anew for everyone."""
    forms = [
        form for form in forms_on(page, client.get(page).text) if form.method == "post" and "taal" not in form.action
    ]
    form = next(
        each for each in forms if any(control.kind == "email" for control in each.controls) or "volgen" in each.action
    )
    answer = submit(client, form, form.fields("iets", form.buttons[0]) | {"email": [email]})
    if "volgen" in form.action:
        form = next(each for each in forms_on(page, answer.text) if each.action == "/aanmelden")
        answer = submit(client, form, form.fields("iets") | {"email": [email]})
    text = answer.text.replace(email, "…")
    for again in forms_on(page, answer.text):
        for control in again.controls:
            text = text.replace(control.value, "…") if control.name == "sealed" else text
    return answer.status_code, " ".join(text.split()), tuple(sorted(answer.cookies))
