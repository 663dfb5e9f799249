"""Who may open which page of the staff: every handler under /beheer, with every role and with none."""

from collections.abc import Iterator
from typing import Any

import pytest
from httpx import Response
from litestar import Litestar, get
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from litestar.testing import TestClient

from app import create_app
from config.settings import Settings
from domain import processes
from domain.database import Database, writing
from domain.processes import Process
from routes.staff import access
from routes.staff.access import DECLARED, DESIGNER, OWNER, SIGN_IN, open_page, refuse_undeclared, staff_page
from tests.cast import AFTER, NOW
from tests.conftest import Clock
from tests.pages import Page, words
from tests.staff import BEA, COLLEAGUES, DIRK, MO, NINA, OLGA, STEF, TESSA, StaffMember, sign_in, sign_in_as, sign_out

# Who may ask for what under /beheer, said once more than at the handlers. A method in front of a path: only that one.
WHO_MAY: dict[tuple[str, ...] | None, str] = {
    (): """
        / /account /account/reservecodes /account/sessies /account/sessies/{session_id} /account/tweede-stap
        /account/tweede-stap/einde /account/wachtwoord /uitloggen /voorbeeld.css /{slug} /{slug}/opkomst
        /{slug}/opkomst/acties/{outreach_id}/weg /{slug}/opkomst/{file}
    """,
    ("beheerder",): """
        /logboek /logboek.csv /medewerkers /medewerkers/uitnodiging /medewerkers/{account_id}
        /medewerkers/{account_id}/rollen /medewerkers/{account_id}/uitnodiging /post /post/pogingen
        /post/{mail_id}/poging /{slug}/checklist /{slug}/checklist/{item_id} /{slug}/codes
        /{slug}/codes/bestand /{slug}/correcties /{slug}/correcties/nieuw /{slug}/correcties/{correction_id}
        /{slug}/correcties/{correction_id}/besluit /{slug}/export /{slug}/export/{file} /{slug}/fasen
        /{slug}/fasen/wijziging /{slug}/foto /{slug}/gebied /{slug}/gebied/grens /{slug}/import
        /{slug}/import/plannen /{slug}/keuzes /{slug}/keuzes/{step} /{slug}/ontwerp.toml /{slug}/papieren
        /{slug}/papieren/brief /{slug}/papieren/dpia /{slug}/papieren/dpia.html /{slug}/papieren/planning
        /{slug}/papieren/planning.ics /{slug}/papieren/poster/{kind} /{slug}/plannen/{plan_id}/samenvoegen
        /{slug}/plannen/{plan_id}/splitsing /{slug}/proefstem /{slug}/repetitie /{slug}/repetitie/{name}
        /{slug}/simulatie /{slug}/uiterlijk /{slug}/uiterlijk/adres /{slug}/uiterlijk/blokken
        /{slug}/uiterlijk/logo
    """,
    ("designer",): """
        /nieuw /ontwerpen /ontwerpen/import /ontwerpen/{design_id} /ontwerpen/{design_id}/ontwerp.toml
        /ontwerpen/{design_id}/openen /ontwerpen/{design_id}/proefstem /ontwerpen/{design_id}/repetitie
        /ontwerpen/{design_id}/repetitie/{name} /ontwerpen/{design_id}/simulatie
        /ontwerpen/{design_id}/verwijderen /ontwerpen/{design_id}/{step}
    """,
    ("moderator",): """
        /{slug}/meldingen /{slug}/moderatie /{slug}/plannen/{plan_id}/gezien
        /{slug}/plannen/{plan_id}/intrekking /{slug}/plannen/{plan_id}/voorstel
        /{slug}/plannen/{plan_id}/voortgang /{slug}/plannen/{plan_id}/wijzigen /{slug}/reacties
        /{slug}/reacties/{reaction_id}/antwoord POST:/{slug}/plannen
    """,
    ("moderator", "stemhulp"): """
        /{slug}/papier /{slug}/papier/formulier /{slug}/papier/handtekeningen /{slug}/papier/lijsten
        /{slug}/papier/lijsten/{number}/terugname /{slug}/papier/plan
    """,
    ("moderator", "toetser"): """
        /{slug}/plannen/{plan_id} /{slug}/werk GET:/{slug}/plannen
    """,
    ("owner",): """
        /medewerkers/tweede-stap /medewerkers/{account_id}/ontwerpen /medewerkers/{account_id}/toegang
        /medewerkers/{account_id}/tweede-stap /wijken /wijken/inlezen /wijken/inlezen/gebieden
        /wijken/{area_id} /wijken/{area_id}/gebieden /wijken/{area_id}/naam /wijken/{area_id}/plaats
        /wijken/{area_id}/verwijdering
    """,
    ("stemhulp",): """
        /{slug}/balie
    """,
    ("toetser",): """
        /{slug}/plannen/{plan_id}/notities /{slug}/plannen/{plan_id}/toets
        /{slug}/plannen/{plan_id}/tweede-meningen /{slug}/plannen/{plan_id}/tweede-meningen/{opinion_id}
        /{slug}/plannen/{plan_id}/vragen /{slug}/toetsen
    """,
    None: """
        /inloggen /inloggen/code /start/{token} /uitnodiging/{token} /wachtwoord /wachtwoord/{token}
    """,
}


EVERYONE = (*COLLEAGUES, NINA, DIRK, None)


def staff_routes(app: Litestar) -> Iterator[tuple[str, str, HTTPRouteHandler, dict[str, type]]]:
    """Every method and path under /beheer that the app answers, with the types of what varies in the path."""
    for route in app.routes:
        if isinstance(route, HTTPRoute) and (route.path + "/").startswith("/beheer/"):
            kinds = {part.name: part.type for part in route.path_components if not isinstance(part, str)}
            for method, (handler, *_) in route.route_handler_map.items():
                if method in ("GET", "POST"):
                    yield method, route.path_format, handler, kinds


def address(path: str, kinds: dict[str, type], process: Process) -> str:
    """That path with what really is there: this process, and its first plan."""
    values = {name: process.plans[0].id if kind is int else "x" for name, kind in kinds.items()}
    return path.format(**values | ({"slug": process.slug} if "slug" in kinds else {}))


def may(who: StaffMember | None, roles: tuple[str, ...] | None, path: str) -> bool:
    """What the table at the handlers says: written here once more, plainly."""
    if roles is None:
        return True
    if who is None:
        return False
    if who is OLGA:
        return True
    if who is DIRK:
        return roles == (DESIGNER,) or (not roles and "{slug}" not in path)
    here = "{slug}" in path
    if who is NINA:  # beheerder, but elsewhere
        return not here and roles != (OWNER,)
    return roles != (OWNER,) and (not roles or who.role in roles or who is BEA)  # Bea may design too


def test_every_page_of_the_staff_refuses_whoever_lacks_the_role(
    app: Litestar, client: TestClient, db: Database, secret: bytes, process: Process, elsewhere: Process
) -> None:
    routes = list(staff_routes(app))
    assert len(routes) > 25
    for method, path, handler, kinds in routes:
        for who in EVERYONE:
            sign_out(client)
            if who:
                sign_in_as(client, db, secret, elsewhere if who is NINA else process, who)
            answer = client.request(method, address(path, kinds, process))
            outcome = judged(answer, handler.opt[DECLARED])
            expected = "let in" if may(who, handler.opt[DECLARED], path) else "refused" if who else "to sign in"
            assert outcome == expected, (method, path, handler.opt[DECLARED], who, answer.status_code)


def judged(answer: Response, roles: tuple[str, ...] | None) -> str:
    assert answer.status_code < 500
    there = answer.headers.get("location", "")
    if roles is None:  # open pages may send on to signing in: they are part of it
        return "let in" if answer.status_code not in (401, 403) else "refused"
    if answer.status_code == 303 and there.startswith(f"{SIGN_IN}?terug="):
        return "to sign in"
    return "refused" if answer.status_code in (401, 403) else "let in"


def test_what_the_handlers_declare_is_what_was_agreed(app: Litestar) -> None:
    """A role that changed at a handler changes nothing in the walk above, which believes it: so it stands here too."""
    agreed = {}
    for roles, paths in WHO_MAY.items():
        for path in paths.split():
            method, _, rest = path.rpartition(":") if path.startswith(("GET", "POST")) else ("", "", path)
            agreed |= {(one, f"/beheer{rest}".rstrip("/")): roles for one in ([method] if method else ["GET", "POST"])}
    for method, path, handler, _ in staff_routes(app):
        declared = handler.opt[DECLARED]
        assert (declared and tuple(sorted(declared))) == agreed[method, path], (method, path)
    assert {path for _, path in agreed} == {path for _, path, _, _ in staff_routes(app)}


def test_every_handler_under_beheer_says_for_whom_it_is(app: Litestar) -> None:
    for _, path, handler, _ in staff_routes(app):
        assert DECLARED in handler.opt, path
        assert access.admit in (handler.guards or ()), path


def test_a_handler_that_does_not_say_stops_the_start() -> None:
    @get("/beheer/vergeten", sync_to_thread=False)
    def forgotten() -> str:
        return "iedereen"

    with pytest.raises(ValueError, match="/beheer/vergeten"):
        refuse_undeclared([forgotten])


def test_a_role_that_does_not_exist_stops_the_start() -> None:
    with pytest.raises(ValueError, match="toesters"):
        staff_page("/beheer/{slug:str}/x", "toesters")


def test_a_page_of_the_staff_stands_under_beheer() -> None:
    for path in ("/{slug:str}/beheer", "/beheerders"):
        with pytest.raises(ValueError, match="not under /beheer"):
            open_page(path)


def test_pages_of_the_staff_are_never_stored_nor_found(
    client: TestClient, db: Database, secret: bytes, process: Process
) -> None:
    sign_in_as(client, db, secret, process, TESSA)
    for path in ("/beheer", "/beheer/account", SIGN_IN):
        answer = client.get(path)
        assert answer.headers["cache-control"] == "no-store"
        assert "content-encoding" not in answer.headers
    assert '<meta name="robots" content="noindex">' in client.get("/beheer").text


def test_who_lacks_the_role_reads_whom_to_ask(
    client: TestClient, db: Database, secret: bytes, process: Process
) -> None:
    for who in (TESSA, MO, STEF):
        sign_in_as(client, db, secret, process, who)
        answer = client.get("/beheer/medewerkers")
        assert answer.status_code == 403
        assert "Vraag het aan een beheerder van het traject." in words(answer.text)


def test_a_role_taken_away_is_gone_at_the_next_request(
    client: TestClient, db: Database, secret: bytes, process: Process
) -> None:
    bea = sign_in_as(client, db, secret, process, BEA)
    assert client.get("/beheer/medewerkers").status_code == 200
    with writing(db):
        db.execute("DELETE FROM roles WHERE account_id = ?", [bea])
    assert client.get("/beheer/medewerkers").status_code == 403
    assert client.get("/beheer").status_code == 200


def test_a_disabled_account_is_refused_at_once(
    client: TestClient, db: Database, secret: bytes, process: Process
) -> None:
    tessa = sign_in_as(client, db, secret, process, TESSA)
    assert client.get("/beheer").status_code == 200
    with writing(db):
        db.execute("UPDATE accounts SET disabled_at = '2026-05-12T10:00:00Z' WHERE id = ?", [tessa])
    assert client.get("/beheer").headers["location"] == f"{SIGN_IN}?terug=/beheer"


def test_a_form_from_another_site_is_refused(
    app: Litestar, client: TestClient, db: Database, secret: bytes, process: Process
) -> None:
    for method, path, _, kinds in staff_routes(app):
        if method == "POST":
            sign_in_as(client, db, secret, process, OLGA)
            answer = client.post(address(path, kinds, process), headers={"sec-fetch-site": "cross-site"})
            assert answer.status_code == 403, path
    assert db.execute("SELECT count(*) FROM audit_log").fetchone() == (0,)


def test_who_signs_in_first_comes_back_to_the_page_asked(client: TestClient, process: Process) -> None:
    answer = client.get("/beheer/logboek?traject=bezuidenhout")
    assert answer.headers["location"] == f"{SIGN_IN}?terug=/beheer/logboek%3Ftraject%3Dbezuidenhout"


def test_a_form_sent_too_late_leads_back_to_its_page(client: TestClient, process: Process) -> None:
    asked = {"referer": "http://testserver.local/beheer/medewerkers"}
    answer = client.post("/beheer/medewerkers/tweede-stap", headers=asked)
    assert answer.headers["location"] == f"{SIGN_IN}?terug=/beheer/medewerkers"


@pytest.mark.parametrize("htmx", [{}, {"hx-request": "true"}], ids=["plain", "htmx"])
def test_what_was_written_when_the_session_ended_can_be_copied(
    client: TestClient, db: Database, secret: bytes, process: Process, clock: Clock, htmx: dict[str, str]
) -> None:
    sign_in_as(client, db, secret, process, TESSA)
    clock.now = AFTER  # weeks later
    path = f"/beheer/bezuidenhout/plannen/{process.plans[0].id}/toets"
    asked = {"referer": f"http://testserver.local{path}", **htmx}
    typed = {"oordeel": "infeasible", "reden": "Het past niet <b>hier</b>.", "password": "paard batterij nietje"}
    answer = client.post(path, data=typed, headers=asked)
    assert answer.status_code == (200 if htmx else 401)
    assert answer.headers.get("hx-retarget", "") == ("#main" if htmx else "")
    assert "Er is niets bewaard." in words(answer.text)
    assert "Het past niet &lt;b&gt;hier&lt;/b&gt;." in answer.text
    assert "batterij" not in answer.text
    assert Page(answer.text).form(SIGN_IN).fields["terug"] == [path]
    assert db.execute("SELECT count(*) FROM verdicts").fetchone() == (0,)


def test_what_somebody_writes_who_never_signed_in_is_not_shown(client: TestClient, process: Process) -> None:
    answer = client.post("/beheer/medewerkers/tweede-stap", data={"reden": "Wat een vreemde schrijft"})
    assert (answer.status_code, "vreemde" in answer.text) == (303, False)


def test_a_stranger_with_a_made_up_cookie_has_no_large_form_read(client: TestClient) -> None:
    """Also not by a handler that takes files of forty megabytes from who is signed in."""
    headers = {"cookie": f"{access.COOKIE}=verzonnen", "content-type": "application/x-www-form-urlencoded"}
    small = client.post("/beheer/wijken/inlezen", content=b"x=een+zin", headers=headers)
    assert (small.status_code, "een zin" in small.text) == (401, True)
    large = client.post("/beheer/wijken/inlezen", content=b"x=" + b"ab+" * 50_000, headers=headers)
    assert (large.status_code, "ab ab" in large.text) == (303, False)


def test_a_block_asked_by_htmx_is_no_place_to_sign_in(client: TestClient, process: Process) -> None:
    answer = client.get("/beheer/account", headers={"hx-request": "true"})
    assert answer.status_code == 401
    assert answer.headers["hx-redirect"] == f"{SIGN_IN}?terug=/beheer"


def test_nor_to_set_up_a_second_factor(client: TestClient, db: Database, secret: bytes, process: Process) -> None:
    sign_in_as(client, db, secret, process, TESSA)
    with writing(db):
        db.execute("INSERT INTO site_options (name, value) VALUES ('totp_required', 'yes')")
    answer = client.get("/beheer/bezuidenhout/toetsen", headers={"hx-request": "true"})
    assert answer.headers["hx-redirect"] == access.SECOND_FACTOR


@pytest.mark.parametrize(
    "elsewhere_",
    [
        "https://kwaad.example/beheer",
        "//kwaad.example/beheer",
        "/\\kwaad.example",
        "/beheer/../hulp",
        "/hulp",
        "/beheerder",
        "beheer",
        SIGN_IN,
        "",
    ],
)
def test_signing_in_leads_to_no_other_place(elsewhere_: str) -> None:
    assert access.staff_path(elsewhere_) == "/beheer"


def test_signing_in_leads_to_any_page_of_the_staff() -> None:
    for path in ("/beheer", "/beheer/logboek?voor=12", "/beheer/bezuidenhout/plannen/3"):
        assert access.staff_path(path) == path


def test_a_session_ends_when_nobody_uses_it(
    client: TestClient, db: Database, secret: bytes, process: Process, clock: Clock
) -> None:
    sign_in_as(client, db, secret, process, TESSA)
    for hours in (7, 14, 21):
        clock.now = NOW.replace(day=12 + hours // 24, hour=(10 + hours) % 24)
        clock.now = clock.now if hours < 14 else clock.now.replace(day=13)
        assert client.get("/beheer").status_code == 200, hours
    clock.now = AFTER
    assert client.get("/beheer").status_code == 303


def test_nobody_can_be_called_staff_of_a_process_that_is_not_there(
    client: TestClient, db: Database, secret: bytes, process: Process
) -> None:
    sign_in(client, db, secret, process, "", name="Piet")
    assert client.get("/beheer/logboek").status_code == 403
    assert processes.load(db, "nergens") is None


def test_an_app_of_its_own_starts(settings: Settings) -> None:
    app: Any = create_app(settings)
    assert [path for _, path, *_ in staff_routes(app) if path == "/beheer"]


def test_every_link_that_somebody_is_shown_lets_them_in(
    client: TestClient, db: Database, secret: bytes, process: Process, elsewhere: Process
) -> None:
    for who in (*COLLEAGUES, NINA, DIRK):
        sign_in_as(client, db, secret, elsewhere if who is NINA else process, who)
        todo, seen = ["/beheer"], {"/beheer"}
        while todo:
            answer = client.get(path := todo.pop())
            assert answer.status_code in (200, 303), (who, path, answer.status_code)
            found = {a["href"].partition("#")[0] for a in Page(answer.text).all("a") if "href" in a}
            new = {href for href in found if href.startswith("/beheer")} - seen
            seen |= new
            todo += new
            assert len(seen) < 300, path
        assert len(seen) > 2


def test_who_may_design_is_said_of_no_process_that_is_there() -> None:
    with pytest.raises(ValueError, match="has a beheerder"):
        staff_page("/beheer/{slug:str}/x", DESIGNER)
